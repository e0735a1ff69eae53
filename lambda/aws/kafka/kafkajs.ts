/** The adapter over kafkajs, the only file that knows this client. */
import {
  Kafka,
  logLevel,
  type Message,
  type PartitionerArgs,
  type PartitionMetadata,
  Partitioners,
  type ProducerConfig,
} from 'kafkajs';
import { CLIENT_ID, loginToken, portOf, reopening, RETRY, TIMEOUTS } from './adapter-base';
import { createBatchingProducer, type ProducerSession } from './batching-producer';
import { type Admin, type KafkaOptions, type KafkaPort, type PartitionEnds, type Producer } from './port';

/** A client whose connect fails may have connected already, and failed after that: a producer fetches its id then. */
async function connected<C extends { connect(): Promise<void>; disconnect(): Promise<void> }>(client: C): Promise<C> {
  try {
    await client.connect();
    return client;
  } catch (error) {
    void client.disconnect().catch(() => undefined);
    throw error;
  }
}

/**
 * What kafkajs does after a failure shapes the batching producer (both seen in its `producer/sendMessages.js`):
 * - After a failed sendBatch its sequence numbers may lag behind the broker's, and a later batch is lost.
 * - A sendBatch that spans brokers is repeated as a whole when one of them fails, while the others' requests are still in
 *   flight, which stores records twice.
 */
export function createProducer(kafka: Kafka, topic: string): Producer {
  const partitioner = Partitioners.DefaultPartitioner();
  /** The topic's partitions as of the last sendBatch; empty before the first. */
  let metadata: PartitionMetadata[] = [];

  async function openSession(): Promise<ProducerSession> {
    const settings: ProducerConfig = {
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: () => (args: PartitionerArgs) => {
        metadata = args.partitionMetadata;
        return (args.message.partition ??= partitioner(args));
      },
    };
    const producer = await connected(kafka.producer(settings));
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

  return createBatchingProducer({
    openSession,
    partitionOf: (key) =>
      metadata.length > 0
        ? partitioner({ topic, partitionMetadata: metadata, message: { key, value: null } })
        : undefined,
    leaderOf: (partition) => metadata.find(({ partitionId }) => partitionId === partition)?.leader,
  });
}

function toOffset(text: string): number {
  const offset = Number(text);
  if (!Number.isSafeInteger(offset)) throw new Error(`offset must be an integer below 2^53, got '${text}'`);
  return offset;
}

const byPartition = (a: { partition: number }, b: { partition: number }) => a.partition - b.partition;

function createAdmin(kafka: Kafka): Admin {
  const connection = reopening(
    () => connected(kafka.admin()),
    (admin) => admin.disconnect(),
  );

  async function endOffsets(topic: string): Promise<readonly PartitionEnds[]> {
    const ends = await connection.use((admin) => admin.fetchTopicOffsets(topic));
    return ends
      .map(({ partition, low, high }) => ({ partition, low: toOffset(low), high: toOffset(high) }))
      .sort(byPartition);
  }

  return {
    endOffsets,
    async offsetsAt(topic, timestampMs) {
      // Where no record is late enough, kafkajs returns the high watermark, which it reads before the look-up. That one is
      // never below the high watermark read here before: an offset below is a record's, one at or above it may not be.
      const highs = new Map((await endOffsets(topic)).map(({ partition, high }) => [partition, high]));
      const found = await connection.use((admin) => admin.fetchTopicOffsetsByTimestamp(topic, timestampMs));
      return found
        .map(({ partition, offset }) => {
          const at = toOffset(offset);
          const high = highs.get(partition) ?? 0;
          return { partition, offset: Math.min(at, high), found: at < high };
        })
        .sort(byPartition);
    },
    close: () => connection.close(),
  };
}

/** Opens nothing yet: connections are made by the first call that needs them. */
export function connectKafkajs(options: KafkaOptions): KafkaPort {
  const { brokers, auth, topic } = options;
  const kafka = new Kafka({
    clientId: CLIENT_ID,
    brokers: typeof brokers === 'function' ? brokers : [...brokers],
    ssl: auth === 'iam',
    sasl: { mechanism: 'oauthbearer', oauthBearerProvider: () => loginToken(options) },
    connectionTimeout: TIMEOUTS.connectMs,
    authenticationTimeout: TIMEOUTS.requestMs,
    requestTimeout: TIMEOUTS.requestMs,
    retry: {
      initialRetryTime: RETRY.firstMs,
      multiplier: RETRY.factor,
      maxRetryTime: RETRY.longestMs,
      retries: RETRY.times,
    },
    // Errors that retries do not fix reach the caller. In an outage the client would log ten lines a second beside that.
    logLevel: logLevel.NOTHING,
  });
  return portOf(topic, createProducer(kafka, topic), createAdmin(kafka));
}
