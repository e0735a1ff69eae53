import { type Board } from '../board';
import { graph, number } from '../panels';
import { promql } from '../queries';

/** The brokers, from their exporters and the recording rules. */
export const KAFKA: Board = {
  name: 'kafka',
  title: 'Pipeline: Kafka',
  description: 'The Kafka log: leaders and replicas of partitions, traffic, consumer lag, and capacity of the brokers.',
  sections: [
    {
      title: 'Partitions',
      panels: [
        number(
          {
            title: 'Without a leader',
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
            title: 'Too few in sync',
            description: 'Fewer in-sync replicas than a write needs: Kafka rejects posts.',
            unit: 'count',
            of: 'last',
            limits: { critical: 1 },
            alarm: 'KafkaUnderMinIsr',
          },
          promql('cluster:kafka_under_min_isr_partitions:sum', 'under min ISR'),
        ),
        number(
          {
            title: 'Under-replicated',
            description: 'Expected for minutes while a broker is patched.',
            unit: 'count',
            of: 'last',
            limits: { warning: 1 },
            alarm: 'KafkaUnderReplicated',
          },
          promql('cluster:kafka_under_replicated_partitions:sum', 'under-replicated'),
        ),
        number(
          {
            title: 'Active controllers',
            description: 'There must be one.',
            unit: 'none',
            of: 'last',
            limits: { warning: 1, critical: 1, worse: 'down' },
            alarm: 'KafkaControllers',
          },
          promql('cluster:kafka_active_controllers:sum', 'controllers'),
        ),
        number(
          {
            title: 'Unclean elections, 1 h',
            description: 'A lagging replica became leader: acknowledged records may be lost.',
            unit: 'count',
            of: 'max',
            limits: { critical: 1 },
            alarm: 'KafkaUncleanElection',
          },
          promql('cluster:kafka_unclean_elections:increase1h', 'elections'),
        ),
        number(
          {
            title: 'Rejected writes a second',
            description: 'Produce requests that brokers rejected.',
            unit: 'perSecond',
            of: 'max',
            limits: { warning: 0.001 },
            alarm: 'KafkaProduceFailing',
          },
          promql('cluster:kafka_failed_produce:rate5m', 'rejected writes'),
        ),
      ],
    },
    {
      title: 'Traffic and consumers',
      panels: [
        graph(
          { title: 'Records in', description: 'A second, by topic.', unit: 'perSecond' },
          promql('topic:kafka_messages_in:rate5m', '{{topic}}'),
        ),
        graph(
          {
            title: 'Bytes',
            description: 'A second, by topic. Consumers read each byte twice: archive and aggregate.',
            unit: 'bytesPerSecond',
          },
          promql('topic:kafka_bytes_in:rate5m', '{{topic}} in'),
          promql('topic:kafka_bytes_out:rate5m', '{{topic}} out'),
        ),
        graph(
          {
            title: 'Lag, records',
            description: 'Records that a group has not read yet.',
            unit: 'count',
            alarm: 'KafkaConsumerLate',
          },
          promql('group:kafka_consumer_lag:records', '{{groupId}}'),
        ),
        graph(
          {
            title: 'Lag, time',
            description: 'Time in which the topic received the records that a group has not read yet.',
            unit: 'seconds',
            limits: { critical: 900 },
            alarm: 'KafkaConsumerLate',
          },
          promql('group:kafka_consumer_lag:seconds', '{{groupId}}'),
        ),
      ],
    },
    {
      title: 'Brokers',
      panels: [
        graph(
          {
            title: 'Disk used',
            description: 'A broker stops at 100 %.',
            unit: 'share',
            limits: { warning: 0.8, critical: 0.92 },
            alarm: 'KafkaDiskFilling',
          },
          promql('broker:kafka_disk_used:ratio', '{{broker}}'),
        ),
        graph(
          {
            title: 'CPU used',
            description: 'Above 60 % the other brokers cannot take over the load of a broker that is patched.',
            unit: 'share',
            limits: { warning: 0.6 },
            alarm: 'KafkaCpuHigh',
          },
          promql('broker:kafka_cpu_used:ratio5m', '{{broker}}'),
        ),
        graph(
          {
            title: 'Write latency, p99',
            description: 'One write in a hundred takes this long or longer.',
            unit: 'milliseconds',
            limits: { warning: 1_000 },
            alarm: 'KafkaProduceSlow',
          },
          promql('broker:kafka_produce_p99:milliseconds', '{{broker}}'),
        ),
        graph(
          {
            title: 'Request handlers idle',
            description: 'Below 30 % requests queue.',
            unit: 'share',
            limits: { warning: 0.3, worse: 'down' },
            alarm: 'KafkaHandlersBusy',
          },
          promql('broker:kafka_handlers_idle:ratio1m', '{{broker}}'),
        ),
        graph(
          {
            title: 'Heap used',
            description: 'Rises and falls with each collection. The minimum matters.',
            unit: 'share',
            limits: { warning: 0.85 },
            alarm: 'KafkaHeapFull',
          },
          promql('broker:jvm_heap_used:ratio', '{{broker}}'),
        ),
        graph(
          {
            title: 'Time in garbage collection',
            description: 'Share of the time that collections take.',
            unit: 'share',
            limits: { warning: 0.1 },
            alarm: 'KafkaGarbageCollection',
          },
          promql('broker:jvm_gc_time:ratio5m', '{{broker}}'),
        ),
      ],
    },
  ],
};
