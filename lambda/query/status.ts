/** Which metrics the status page shows, and how: plain values in and out. */
import { type MetricPoints, type MetricQuery, type MetricRange } from './cloudwatch';
import { type MetricOf, METRICS, PIPELINE_STEPS } from '../runtime/metrics';
import { type MetricSeries, type StepStatus } from './api';

type Step = (typeof PIPELINE_STEPS)[number];

/** The metrics shown of each step (see `docs/metrics.md`): each is billed whenever it is read. */
const SHOWN: { readonly [S in Step]: readonly MetricOf<S>[] } = {
  ingest: ['received', 'written', 'rejected', 'failed', 'dropped', 'duration'],
  archive: ['received', 'written', 'quarantined', 'dropped'],
  aggregate: ['received', 'written', 'repeated', 'dropped', 'freshness', 'writeUnits'],
  seal: ['received', 'written', 'heartbeats'],
  compact: ['received', 'written', 'dropped'],
  publish: ['written', 'rollUps'],
  reconcile: ['received', 'written'],
  query: ['received', 'failed', 'duration'],
};

export const LAG = 'lag';
const PERIOD_SECONDS = 60;
const PERIODS = 30;

/** Whose metrics are shown. */
export interface MetricScope {
  /** Of this deployment. */
  readonly namespace: string;
  /** Names of the functions whose event sources report a lag, by step. */
  readonly lagFunctions: Readonly<Partial<Record<Step, string>>>;
}

interface Shown extends MetricQuery {
  readonly step: Step;
  /** The name on the page. */
  readonly metric: string;
  readonly unit: string;
}

/** The last half hour, including the current minute. */
export function statusRange(now: number): MetricRange {
  const period = PERIOD_SECONDS * 1000;
  const to = (Math.floor(now / period) + 1) * period;
  return { from: to - PERIODS * period, to, periodSeconds: PERIOD_SECONDS };
}

export function statusQueries({ namespace, lagFunctions }: MetricScope): Shown[] {
  return PIPELINE_STEPS.flatMap((step) => [
    ...SHOWN[step].map((metric): Shown => {
      const { unit, kind } = METRICS[metric];
      // Only counters add up.
      const statistic = kind === 'counter' ? 'Sum' : 'Maximum';
      const dimensions = { step };
      return {
        id: `${step}_${metric}`,
        step,
        metric,
        unit,
        statistic,
        namespace,
        name: metric,
        dimensions,
      };
    }),
    ...lagOf(step, lagFunctions[step]),
  ]);
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html */
function lagOf(step: Step, functionName: string | undefined): Shown[] {
  if (functionName === undefined) return [];
  return [
    {
      id: `${step}_${LAG}`,
      step,
      metric: LAG,
      unit: 'Count',
      statistic: 'Maximum',
      namespace: 'AWS/Lambda',
      name: 'OffsetLag',
      dimensions: { FunctionName: functionName },
    },
  ];
}

/** One value per period, oldest first; null where the metric was not reported. */
export function statusSteps(
  queries: readonly Shown[],
  points: ReadonlyMap<string, MetricPoints>,
  { from, to, periodSeconds }: MetricRange,
): StepStatus[] {
  const period = periodSeconds * 1000;
  const starts = Array.from({ length: (to - from) / period }, (_, i) => from + i * period);
  const steps = new Map<string, MetricSeries[]>();
  for (const { id, step, metric, unit, statistic } of queries) {
    const found = points.get(id);
    const series = { name: metric, unit, statistic, values: starts.map((at) => found?.get(at) ?? null) };
    steps.set(step, [...(steps.get(step) ?? []), series]);
  }
  return [...steps].map(([step, metrics]) => ({ step, metrics }));
}
