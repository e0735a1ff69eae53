/**
 * The idempotent producer. Concurrent senders share a sendBatch: while one is under way, others queue up and go together.
 *
 * Two habits of kafkajs shape it (both seen in its `producer/sendMessages.js`):
 * - After a failed sendBatch its sequence numbers may lag behind the broker's. The next batch would carry numbers that the
 *   broker has stored already and be acknowledged as a duplicate, unstored. So a producer that failed is thrown away: the
 *   next one has its own id, and numbers from 0.
 * - A sendBatch that spans brokers is repeated as a whole when one of them fails, while the others' requests are still
 *   under way, which stores records twice. So a batch is sent apart to each leader.
 */
import {
  Partitioners,
  type Kafka,
  type Message,
  type PartitionerArgs,
  type PartitionMetadata,
  type Producer as KafkajsProducer,
} from 'kafkajs';
import { type Producer, type SendResult } from './port';

export interface ProducerLimits {
  /** How long a sender waits at most, ms. @default 9000 */
  readonly sendTimeout?: number;
  /** How long one sendBatch may take, ms. @default 8000 */
  readonly batchTimeout?: number;
  /** How long a broker waits for its replicas, ms. @default 4000 */
  readonly ackTimeout?: number;
  /** Bytes of a partition in one sendBatch; brokers refuse batches of more than about 1 MB. @default 900000 */
  readonly partitionBytes?: number;
  /** Records in one sendBatch: kafkajs groups them in quadratic time. @default 2000 */
  readonly batchRecords?: number;
  /** After a pause of this length the connection is made anew: a function thawed later finds dead sockets. @default 240000 */
  readonly idle?: number;
}

interface Entry {
  /** What kafkajs is handed; its partition is filled in as soon as the topic's partitions are known. */
  readonly message: Message;
  readonly bytes: number;
  settle: ((result: SendResult) => void) | undefined;
}

/** Bytes that a record takes beside its value and key. */
const RECORD_OVERHEAD = 100;

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function within<T>(work: Promise<T>, milliseconds: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} took longer than ${milliseconds} ms`)), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

export function createProducer(kafka: Kafka, topic: string, limits: ProducerLimits = {}): Producer {
  const { sendTimeout = 9_000, batchTimeout = 8_000, partitionBytes = 900_000, batchRecords = 2_000 } = limits;
  const { idle = 240_000, ackTimeout = 4_000 } = limits;

  const partitioner = Partitioners.DefaultPartitioner();
  /** The topic's partitions as of the last sendBatch; empty before the first. */
  let metadata: PartitionMetadata[] = [];
  let current: Promise<KafkajsProducer> | undefined;
  let lastUsed = 0;
  let queue: Entry[] = [];
  let pumping = false;

  function connect(): Promise<KafkajsProducer> {
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: () => (args: PartitionerArgs) => {
        metadata = args.partitionMetadata;
        return (args.message.partition ??= partitioner(args));
      },
    });
    return producer.connect().then(() => producer);
  }

  /**
   * @param work what it is still at: one that was given up goes on trying, and would connect the producer again
   */
  function drop(work?: Promise<unknown>): void {
    const dropped = current;
    current = undefined;
    const disconnect = () => dropped?.then((producer) => producer.disconnect()).catch(() => undefined);
    void disconnect();
    void work?.then(disconnect, disconnect);
  }

  /** Takes from the queue what one sendBatch can carry: no partition gets more than a broker takes in one piece. */
  function takeBatch(): Entry[] {
    const bytes = new Map<number | undefined, number>();
    let taken = 0;
    for (; taken < queue.length && taken < batchRecords; taken++) {
      const { message, bytes: size } = queue[taken];
      if (metadata.length > 0) message.partition ??= partitioner({ topic, partitionMetadata: metadata, message });
      const sum = (bytes.get(message.partition) ?? 0) + size;
      if (bytes.has(message.partition) && sum > partitionBytes) break;
      bytes.set(message.partition, sum);
    }
    const batch = queue.slice(0, taken);
    queue = queue.slice(taken);
    return batch.filter((entry) => entry.settle);
  }

  /** Sends messages of one leader. The answer has a base offset a partition; records follow it in their order. */
  async function sendToLeader(producer: KafkajsProducer, entries: readonly Entry[]): Promise<void> {
    const messages = entries.map(({ message }) => message);
    const answers = await producer.sendBatch({ acks: -1, timeout: ackTimeout, topicMessages: [{ topic, messages }] });
    const next = new Map(
      answers.map((answer) => [
        answer.partition,
        { offset: Number(answer.baseOffset), logAppendTime: Number(answer.logAppendTime) },
      ]),
    );
    for (const entry of entries) {
      const partition = entry.message.partition!;
      const position = next.get(partition);
      entry.settle?.(
        position
          ? { ok: true, partition, offset: position.offset, logAppendTime: position.logAppendTime }
          : { ok: false, error: `no acknowledgement from partition ${partition}` },
      );
      if (position) position.offset++;
    }
  }

  /** @throws Error of a leader that did not take its part, when all are through */
  async function sendToLeaders(producer: KafkajsProducer, batch: readonly Entry[]): Promise<void> {
    const leaders = new Map(metadata.map(({ partitionId, leader }) => [partitionId, leader]));
    const byLeader = Map.groupBy(batch, ({ message }) => leaders.get(message.partition!));
    const outcomes = await Promise.allSettled(
      [...byLeader.values()].map(async (entries) => {
        try {
          await sendToLeader(producer, entries);
        } catch (error) {
          for (const { settle } of entries) settle?.({ ok: false, error: messageOf(error) });
          throw error;
        }
      }),
    );
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async function flush(batch: readonly Entry[]): Promise<void> {
    if (current && Date.now() - lastUsed > idle) drop();
    current ??= connect();
    const mine = current;
    const work = mine.then((producer) => sendToLeaders(producer, batch));
    try {
      await within(work, batchTimeout, 'kafka');
      lastUsed = Date.now();
    } catch (error) {
      if (current === mine) drop(work);
      for (const { settle } of batch) settle?.({ ok: false, error: messageOf(error) });
    }
  }

  async function pump(): Promise<void> {
    if (pumping) return;
    pumping = true;
    try {
      while (queue.length > 0) {
        const batch = takeBatch();
        if (batch.length > 0) await flush(batch);
      }
    } finally {
      pumping = false;
    }
  }

  return {
    send(records) {
      if (records.length === 0) return Promise.resolve([]);
      return new Promise((resolve) => {
        const results = new Array<SendResult>(records.length);
        let open = records.length;
        const entries = records.map((record, i) => {
          const entry: Entry = {
            message: { ...record },
            bytes: Buffer.byteLength(record.value) + (record.key?.length ?? 0) + RECORD_OVERHEAD,
            settle: (result) => {
              entry.settle = undefined;
              results[i] = result;
              if (--open === 0) {
                clearTimeout(timer);
                resolve(results);
              }
            },
          };
          return entry;
        });
        const timer = setTimeout(() => {
          for (const { settle } of entries) {
            settle?.({ ok: false, error: `kafka did not acknowledge within ${sendTimeout} ms` });
          }
        }, sendTimeout);
        for (const entry of entries) queue.push(entry);
        // In the next turn, so that senders of this one share the batch.
        setImmediate(() => void pump());
      });
    },
    async close() {
      const closing = current;
      current = undefined;
      await closing?.then((producer) => producer.disconnect()).catch(() => undefined);
    },
  };
}
