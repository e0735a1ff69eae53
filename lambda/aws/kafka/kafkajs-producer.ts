/**
 * Sessions of kafkajs for the batching producer. What kafkajs does after a failure shapes that one (both seen in its
 * `producer/sendMessages.js`):
 * - After a failed sendBatch its sequence numbers may lag behind the broker's, and a later batch is lost.
 * - A sendBatch that spans brokers is repeated as a whole when one of them fails, while the others' requests are still in
 *   flight, which stores records twice.
 */
import { Partitioners, type Kafka, type Message, type PartitionerArgs, type PartitionMetadata } from 'kafkajs';
import { TIMEOUTS } from './adapter';
import { createBatchingProducer, type ProducerLimits, type ProducerSession } from './batching-producer';
import { type Producer } from './port';

export function createProducer(kafka: Kafka, topic: string, limits?: ProducerLimits): Producer {
  const partitioner = Partitioners.DefaultPartitioner();
  /** The topic's partitions as of the last sendBatch; empty before the first. */
  let metadata: PartitionMetadata[] = [];

  async function openSession(): Promise<ProducerSession> {
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: () => (args: PartitionerArgs) => {
        metadata = args.partitionMetadata;
        return (args.message.partition ??= partitioner(args));
      },
    });
    await producer.connect();
    return {
      async sendBatch(entries) {
        const messages = entries.map(({ record, partition }): Message => ({ ...record, partition }));
        const responses = await producer.sendBatch({
          acks: -1,
          timeout: TIMEOUTS.requestMs,
          topicMessages: [{ topic, messages }],
        });
        entries.forEach((entry, i) => (entry.partition = messages[i].partition));
        return responses.map(({ partition, baseOffset, logAppendTime }) => ({
          partition,
          baseOffset: Number(baseOffset),
          logAppendTime: Number(logAppendTime),
        }));
      },
      close: () => producer.disconnect(),
    };
  }

  return createBatchingProducer(
    {
      openSession,
      partitionOf: (record) =>
        metadata.length > 0 ? partitioner({ topic, partitionMetadata: metadata, message: record }) : undefined,
      leaderOf: (partition) => metadata.find(({ partitionId }) => partitionId === partition)?.leader,
    },
    limits,
  );
}
