/** The metrics that functions reported, for Prometheus. Names and units are those of {@link METRICS}. */
import {
  type Metric,
  METRICS,
  type MetricName,
  prometheusName,
  prometheusScale,
} from '../../../lambda/runtime/metrics';
import { type Series } from './counters';
import { sample, servePage } from './exposition';
import { type GroupLag } from './lag';
import { type RunningServer } from './server';

const PROMETHEUS_TYPES = { counter: 'counter', gauge: 'gauge', duration: 'summary' } as const;

function family(metric: MetricName, series: readonly Series[]): string[] {
  const { kind, description }: Metric = METRICS[metric];
  const name = prometheusName(metric);
  const scale = prometheusScale(metric);
  return [
    `# HELP ${name} ${description}`,
    `# TYPE ${name} ${PROMETHEUS_TYPES[kind]}`,
    ...series.flatMap(({ dimensions, sum, count, last }) => {
      if (kind === 'counter') return [sample(name, dimensions, sum * scale)];
      if (kind === 'gauge') return [sample(name, dimensions, last * scale)];
      return [sample(`${name}_sum`, dimensions, sum * scale), sample(`${name}_count`, dimensions, count)];
    }),
  ];
}

type ReportedLag = Pick<GroupLag, 'groupId' | 'topic' | 'sum'>;

/**
 * The page as text: reported metrics, and the lag of consumer groups under MSK's name.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/prometheus-metrics.html
 */
export function metricsPage(series: readonly Series[], lags: readonly ReportedLag[]): string {
  const lagName = 'kafka_consumer_group_ConsumerLagMetrics_Value';
  const lines = [
    ...(Object.keys(METRICS) as MetricName[]).flatMap((metric) => {
      const found = series.filter(({ name }) => name === metric);
      return found.length > 0 ? family(metric, found) : [];
    }),
    `# TYPE ${lagName} gauge`,
    ...lags.map(({ groupId, topic, sum }) => sample(lagName, { name: 'SumOffsetLag', groupId, topic }, sum)),
  ];
  return `${lines.join('\n')}\n`;
}

export interface MetricsSource {
  series(): readonly Series[];
  /** @throws Error if Kafka does not respond */
  lags(): Promise<readonly ReportedLag[]>;
}

/** Serves the page at `/metrics`; without the lag while Kafka does not respond. */
export const serveMetrics = (source: MetricsSource): Promise<RunningServer> =>
  servePage('metrics', async () => metricsPage(source.series(), await source.lags().catch(() => [])));
