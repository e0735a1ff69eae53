import { type Board } from '../board';
import { graph, number, zero } from '../panels';
import { byStep, metric, percentilesOf, promql } from '../queries';

/** Is it right, is it fresh, is it complete: what to look at first. */
export const OVERVIEW: Board = {
  name: 'overview',
  title: 'Pipeline: overview',
  description: 'Are the answers right, fresh and complete, and what goes through. Each step has a board of its own.',
  sections: [
    {
      title: 'Right',
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
          'Records that no step accounts for. 0 by contract.',
          { alarm: 'dropped' },
          ...byStep(['ingest', 'archive', 'aggregate', 'compact'], 'dropped'),
        ),
        number(
          'Quarantined',
          'Records that are no posts, set aside with position and reason.',
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
          'Not taken',
          'Posts that clients were told to send again, as Kafka could not take them.',
          { alarm: 'ingest-failing', unit: 'count', of: 'sum', limits: { warning: 1, critical: 1_000 } },
          metric('ingest', 'failed', 'failed'),
        ),
      ],
    },
    {
      title: 'Fresh',
      panels: [
        graph(
          'From the log to the answers',
          'Log append time to visible, of the newest record of each batch.',
          { unit: 'milliseconds' },
          ...percentilesOf('aggregate', 'freshness', ['p50', 'p99']),
        ),
        graph(
          'Age of the boundary',
          'Age of the end of the newest published interval: it climbs for an interval, then falls.',
          { alarm: 'boundary-late', unit: 'milliseconds' },
          metric('publish', 'boundaryAge', 'when published'),
          metric('canary', 'boundaryAge', 'as the canary sees it'),
        ),
        graph(
          'Age of the newest canary',
          'Time since the newest synthetic post that each layer shows was sent.',
          { alarm: 'canary-speed', unit: 'milliseconds' },
          metric('canary', 'canarySpeedAge', 'speed layer'),
          metric('canary', 'canaryBatchAge', 'batch layer'),
        ),
        graph(
          'Behind the log',
          'How long the topic took to bring what each group has not read yet.',
          { unit: 'seconds', limits: { critical: 900 }, alarm: 'KafkaConsumerLate' },
          promql('group:kafka_consumer_lag:seconds', '{{groupId}}'),
        ),
      ],
    },
    {
      title: 'What goes through',
      panels: [
        graph(
          'Carried through, by step',
          'Records that each step acknowledged or made durable. The lines of a healthy pipeline are one.',
          { unit: 'count' },
          ...byStep(['ingest', 'archive', 'aggregate', 'compact'], 'written'),
        ),
      ],
    },
  ],
};
