import { type Board } from '../board';
import { graph, number } from '../panels';
import { promql } from '../queries';

/** The brokers, from their exporters and the recording rules. */
export const KAFKA: Board = {
  name: 'kafka',
  title: 'Pipeline: Kafka',
  description: 'The Kafka log: leaders and replicas of partitions, traffic, consumer lag, and capacity of the brokers.',
  sections: {
    Partitions: [
      number(
        'Without a leader',
        'Nothing can be written to or read from these.',
        promql('cluster:kafka_offline_partitions:max', 'offline'),
        { limits: { critical: 1 }, alarm: 'KafkaOfflinePartitions' },
      ),
      number(
        'Too few in sync',
        'Fewer in-sync replicas than a write needs: Kafka rejects posts.',
        promql('cluster:kafka_under_min_isr_partitions:sum', 'under min ISR'),
        { limits: { critical: 1 }, alarm: 'KafkaUnderMinIsr' },
      ),
      number(
        'Under-replicated',
        'Expected for minutes while a broker is patched.',
        promql('cluster:kafka_under_replicated_partitions:sum', 'under-replicated'),
        { limits: { warning: 1 }, alarm: 'KafkaUnderReplicated' },
      ),
      number(
        'Active controllers',
        'There must be one.',
        promql('cluster:kafka_active_controllers:sum', 'controllers'),
        { unit: 'none', limits: { warning: 1, critical: 1, worse: 'down' }, alarm: 'KafkaControllers' },
      ),
      number(
        'Unclean elections, 1 h',
        'A lagging replica became leader: acknowledged records may be lost.',
        promql('cluster:kafka_unclean_elections:increase1h', 'elections'),
        { of: 'max', limits: { critical: 1 }, alarm: 'KafkaUncleanElection' },
      ),
      number(
        'Rejected writes a second',
        'Produce requests that brokers rejected.',
        promql('cluster:kafka_failed_produce:rate5m', 'rejected writes'),
        { of: 'max', limits: { warning: 0.001 }, alarm: 'KafkaProduceFailing' },
      ),
    ],
    'Traffic and consumers': [
      graph('Records in', 'A second, by topic.', promql('topic:kafka_messages_in:rate5m', '{{topic}}')),
      graph('Bytes', 'A second, by topic. Consumers read each byte twice: archive and aggregate.', [
        promql('topic:kafka_bytes_in:rate5m', '{{topic}} in'),
        promql('topic:kafka_bytes_out:rate5m', '{{topic}} out'),
      ]),
      graph(
        'Lag, records',
        'Records that a group has not read yet.',
        promql('group:kafka_consumer_lag:records', '{{groupId}}'),
        { alarm: 'KafkaConsumerLate' },
      ),
      graph(
        'Lag, time',
        'Time in which the topic received the records that a group has not read yet.',
        promql('group:kafka_consumer_lag:seconds', '{{groupId}}'),
        { limits: { critical: 900 }, alarm: 'KafkaConsumerLate' },
      ),
    ],
    Brokers: [
      graph('Disk used', 'A broker stops at 100 %.', promql('broker:kafka_disk_used:ratio', '{{broker}}'), {
        limits: { warning: 0.8, critical: 0.92 },
        alarm: 'KafkaDiskFilling',
      }),
      graph(
        'CPU used',
        'Above 60 % the other brokers cannot take over the load of a broker that is patched.',
        promql('broker:kafka_cpu_used:ratio5m', '{{broker}}'),
        { limits: { warning: 0.6 }, alarm: 'KafkaCpuHigh' },
      ),
      graph(
        'Write latency, p99',
        'One write in a hundred takes this long or longer.',
        promql('broker:kafka_produce_p99:milliseconds', '{{broker}}'),
        { limits: { warning: 1_000 }, alarm: 'KafkaProduceSlow' },
      ),
      graph(
        'Request handlers idle',
        'Below 30 % requests queue.',
        promql('broker:kafka_handlers_idle:ratio1m', '{{broker}}'),
        { limits: { warning: 0.3, worse: 'down' }, alarm: 'KafkaHandlersBusy' },
      ),
      graph(
        'Heap used',
        'Rises and falls with each collection. The minimum matters.',
        promql('broker:jvm_heap_used:ratio', '{{broker}}'),
        { limits: { warning: 0.85 }, alarm: 'KafkaHeapFull' },
      ),
      graph(
        'Time in garbage collection',
        'Share of the time that collections take.',
        promql('broker:jvm_gc_time:ratio5m', '{{broker}}'),
        { limits: { warning: 0.1 }, alarm: 'KafkaGarbageCollection' },
      ),
    ],
  },
};
