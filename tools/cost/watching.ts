/** Counts of metrics, alarms and dashboards; a test compares them with synthesized templates. */
import { METRIC_LIST, PIPELINE_STEPS } from '../../lambda/runtime/metrics';
import { VIEWS } from '../../lambda/domain/views';
import { type PipelineConfig } from '../../lib/config';

/** An alarm has at most this many metrics. */
const METRICS_OF_ALARM = 10;

/** Metrics of alarms in a stage without a canary: those that stand with a metric, and the others except the disk of each broker. */
const ALARM_METRICS = METRIC_LIST.filter(({ alarm }) => alarm).length + 33;

/** Alarms that need a canary, each with a metric. */
const CANARY_ALARMS = 4;

export const COMPOSITE_ALARMS = 2;

/** Time series that CloudWatch bills: a name with one value of each dimension. */
export function ownSeries({ canaryMinutes, metrics }: Pick<PipelineConfig, 'canaryMinutes' | 'metrics'>): number {
  const listed = METRIC_LIST.filter(({ alarmed }) => alarmed || metrics === 'all');
  return listed
    .flatMap(({ steps, perView }) =>
      steps.filter((step) => step !== 'canary' || canaryMinutes > 0).map(() => (perView ? VIEWS.length : 1)),
    )
    .reduce((sum, each) => sum + each, 0);
}

/** Metrics of all alarms but the composite ones: CloudWatch bills each metric of an alarm. */
export function alarmMetrics({ brokers, canaryMinutes }: Pick<PipelineConfig, 'brokers' | 'canaryMinutes'>): number {
  return ALARM_METRICS + Math.min(brokers, METRICS_OF_ALARM) + (canaryMinutes > 0 ? CANARY_ALARMS : 0);
}

/** The overview, and one per step where the configuration has them. */
export function dashboards(config: Pick<PipelineConfig, 'dashboards' | 'canaryMinutes'>): number {
  if (config.dashboards === 'overview') return 1;
  return 1 + PIPELINE_STEPS.length + (config.canaryMinutes > 0 ? 1 : 0);
}
