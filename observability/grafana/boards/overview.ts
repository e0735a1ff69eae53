import { type Board } from '../board';
import { graph, number, zero } from '../panels';
import { byStep, metric, percentilesOf, promql } from '../queries';

/** Correctness, freshness and throughput: the board to look at first. */
export const OVERVIEW: Board = {
  name: 'overview',
  title: 'Pipeline: overview',
  description:
    'Whether query results are correct, complete and fresh, and the throughput. Other boards have the details.',
  sections: [
    {
      title: 'Correct and complete',
      panels: [
        number(
          'Drift',
          'Sum of the differences between the layers, over all views. 0 is expected.',
          { alarm: 'drift', unit: 'count', of: 'max', limits: { critical: 1 } },
          metric('reconcile', 'totalDrift', 'drift'),
        ),
        zero(
          'Gaps',
          'Offsets that the log lost before the speed layer read them. 0 is expected.',
          { alarm: 'gap' },
          metric('aggregate', 'gap', 'gaps'),
        ),
        zero(
          'Dropped',
          'Records that no step accounts for. Must be 0.',
          { alarm: 'dropped' },
          ...byStep(['ingest', 'archive', 'aggregate', 'compact'], 'dropped'),
        ),
        number(
          'Quarantined',
          'Records that are not posts, stored with position and reason.',
          { alarm: 'quarantine-burst', unit: 'count', of: 'sum', limits: { warning: 1 } },
          metric('archive', 'quarantined', 'quarantined'),
        ),
        number(
          'Partitions without a leader',
          'Nothing can be written to or read from these.',
          { unit: 'count', of: 'last', limits: { critical: 1 }, alarm: 'KafkaOfflinePartitions' },
          promql('cluster:kafka_offline_partitions:max', 'offline'),
        ),
        number(
          'Failed',
          'Posts that could not be written to Kafka. The response asks clients to send them again.',
          { alarm: 'ingest-failing', unit: 'count', of: 'sum', limits: { warning: 1, critical: 1_000 } },
          metric('ingest', 'failed', 'failed'),
        ),
      ],
    },
    {
      title: 'Fresh',
      panels: [
        graph(
          'Freshness of the speed layer',
          'Time from log append to visible, for the newest record of each batch.',
          { unit: 'milliseconds' },
          ...percentilesOf('aggregate', 'freshness', ['p50', 'p99']),
        ),
        graph(
          'Age of the time boundary',
          'Age of the end of the newest published interval. It rises for an interval, then falls.',
          { alarm: 'boundary-late', unit: 'milliseconds' },
          metric('publish', 'boundaryAge', 'when published'),
          metric('canary', 'boundaryAge', 'seen by the canary'),
        ),
        graph(
          'Age of the newest canary',
          'Time since the newest canary that is visible in each layer was sent.',
          { alarm: 'canary-speed', unit: 'milliseconds' },
          metric('canary', 'canarySpeedAge', 'speed layer'),
          metric('canary', 'canaryBatchAge', 'batch layer'),
        ),
        graph(
          'Consumer lag, time',
          'Time in which the topic received the records that each group has not read yet.',
          { unit: 'seconds', limits: { critical: 900 }, alarm: 'KafkaConsumerLate' },
          promql('group:kafka_consumer_lag:seconds', '{{groupId}}'),
        ),
      ],
    },
    {
      title: 'Throughput',
      panels: [
        graph(
          'Written, by step',
          'Records that each step acknowledged or made durable. In a healthy pipeline the lines coincide.',
          { unit: 'count' },
          ...byStep(['ingest', 'archive', 'aggregate', 'compact'], 'written'),
        ),
      ],
    },
  ],
};
