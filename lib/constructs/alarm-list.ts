import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, Stats, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import {
  type AlarmText,
  METRIC_LIST,
  METRICS,
  type MetricName,
  PIPELINE_STEPS,
  type Step,
  type ViewMetric,
} from '../../lambda/runtime/metrics';
import { type FunctionHttpApi } from './http-api';
import { consumerLag, FIVE_MINUTES, kafkaMetric, stepMetric, type Monitored } from './metrics';
import { type PipelineFunction } from './pipeline-function';
import { HOUR, MINUTE } from '../../lambda/domain/time';

export interface AlarmSpec extends AlarmText {
  /** Step on whose dashboard the alarm is shown. @default - only on the overview */
  readonly step?: Step;
  readonly metric: IMetric;
  /** @default - greater than the threshold */
  readonly comparison?: ComparisonOperator;
  readonly threshold: number;
  /** How a period without a report counts. @default - it does not breach */
  readonly missing?: TreatMissingData;
}

/** The threshold that MSK's documentation recommends. */
const DISK_PERCENT = 85;

/** Above what a client's single slips amount to. A share says nothing at a high rate: 1 % of 100 posts a second is 3,600 an hour. */
const QUARANTINED_PER_HOUR = 50;

/** The alarms that stand with their metric in the list of metrics. */
function metricAlarms({ config }: Monitored): AlarmSpec[] {
  return METRIC_LIST.flatMap(({ name, steps: [step], alarm }) => {
    if (!alarm) return [];
    const metric = stepMetric(config, step, name as Exclude<MetricName, ViewMetric>);
    return [{ ...alarm, step, metric, threshold: alarm.above, missing: alarm.missing && TreatMissingData.IGNORE }];
  });
}

/** The sum of metrics, of which some may have no report in a period. */
function sumOf(label: string, metrics: Readonly<Record<string, IMetric>>, term: (name: string) => string): IMetric {
  const expression = Object.keys(metrics).map(term).join(' + ');
  return new MathExpression({ expression, usingMetrics: metrics, label, period: FIVE_MINUTES });
}

/** Query results may be wrong: posts were lost, counted twice or quarantined in bulk, or are about to expire. */
function wrongResults(monitored: Monitored): AlarmSpec[] {
  const { config } = monitored;
  const dropped = Object.fromEntries(PIPELINE_STEPS.map((step) => [step, stepMetric(config, step, 'dropped')]));
  const of = { quarantined: 'quarantined', received: 'received' } as const;
  return [
    {
      id: 'dropped',
      severity: 'critical',
      results: 'wrong',
      text: 'A step cannot account for records that it received, or counted some twice: the number must be 0',
      metric: sumOf('dropped, all steps', dropped, (step) => `ABS(FILL(${step}, 0))`),
      threshold: 0,
      periods: 2,
      datapoints: 1,
    },
    {
      id: 'quarantine-burst',
      severity: 'warning',
      results: 'wrong',
      text: 'More than 5 % of at least 100 records are not posts: a client has changed, and no view has its posts',
      step: 'archive',
      metric: new MathExpression({
        expression: 'IF(received >= 100, 100 * quarantined / received, 0)',
        usingMetrics: Object.fromEntries(Object.values(of).map((name) => [name, stepMetric(config, 'archive', name)])),
        label: 'quarantined, %',
        period: FIVE_MINUTES,
      }),
      threshold: 5,
      periods: 3,
      datapoints: 2,
    },
    {
      id: 'quarantine-trickle',
      severity: 'warning',
      text: `More than ${QUARANTINED_PER_HOUR} records of an hour are not posts, however many others are: no view has them`,
      step: 'archive',
      metric: stepMetric(config, 'archive', 'quarantined', { period: Duration.hours(1) }),
      threshold: QUARANTINED_PER_HOUR,
      periods: 2,
      datapoints: 1,
    },
  ];
}

/** Alarms on metrics that only the canary reports. */
function canaryAlarms(monitored: Monitored): AlarmSpec[] {
  const { config } = monitored;
  if (!monitored.canary) return [];
  const period = Duration.minutes(Math.max(5, config.canaryMinutes));
  const due = (config.intervalMinutes + config.publishDelayMinutes) * MINUTE;
  const canary = { step: 'canary', periods: 2, missing: TreatMissingData.BREACHING } as const;
  return [
    {
      id: 'boundary-stuck',
      severity: 'critical',
      results: 'wrong',
      text: 'The newest published interval is older than half the time for which speed rows, or records of the topic, are retained',
      metric: stepMetric(config, 'canary', 'boundaryAge', { period }),
      // A record that no raw object has is at most as old: the archive is behind Kafka's retention by no more than the boundary.
      threshold: (Math.min(config.speedTtlHours, config.retentionDays * 24) * HOUR) / 2,
      ...canary,
    },
    {
      id: 'boundary-late',
      severity: 'warning',
      results: 'late',
      text: 'The newest published interval is older than an interval plus the time that publishing may take',
      metric: stepMetric(config, 'canary', 'boundaryAge', { period }),
      threshold: due,
      ...canary,
    },
    {
      id: 'canary-speed',
      severity: 'critical',
      results: 'late',
      text: 'The newest canary was not visible in the speed layer before the next was sent',
      metric: stepMetric(config, 'canary', 'canarySpeedAge', { period }),
      threshold: 2 * config.canaryMinutes * MINUTE + MINUTE,
      ...canary,
    },
    {
      id: 'canary-batch',
      severity: 'warning',
      results: 'late',
      text: 'No canary became visible in the batch layer in the time that an interval and its publication may take',
      metric: stepMetric(config, 'canary', 'canaryBatchAge', { period }),
      threshold: due + 2 * config.canaryMinutes * MINUTE,
      ...canary,
    },
  ];
}

/** Query results are late: a consumer of the topic is slow or stopped. */
function lateResults(monitored: Monitored): AlarmSpec[] {
  const { config } = monitored;
  const windows = { archive: config.archiveWindowSeconds, aggregate: config.aggregateWindowSeconds } as const;
  /** Seconds beyond the window: an invocation, a cold start and a failed attempt. */
  const slack = { archive: 120, aggregate: 30 } as const;
  return (['archive', 'aggregate'] as const).flatMap((step): AlarmSpec[] => [
    {
      id: `${step}-late`,
      severity: 'warning',
      results: 'late',
      text: `Records wait longer for ${step} than its window plus ${slack[step]} s`,
      step,
      // No records means nothing is late; the lag alarm covers a stalled consumer.
      metric: stepMetric(config, step, 'freshness'),
      threshold: (windows[step] + slack[step]) * 1000,
      periods: 3,
    },
    {
      id: `${step}-lag`,
      severity: 'warning',
      results: 'late',
      text: `A partition is more than ten batches behind in ${step}, in each of three periods`,
      step,
      metric: consumerLag(monitored, step),
      threshold: 10 * config.batchSize,
      periods: 3,
    },
    {
      id: `${step}-stuck`,
      severity: 'critical',
      results: 'late',
      text: `Every period has failed batches of ${step}: a batch is retried until it succeeds, so its partition is blocked`,
      step,
      metric: errorsOf(monitored.steps[step]),
      threshold: 0,
      periods: 3,
    },
  ]);
}

const errorsOf = (fn: PipelineFunction) => fn.function.metricErrors({ statistic: Stats.SUM, period: FIVE_MINUTES });

function failing(api: FunctionHttpApi): IMetric {
  const choice = { statistic: Stats.SUM, period: FIVE_MINUTES };
  return new MathExpression({
    expression: '100 * errors / MAX([requests, 1])',
    usingMetrics: { errors: api.api.metricServerError(choice), requests: api.api.metricCount(choice) },
    label: '5xx, % of requests',
    period: FIVE_MINUTES,
  });
}

/** The APIs as clients see them, and their dependencies. */
function service(monitored: Monitored): AlarmSpec[] {
  const { config, steps } = monitored;
  const batch = Object.fromEntries(
    (['seal', 'compact', 'publish', 'reconcile'] as const).map((step) => [step, errorsOf(steps[step])]),
  );
  const brokers = Array.from({ length: config.brokers }, (_, i) => i + 1);
  return [
    {
      id: 'ingest-failing',
      severity: 'critical',
      text: 'More than 1 % of the requests to ingest fail with 5xx: clients must send those posts again',
      step: 'ingest',
      metric: failing(monitored.ingestApi),
      threshold: 1,
      periods: 3,
      datapoints: 2,
    },
    {
      id: 'query-failing',
      severity: 'critical',
      text: 'More than 1 % of the requests to query fail with 5xx',
      step: 'query',
      metric: failing(monitored.queryApi),
      threshold: 1,
      periods: 3,
      datapoints: 2,
    },
    {
      id: 'ingest-throttled',
      severity: 'warning',
      text: 'All instances of ingest that are allowed are busy, in each of three periods',
      step: 'ingest',
      metric: steps.ingest.function.metricThrottles({ statistic: Stats.SUM, period: FIVE_MINUTES }),
      threshold: 0,
      periods: 3,
    },
    {
      id: 'write-conflicts',
      severity: 'warning',
      text: 'More than one conditional write in five batches fails: two writers work on one partition',
      step: 'aggregate',
      metric: new MathExpression({
        expression: '100 * failed / MAX([batches, 1])',
        usingMetrics: {
          failed: stepMetric(config, 'aggregate', 'conditionFailed'),
          batches: stepMetric(config, 'aggregate', 'retries', { statistic: Stats.SAMPLE_COUNT }),
        },
        label: 'failed conditions, % of batches',
        period: FIVE_MINUTES,
      }),
      threshold: 20,
      periods: 3,
    },
    {
      id: 'store-throttled',
      severity: 'warning',
      text: 'Keyspaces throttles statements in each of three periods: a table or a partition has reached its capacity',
      metric: new MathExpression({
        expression: METRICS.throttled.steps.map((step) => `FILL(${step}, 0)`).join(' + '),
        usingMetrics: Object.fromEntries(
          METRICS.throttled.steps.map((step) => [step, stepMetric(config, step, 'throttled')]),
        ),
        label: 'throttled, all steps',
        period: FIVE_MINUTES,
      }),
      threshold: 0,
      periods: 3,
    },
    {
      id: 'batch-failing',
      severity: 'warning',
      text: 'A function of the batch layer fails repeatedly; Airflow retries each task',
      metric: sumOf('errors of the batch layer', batch, (step) => `FILL(${step}, 0)`),
      threshold: 0,
      periods: 6,
      datapoints: 3,
    },
    {
      id: 'kafka-offline',
      severity: 'critical',
      text: 'Partitions of the cluster have no leader: their posts can be neither written nor read',
      metric: kafkaMetric(monitored, 'OfflinePartitionsCount'),
      threshold: 0,
      periods: 2,
    },
    {
      id: 'kafka-disk',
      severity: 'critical',
      text: `A broker's disk is more than ${DISK_PERCENT} % full: a full broker accepts no more records`,
      metric: new MathExpression({
        expression: 'MAX(METRICS())',
        usingMetrics: Object.fromEntries(
          brokers
            // An alarm accepts ten metrics at most, and brokers fill at the same rate.
            .slice(0, 10)
            .map((id) => [
              `broker${id}`,
              kafkaMetric(monitored, 'KafkaDataLogsDiskUsed', {}, { 'Broker ID': String(id) }),
            ]),
        ),
        label: 'fullest disk, %',
        period: FIVE_MINUTES,
      }),
      comparison: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: DISK_PERCENT,
      periods: 2,
      missing: TreatMissingData.IGNORE,
    },
  ];
}

/** The composite alarms. Each has an article in the runbook. */
export const COMPOSITES = {
  wrong: {
    id: 'answers-may-be-wrong',
    severity: 'critical',
    text: 'Posts were lost, counted twice or quarantined in bulk, or are about to expire',
  },
  late: {
    id: 'answers-are-late',
    severity: 'warning',
    text: 'Query results are correct as of an earlier time: a layer is behind or stopped',
  },
} as const;

/** Every alarm of this deployment except the composite ones. */
export function alarmSpecs(monitored: Monitored): readonly AlarmSpec[] {
  return [
    ...metricAlarms(monitored),
    ...wrongResults(monitored),
    ...canaryAlarms(monitored),
    ...lateResults(monitored),
    ...service(monitored),
  ];
}
