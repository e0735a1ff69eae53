import { Stats, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { type Construct } from 'constructs';
import { PIPELINE_STEPS } from '../../../lambda/runtime/metrics';
import { type Alarms } from '../alarms';
import { consumerLag, FIVE_MINUTES, kafkaMetric, stepMetric, type Monitored } from '../metrics';
import { alarmStatus, chart, heading, links } from './widgets';

function fresh(monitored: Monitored): IWidget[] {
  const { config, canary } = monitored;
  const metric = stepMetric;
  return [
    chart(
      'Time from append to visible, 99th percentile',
      'ms',
      (['archive', 'aggregate'] as const).map((step) => metric(config, step, 'freshness', { label: step })),
      3,
    ),
    chart(
      'Lag behind the end of the log',
      'records',
      (['archive', 'aggregate'] as const).map((step) => consumerLag(monitored, step, { label: step })),
      3,
    ),
    chart(
      'Age of the time boundary and of the canaries',
      'ms',
      [
        metric(config, 'publish', 'boundaryAge', { label: 'boundary, when it moved' }),
        ...(canary
          ? [
              metric(config, 'canary', 'boundaryAge', { label: 'boundary' }),
              metric(config, 'canary', 'canaryBatchAge', { label: 'canary, batch layer' }),
              metric(config, 'canary', 'canarySpeedAge', { label: 'canary, speed layer' }),
            ]
          : []),
      ],
      3,
    ),
  ];
}

function complete({ config }: Monitored): IWidget[] {
  const ofAll = (name: 'received' | 'quarantined' | 'dropped') =>
    PIPELINE_STEPS.map((step) => stepMetric(config, step, name, { label: step }));
  return [
    chart('Received', 'count', ofAll('received'), 4),
    chart('Quarantined', 'count', ofAll('quarantined'), 4),
    chart('Dropped: must be 0', 'count', ofAll('dropped'), 4),
    chart(
      'Drift and gaps: must be 0',
      'count',
      [stepMetric(config, 'reconcile', 'totalDrift'), stepMetric(config, 'aggregate', 'gap')],
      4,
    ),
  ];
}

/** Cost drivers; see docs/cost-and-scale.md for amounts. */
function cost(monitored: Monitored): IWidget[] {
  const { config, ingestApi, queryApi } = monitored;
  const sum = { statistic: Stats.SUM, period: FIVE_MINUTES };
  return [
    chart(
      'Keyspaces: write units',
      'count',
      (['aggregate', 'publish'] as const).map((step) => stepMetric(config, step, 'writeUnits', { label: step })),
      4,
    ),
    chart(
      'S3: bytes written',
      'bytes',
      (['archive', 'compact'] as const).map((step) => stepMetric(config, step, 'bytes', { label: step })),
      4,
    ),
    chart(
      'Lambda: run time per step',
      'ms',
      PIPELINE_STEPS.map((step) => stepMetric(config, step, 'duration', { statistic: Stats.SUM, label: step })),
      4,
    ),
    chart(
      'API Gateway: requests',
      'count',
      [ingestApi.api.metricCount({ ...sum, label: 'ingest' }), queryApi.api.metricCount({ ...sum, label: 'query' })],
      4,
    ),
  ];
}

/** The rows of the overview: health, freshness, completeness and cost drivers. */
export function overviewRows(scope: Construct, monitored: Monitored, alarms: Alarms): IWidget[][] {
  return [
    [links(scope, monitored.config, 'overview')],
    [heading('Healthy?')],
    [alarmStatus('Query results', alarms.composites)],
    [
      alarmStatus(
        'Alarms',
        [...alarms.alarms.values()].map(({ alarm }) => alarm),
      ),
    ],
    [
      chart('Kafka: partitions without a leader', 'count', [kafkaMetric(monitored, 'OfflinePartitionsCount')], 2),
      chart(
        'Failed because of an outage',
        'count',
        (['ingest', 'query'] as const).map((step) => stepMetric(monitored.config, step, 'failed', { label: step })),
        2,
      ),
    ],
    [heading('Fresh?')],
    fresh(monitored),
    [heading('Complete?')],
    complete(monitored),
    [heading('What drives the bill?')],
    cost(monitored),
  ];
}
