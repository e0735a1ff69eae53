import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, Stats, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import {
  type AlarmText,
  METRIC_LIST,
  type MetricName,
  PIPELINE_STEPS,
  type Step,
  type ViewMetric,
} from '../../lambda/runtime/metrics';
import { type FunctionHttpApi } from './http-api';
import { consumerLag, FIVE_MINUTES, kafkaMetric, stepMetric, type Watched } from './metrics';
import { type PipelineFunction } from './pipeline-function';

export interface AlarmSpec extends AlarmText {
  /** On whose dashboard it is shown. @default - the overview's only */
  readonly step?: Step;
  readonly metric: IMetric;
  /** @default - above the threshold */
  readonly comparison?: ComparisonOperator;
  readonly threshold: number;
  readonly missing: TreatMissingData;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** MSK's own advice. */
const DISK_PERCENT = 85;

const MISSING = { notBreaching: TreatMissingData.NOT_BREACHING, ignore: TreatMissingData.IGNORE } as const;

/** The alarms that stand with their metric in the list of metrics. */
function metricAlarms({ config }: Watched): AlarmSpec[] {
  return METRIC_LIST.flatMap(({ name, steps: [step], alarm }) => {
    if (!alarm) return [];
    const metric = stepMetric(config, step, name as Exclude<MetricName, ViewMetric>);
    return [{ ...alarm, step, metric, threshold: alarm.above, missing: MISSING[alarm.missing] }];
  });
}

/** Whether the answers may be wrong: something was lost, doubled, set aside in bulk, or is about to expire. */
function answersWrong(watched: Watched): AlarmSpec[] {
  const { config } = watched;
  const dropped = Object.fromEntries(PIPELINE_STEPS.map((step) => [step, stepMetric(config, step, 'dropped')]));
  const of = { quarantined: 'quarantined', received: 'received' } as const;
  return [
    {
      id: 'dropped',
      severity: 'critical',
      answers: 'wrong',
      text: 'A step cannot account for records that it received, or counted some twice: 0 by contract',
      metric: new MathExpression({
        expression: PIPELINE_STEPS.map((step) => `ABS(FILL(${step}, 0))`).join(' + '),
        usingMetrics: dropped,
        label: 'dropped, all steps',
        period: FIVE_MINUTES,
      }),
      threshold: 0,
      periods: 2,
      datapoints: 1,
      missing: TreatMissingData.NOT_BREACHING,
    },
    {
      id: 'quarantine-burst',
      severity: 'warning',
      answers: 'wrong',
      text: 'More than 5 % of at least 100 records are not posts: a client has changed, and its posts are in no view',
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
      missing: TreatMissingData.NOT_BREACHING,
    },
  ];
}

/** What only the canary can measure. */
function canaryAlarms(watched: Watched): AlarmSpec[] {
  const { config } = watched;
  if (!watched.canary) return [];
  const period = Duration.minutes(Math.max(5, config.canaryMinutes));
  const due = (config.intervalMinutes + config.publishDelayMinutes) * MINUTE;
  const canary = { step: 'canary', periods: 2, missing: TreatMissingData.BREACHING } as const;
  return [
    {
      id: 'boundary-stuck',
      severity: 'critical',
      answers: 'wrong',
      text: 'The newest published interval is older than half the life of speed rows: at the whole of it, intervals vanish',
      metric: stepMetric(config, 'canary', 'boundaryAge', { period }),
      threshold: (config.speedTtlHours * HOUR) / 2,
      ...canary,
    },
    {
      id: 'boundary-late',
      severity: 'warning',
      answers: 'late',
      text: 'The newest published interval is older than an interval and the time that publishing may take',
      metric: stepMetric(config, 'canary', 'boundaryAge', { period }),
      threshold: due,
      ...canary,
    },
    {
      id: 'canary-speed',
      severity: 'critical',
      answers: 'late',
      text: 'The newest canary did not come out of the speed layer before the next was sent',
      metric: stepMetric(config, 'canary', 'canarySpeedAge', { period }),
      threshold: 2 * config.canaryMinutes * MINUTE + MINUTE,
      ...canary,
    },
    {
      id: 'canary-batch',
      severity: 'warning',
      answers: 'late',
      text: 'No canary came out of the batch layer in the time that an interval and its publication may take',
      metric: stepMetric(config, 'canary', 'canaryBatchAge', { period }),
      threshold: due + 2 * config.canaryMinutes * MINUTE,
      ...canary,
    },
  ];
}

/** Whether answers are late: a consumer of the topic is slow or stands still. */
function answersLate(watched: Watched): AlarmSpec[] {
  const { config } = watched;
  const windows = { archive: config.archiveWindowSeconds, aggregate: config.aggregateWindowSeconds } as const;
  /** Beyond the window: an invocation, a cold start and an attempt that failed. */
  const slack = { archive: 120, aggregate: 30 } as const;
  return (['archive', 'aggregate'] as const).flatMap((step): AlarmSpec[] => [
    {
      id: `${step}-late`,
      severity: 'warning',
      answers: 'late',
      text: `Records wait longer for ${step} than its window and ${slack[step]} s`,
      step,
      metric: stepMetric(config, step, 'freshness'),
      threshold: (windows[step] + slack[step]) * 1000,
      periods: 3,
      // No records means nothing is late; the lag alarm covers a stalled consumer.
      missing: TreatMissingData.NOT_BREACHING,
    },
    {
      id: `${step}-lag`,
      severity: 'warning',
      answers: 'late',
      text: `A partition is more than ten batches behind in ${step}, in each of three periods`,
      step,
      metric: consumerLag(watched, step),
      threshold: 10 * config.batchSize,
      periods: 3,
      missing: TreatMissingData.NOT_BREACHING,
    },
    {
      id: `${step}-stuck`,
      severity: 'critical',
      answers: 'late',
      text: `Every period has failed batches of ${step}: a batch is tried until it works, so its partition stands still`,
      step,
      metric: errorsOf(watched.steps[step]),
      threshold: 0,
      periods: 3,
      missing: TreatMissingData.NOT_BREACHING,
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

/** The APIs as clients see them, and what they depend on. */
function service(watched: Watched): AlarmSpec[] {
  const { config, steps } = watched;
  const batch = { seal: steps.seal, compact: steps.compact, publish: steps.publish, reconcile: steps.reconcile };
  const brokers = Array.from({ length: config.brokers }, (_, i) => i + 1);
  const common = { periods: 3, missing: TreatMissingData.NOT_BREACHING } as const;
  return [
    {
      id: 'ingest-failing',
      severity: 'critical',
      text: 'More than 1 % of the requests to ingest end in 5xx: clients must send those posts again',
      step: 'ingest',
      metric: failing(watched.ingestApi),
      threshold: 1,
      ...common,
      datapoints: 2,
    },
    {
      id: 'query-failing',
      severity: 'critical',
      text: 'More than 1 % of the requests to query end in 5xx',
      step: 'query',
      metric: failing(watched.queryApi),
      threshold: 1,
      ...common,
      datapoints: 2,
    },
    {
      id: 'ingest-throttled',
      severity: 'warning',
      text: 'All instances that ingest may have are busy, in each of three periods',
      step: 'ingest',
      metric: steps.ingest.function.metricThrottles({ statistic: Stats.SUM, period: FIVE_MINUTES }),
      threshold: 0,
      ...common,
    },
    {
      id: 'write-conflicts',
      severity: 'warning',
      text: 'More than one conditional write in five batches finds another value: two writers are at one partition',
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
      ...common,
    },
    {
      id: 'batch-failing',
      severity: 'warning',
      text: 'A function of the batch layer fails again and again; Airflow tries each task again',
      metric: new MathExpression({
        expression: Object.keys(batch)
          .map((step) => `FILL(${step}, 0)`)
          .join(' + '),
        usingMetrics: Object.fromEntries(Object.entries(batch).map(([step, fn]) => [step, errorsOf(fn)])),
        label: 'errors of the batch layer',
        period: FIVE_MINUTES,
      }),
      threshold: 0,
      periods: 6,
      datapoints: 3,
      missing: TreatMissingData.NOT_BREACHING,
    },
    {
      id: 'kafka-offline',
      severity: 'critical',
      text: 'Partitions of the cluster have no leader: their posts can be neither written nor read',
      metric: kafkaMetric(watched, 'OfflinePartitionsCount'),
      threshold: 0,
      periods: 2,
      missing: TreatMissingData.NOT_BREACHING,
    },
    {
      id: 'kafka-disk',
      severity: 'critical',
      text: `A broker's disk is fuller than ${DISK_PERCENT} %: a full broker accepts no more records`,
      metric: new MathExpression({
        expression: 'MAX(METRICS())',
        usingMetrics: Object.fromEntries(
          brokers
            // An alarm takes ten metrics at most; brokers fill alike.
            .slice(0, 10)
            .map((id) => [
              `broker${id}`,
              kafkaMetric(watched, 'KafkaDataLogsDiskUsed', {}, { 'Broker ID': String(id) }),
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

/** The composite alarms. Each has an article in the runbook, too. */
export const COMPOSITES = {
  wrong: {
    id: 'answers-may-be-wrong',
    severity: 'critical',
    text: 'Something was lost, doubled, set aside in bulk, or is about to expire',
  },
  late: {
    id: 'answers-are-late',
    severity: 'warning',
    text: 'Answers are right as of an earlier time: a layer is behind or stands still',
  },
} as const;

/** Every alarm of this deployment except the composite ones. */
export function alarmSpecs(watched: Watched): readonly AlarmSpec[] {
  return [
    ...metricAlarms(watched),
    ...answersWrong(watched),
    ...canaryAlarms(watched),
    ...answersLate(watched),
    ...service(watched),
  ];
}
