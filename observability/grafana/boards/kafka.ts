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
          'Without a leader',
          'Nothing can be written to or read from these.',
          { unit: 'count', of: 'last', limits: { critical: 1 }, alarm: 'KafkaOfflinePartitions' },
          promql('cluster:kafka_offline_partitions:max', 'offline'),
        ),
        number(
          'Too few in sync',
          'Fewer in-sync replicas than a write needs: Kafka rejects posts.',
          { unit: 'count', of: 'last', limits: { critical: 1 }, alarm: 'KafkaUnderMinIsr' },
          promql('cluster:kafka_under_min_isr_partitions:sum', 'under min ISR'),
        ),
        number(
          'Under-replicated',
          'Expected for minutes while a broker is patched.',
          { unit: 'count', of: 'last', limits: { warning: 1 }, alarm: 'KafkaUnderReplicated' },
          promql('cluster:kafka_under_replicated_partitions:sum', 'under-replicated'),
        ),
        number(
          'Active controllers',
          'There must be one.',
          { unit: 'none', of: 'last', limits: { warning: 1, critical: 1, worse: 'down' }, alarm: 'KafkaControllers' },
          promql('cluster:kafka_active_controllers:sum', 'controllers'),
        ),
        number(
          'Unclean elections, 1 h',
          'A lagging replica became leader: acknowledged records may be lost.',
          { unit: 'count', of: 'max', limits: { critical: 1 }, alarm: 'KafkaUncleanElection' },
          promql('cluster:kafka_unclean_elections:increase1h', 'elections'),
        ),
        number(
          'Rejected writes a second',
          'Produce requests that brokers rejected.',
          { unit: 'perSecond', of: 'max', limits: { warning: 0.001 }, alarm: 'KafkaProduceFailing' },
          promql('cluster:kafka_failed_produce:rate5m', 'rejected writes'),
        ),
      ],
    },
    {
      title: 'Traffic and consumers',
      panels: [
        graph(
          'Records in',
          'A second, by topic.',
          { unit: 'perSecond' },
          promql('topic:kafka_messages_in:rate5m', '{{topic}}'),
        ),
        graph(
          'Bytes',
          'A second, by topic. Consumers read each byte twice: archive and aggregate.',
          { unit: 'bytesPerSecond' },
          promql('topic:kafka_bytes_in:rate5m', '{{topic}} in'),
          promql('topic:kafka_bytes_out:rate5m', '{{topic}} out'),
        ),
        graph(
          'Lag, records',
          'Records that a group has not read yet.',
          { unit: 'count', alarm: 'KafkaConsumerLate' },
          promql('group:kafka_consumer_lag:records', '{{groupId}}'),
        ),
        graph(
          'Lag, time',
          'Time in which the topic received the records that a group has not read yet.',
          { unit: 'seconds', limits: { critical: 900 }, alarm: 'KafkaConsumerLate' },
          promql('group:kafka_consumer_lag:seconds', '{{groupId}}'),
        ),
      ],
    },
    {
      title: 'Brokers',
      panels: [
        graph(
          'Disk used',
          'A broker stops at 100 %.',
          { unit: 'share', limits: { warning: 0.8, critical: 0.92 }, alarm: 'KafkaDiskFilling' },
          promql('broker:kafka_disk_used:ratio', '{{broker}}'),
        ),
        graph(
          'CPU used',
          'Above 60 % the other brokers cannot take over the load of a broker that is patched.',
          { unit: 'share', limits: { warning: 0.6 }, alarm: 'KafkaCpuHigh' },
          promql('broker:kafka_cpu_used:ratio5m', '{{broker}}'),
        ),
        graph(
          'Write latency, p99',
          'One write in a hundred takes this long or longer.',
          { unit: 'milliseconds', limits: { warning: 1_000 }, alarm: 'KafkaProduceSlow' },
          promql('broker:kafka_produce_p99:milliseconds', '{{broker}}'),
        ),
        graph(
          'Request handlers idle',
          'Below 30 % requests queue.',
          { unit: 'share', limits: { warning: 0.3, worse: 'down' }, alarm: 'KafkaHandlersBusy' },
          promql('broker:kafka_handlers_idle:ratio1m', '{{broker}}'),
        ),
        graph(
          'Heap used',
          'Rises and falls with each collection. The minimum matters.',
          { unit: 'share', limits: { warning: 0.85 }, alarm: 'KafkaHeapFull' },
          promql('broker:jvm_heap_used:ratio', '{{broker}}'),
        ),
        graph(
          'Time in garbage collection',
          'Share of the time that collections take.',
          { unit: 'share', limits: { warning: 0.1 }, alarm: 'KafkaGarbageCollection' },
          promql('broker:jvm_gc_time:ratio5m', '{{broker}}'),
        ),
      ],
    },
  ],
};
