import { type Board } from '../board';
import { graph, number, zero } from '../panels';
import { byStep, metric, percentilesOf, promql } from '../queries';

/** Correctness, freshness and throughput: the board to look at first. */
export const OVERVIEW: Board = {
  name: 'overview',
  title: 'Pipeline: overview',
  description:
    'Whether query results are correct, complete and fresh, and the throughput. Other boards have the details.',
  sections: {
    'Correct and complete': [
      number(
        'Drift',
        'Sum of the differences between the layers, over all views. 0 is expected.',
        metric('reconcile', 'totalDrift'),
        { alarm: 'drift', of: 'max', limits: { critical: 1 } },
      ),
      zero(
        'Gaps',
        'Offsets that the log lost before the speed layer read them. 0 is expected.',
        metric('aggregate', 'gap'),
        { alarm: 'gap' },
      ),
      zero(
        'Dropped',
        'Records that no step accounts for. Must be 0.',
        byStep(['ingest', 'archive', 'aggregate', 'compact'], 'dropped'),
        { alarm: 'dropped' },
      ),
      number(
        'Quarantined',
        'Records that are not posts, stored with position and reason.',
        metric('archive', 'quarantined'),
        { alarm: 'quarantine-burst', limits: { warning: 1 } },
      ),
      number(
        'Partitions without a leader',
        'Nothing can be written to or read from these.',
        promql('cluster:kafka_offline_partitions:max', 'offline'),
        { limits: { critical: 1 }, alarm: 'KafkaOfflinePartitions' },
      ),
      number(
        'Failed',
        'Posts that could not be written to Kafka. The response asks clients to send them again.',
        metric('ingest', 'failed'),
        { alarm: 'ingest-failing', limits: { warning: 1, critical: 1_000 } },
      ),
    ],
    Fresh: [
      graph(
        'Freshness of the speed layer',
        'Time from log append to visible, for the newest record of each batch.',
        percentilesOf('aggregate', 'freshness', ['p50', 'p99']),
      ),
      graph(
        'Age of the time boundary',
        'Age of the end of the newest published interval. It rises for an interval, then falls.',
        [metric('publish', 'boundaryAge', 'when published'), metric('canary', 'boundaryAge', 'seen by the canary')],
        { alarm: 'boundary-late' },
      ),
      graph(
        'Age of the newest canary',
        'Time since the newest canary that is visible in each layer was sent.',
        [metric('canary', 'canarySpeedAge', 'speed layer'), metric('canary', 'canaryBatchAge', 'batch layer')],
        { alarm: 'canary-speed' },
      ),
      graph(
        'Consumer lag, time',
        'Time in which the topic received the records that each group has not read yet.',
        promql('group:kafka_consumer_lag:seconds', '{{groupId}}'),
        { limits: { critical: 900 }, alarm: 'KafkaConsumerLate' },
      ),
    ],
    Throughput: [
      graph(
        'Written, by step',
        'Records that each step acknowledged or made durable. In a healthy pipeline the lines coincide.',
        byStep(['ingest', 'archive', 'aggregate', 'compact'], 'written'),
      ),
    ],
  },
};
