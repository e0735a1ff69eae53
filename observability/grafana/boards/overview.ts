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
          {
            title: 'Drift',
            description: 'Sum of the differences between the layers, over all views. 0 is expected.',
            alarm: 'drift',
            unit: 'count',
            of: 'max',
            limits: { critical: 1 },
          },
          metric('reconcile', 'totalDrift', 'drift'),
        ),
        zero(
          {
            title: 'Gaps',
            description: 'Offsets that the log lost before the speed layer read them. 0 is expected.',
            alarm: 'gap',
          },
          metric('aggregate', 'gap', 'gaps'),
        ),
        zero(
          {
            title: 'Dropped',
            description: 'Records that no step accounts for. Must be 0.',
            alarm: 'dropped',
          },
          ...byStep(['ingest', 'archive', 'aggregate', 'compact'], 'dropped'),
        ),
        number(
          {
            title: 'Quarantined',
            description: 'Records that are not posts, stored with position and reason.',
            alarm: 'quarantine-burst',
            unit: 'count',
            of: 'sum',
            limits: { warning: 1 },
          },
          metric('archive', 'quarantined', 'quarantined'),
        ),
        number(
          {
            title: 'Partitions without a leader',
            description: 'Nothing can be written to or read from these.',
            unit: 'count',
            of: 'last',
            limits: { critical: 1 },
            alarm: 'KafkaOfflinePartitions',
          },
          promql('cluster:kafka_offline_partitions:max', 'offline'),
        ),
        number(
          {
            title: 'Failed',
            description: 'Posts that could not be written to Kafka. The response asks clients to send them again.',
            alarm: 'ingest-failing',
            unit: 'count',
            of: 'sum',
            limits: { warning: 1, critical: 1_000 },
          },
          metric('ingest', 'failed', 'failed'),
        ),
      ],
    },
    {
      title: 'Fresh',
      panels: [
        graph(
          {
            title: 'Freshness of the speed layer',
            description: 'Time from log append to visible, for the newest record of each batch.',
            unit: 'milliseconds',
          },
          ...percentilesOf('aggregate', 'freshness', ['p50', 'p99']),
        ),
        graph(
          {
            title: 'Age of the time boundary',
            description: 'Age of the end of the newest published interval. It rises for an interval, then falls.',
            alarm: 'boundary-late',
            unit: 'milliseconds',
          },
          metric('publish', 'boundaryAge', 'when published'),
          metric('canary', 'boundaryAge', 'seen by the canary'),
        ),
        graph(
          {
            title: 'Age of the newest canary',
            description: 'Time since the newest canary that is visible in each layer was sent.',
            alarm: 'canary-speed',
            unit: 'milliseconds',
          },
          metric('canary', 'canarySpeedAge', 'speed layer'),
          metric('canary', 'canaryBatchAge', 'batch layer'),
        ),
        graph(
          {
            title: 'Consumer lag, time',
            description: 'Time in which the topic received the records that each group has not read yet.',
            unit: 'seconds',
            limits: { critical: 900 },
            alarm: 'KafkaConsumerLate',
          },
          promql('group:kafka_consumer_lag:seconds', '{{groupId}}'),
        ),
      ],
    },
    {
      title: 'Throughput',
      panels: [
        graph(
          {
            title: 'Written, by step',
            description:
              'Records that each step acknowledged or made durable. In a healthy pipeline the lines coincide.',
            unit: 'count',
          },
          ...byStep(['ingest', 'archive', 'aggregate', 'compact'], 'written'),
        ),
      ],
    },
  ],
};
