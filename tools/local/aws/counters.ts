/** Live counters: the metrics that functions report in CloudWatch's embedded metric format, summed as they arrive. */
import { nearestRank } from '../../kit/nearest-rank';
import { type MetricId } from '../../assembly/alarm-terms';
import { DataPoints } from './data-points';
import { MetricSeries } from './metric-series';

/** Bounds the memory of a long run; percentiles are of the newest values. */
const RETAINED_SAMPLES = 2000;

export interface Durations {
  readonly count: number;
  readonly last: number;
  readonly max: number;
  /** Percentiles of the newest values, ms. */
  readonly p50: number;
  readonly p99: number;
}

/** step → metric → sum of the reported values; the maximum for metrics in milliseconds. */
export type Counters = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** The values of one metric with one set of dimensions: `step`, `view`. */
export interface Series extends MetricId {
  /** CloudWatch's name of the unit; undefined if the report has none. */
  readonly unit?: string;
  readonly sum: number;
  readonly count: number;
  readonly last: number;
}

interface Emf {
  readonly _aws: {
    /** ms */
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions?: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit?: string }[];
    }[];
  };
  readonly [name: string]: unknown;
}

export class CounterStore {
  /** The same values over time, as CloudWatch stores them. */
  readonly byMinute = new MetricSeries();
  /** The same values one by one. */
  readonly points = new DataPoints();
  private readonly sums: Record<string, Record<string, number>> = {};
  private readonly samples = new Map<string, { count: number; max: number; values: number[] }>();
  private readonly bySeries = new Map<string, Series>();

  /**
   * Adds the values of a line of a function's output, if it is an EMF report.
   * @param source the step if the report has none
   * @returns whether the line was a report
   */
  take(line: string, source: string): boolean {
    const report = parse(line);
    if (!report) return false;
    const step = typeof report.step === 'string' ? report.step : source;
    const { Timestamp, CloudWatchMetrics } = report._aws;
    for (const { Namespace, Metrics, Dimensions = [] } of CloudWatchMetrics) {
      const names = new Set(['step', ...Dimensions.flat()]);
      const dimensions = Object.fromEntries(
        [...names].map((name) => [name, name === 'step' ? step : `${report[name]}`]),
      );
      for (const { Name, Unit } of Metrics) {
        for (const value of [report[Name]].flat()) {
          if (typeof value !== 'number') continue;
          this.add(step, Name, value, Unit === 'Milliseconds');
          const metric = { namespace: Namespace, name: Name, dimensions };
          this.addToSeries({ ...metric, unit: Unit }, value);
          this.points.add(metric, value, Timestamp);
          this.byMinute.add(Namespace, Name, dimensions, value, Timestamp);
        }
      }
    }
    return true;
  }

  private addToSeries(metric: MetricId & { readonly unit?: string }, value: number): void {
    const key = JSON.stringify(metric);
    const { sum = 0, count = 0 } = this.bySeries.get(key) ?? {};
    this.bySeries.set(key, { ...metric, sum: sum + value, count: count + 1, last: value });
  }

  /** All values so far by metric, dimensions and unit, in the order of the first reports. */
  series(): readonly Series[] {
    return [...this.bySeries.values()];
  }

  private add(step: string, metric: string, value: number, duration: boolean): void {
    const of = (this.sums[step] ??= {});
    if (!duration) {
      of[metric] = (of[metric] ?? 0) + value;
      return;
    }
    of[metric] = Math.max(of[metric] ?? 0, value);
    const key = `${step} ${metric}`;
    const sample = this.samples.get(key) ?? { count: 0, max: 0, values: [] };
    this.samples.set(key, sample);
    sample.values[sample.count % RETAINED_SAMPLES] = value;
    sample.count += 1;
    sample.max = Math.max(sample.max, value);
  }

  counters(): Counters {
    return structuredClone(this.sums);
  }

  /** Distribution of a metric in milliseconds; undefined if it was never reported. */
  durations(step: string, metric: string): Durations | undefined {
    const sample = this.samples.get(`${step} ${metric}`);
    if (!sample) return undefined;
    const sorted = [...sample.values].sort((a, b) => a - b);
    const percentile = (share: number) => nearestRank(sorted, share)!;
    const last = sample.values[(sample.count - 1) % RETAINED_SAMPLES];
    return { count: sample.count, last, max: sample.max, p50: percentile(0.5), p99: percentile(0.99) };
  }
}

function parse(line: string): Emf | undefined {
  if (!line.startsWith('{') || !line.includes('"_aws"')) return undefined;
  try {
    const value = JSON.parse(line) as Emf;
    return Array.isArray(value._aws?.CloudWatchMetrics) ? value : undefined;
  } catch {
    return undefined;
  }
}
