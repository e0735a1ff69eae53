/**
 * The producer of the port, over any client. Concurrent senders share a batch: while one is in flight, others queue up and go
 * together. A batch is split by leader, so that a broker that fails takes no other broker's records with it.
 *
 * Invariants, which make _acknowledged = stored once_ hold with any idempotent client:
 * - One batch is in flight at a time: no later sequence number overtakes an earlier one.
 * - A session that failed is thrown away. Its sequence numbers may lag behind the broker's: the next batch would carry numbers
 *   that the broker has stored already, and be acknowledged as a duplicate without being stored. A new session has a producer
 *   id of its own and counts from 0.
 */
import { type OutgoingRecord, type Producer, type SendResult } from './port';

export interface ProducerLimits {
  /** How long a sender waits at most, ms. @default 9000 */
  readonly sendTimeout?: number;
  /** How long one batch may take, ms. @default 8000 */
  readonly batchTimeout?: number;
  /** Bytes of a partition in one batch; brokers reject batches of more than about 1 MB. @default 900000 */
  readonly partitionBytes?: number;
  /** Records in one batch: kafkajs groups them in quadratic time. @default 2000 */
  readonly batchRecords?: number;
  /** After a pause of this length the session is opened anew: a function thawed later finds dead sockets. @default 240000 */
  readonly idle?: number;
}

export interface BatchEntry {
  readonly record: OutgoingRecord;
  /** Undefined until the topic's partitions are known. The session fills it in at the latest. */
  partition: number | undefined;
}

/** Where the first record of a batch lies in its partition; the others follow it in their order. */
export interface Acknowledgement {
  readonly partition: number;
  readonly baseOffset: number;
  /** Milliseconds since the epoch. */
  readonly logAppendTime: number;
}

/** One idempotent producer of a client, with a producer id of its own. */
export interface ProducerSession {
  /** Sends entries of one leader, or of all while no partitions are known. One acknowledgement for each partition. */
  sendBatch(entries: readonly BatchEntry[]): Promise<readonly Acknowledgement[]>;
  /** Ends it, though batches may be in flight. Is called twice in that case. */
  close(): Promise<void>;
}

export interface BatchingClient {
  openSession(): Promise<ProducerSession>;
  /** The partition of a key. Undefined until the topic's partitions are known. */
  partitionOf(key: string): number | undefined;
  leaderOf(partition: number | undefined): number | undefined;
}

interface Entry extends BatchEntry {
  readonly bytes: number;
  /** Undefined once the sender has its result. */
  settle: ((result: SendResult) => void) | undefined;
}

/** Bytes that a record takes beside its value and key. */
const RECORD_OVERHEAD = 100;

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

const isAwaited = ({ settle }: Entry) => settle !== undefined;

function within<T>(work: Promise<T>, milliseconds: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} took longer than ${milliseconds} ms`)), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

export function createBatchingProducer(client: BatchingClient, limits: ProducerLimits = {}): Producer {
  const { sendTimeout = 9_000, batchTimeout = 8_000, partitionBytes = 900_000, batchRecords = 2_000 } = limits;
  const { idle = 240_000 } = limits;

  let current: Promise<ProducerSession> | undefined;
  /** The newest batch of `current`. */
  let work: Promise<void> | undefined;
  let lastUsed = 0;
  let queue: Entry[] = [];
  let pumping = false;

  /** Closes the session now, and once more after its batch: kafkajs goes on trying, and connects the closed producer again. */
  async function endSession(): Promise<void> {
    const ended = current;
    current = undefined;
    const close = () => ended?.then((session) => session.close()).catch(() => undefined);
    void work?.then(close, close);
    work = undefined;
    await close();
  }

  /** Takes from the queue what one batch can carry: no partition gets more than a broker takes in one piece. */
  function takeBatch(): Entry[] {
    const bytes = new Map<number | undefined, number>();
    let taken = 0;
    for (; taken < queue.length && taken < batchRecords; taken++) {
      const entry = queue[taken];
      if (entry.record.key !== null) entry.partition ??= client.partitionOf(entry.record.key);
      const sum = (bytes.get(entry.partition) ?? 0) + entry.bytes;
      if (bytes.has(entry.partition) && sum > partitionBytes) break;
      bytes.set(entry.partition, sum);
    }
    const batch = queue.slice(0, taken);
    queue = queue.slice(taken);
    return batch.filter(isAwaited);
  }

  async function sendToLeader(session: ProducerSession, entries: readonly Entry[]): Promise<void> {
    const acknowledged = await session.sendBatch(entries);
    const next = new Map(
      acknowledged.map(({ partition, baseOffset, logAppendTime }) => [
        partition,
        { offset: baseOffset, logAppendTime },
      ]),
    );
    for (const entry of entries) {
      const partition = entry.partition!;
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
  async function sendToLeaders(session: ProducerSession, batch: readonly Entry[]): Promise<void> {
    const byLeader = Map.groupBy(batch, ({ partition }) => client.leaderOf(partition));
    const outcomes = await Promise.allSettled(
      [...byLeader.values()].map(async (entries) => {
        try {
          await sendToLeader(session, entries);
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
    if (Date.now() - lastUsed > idle) void endSession();
    current ??= client.openSession();
    const mine = current;
    // What was given up while the session opened may be sent again by its client already: a frozen function goes on hours later.
    work = mine.then((session) => sendToLeaders(session, batch.filter(isAwaited)));
    try {
      await within(work, batchTimeout, 'kafka');
      work = undefined;
      lastUsed = Date.now();
    } catch (error) {
      if (current === mine) void endSession();
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
            record,
            partition: record.partition,
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
      for (const { settle } of queue) settle?.({ ok: false, error: 'the producer was closed' });
      await endSession();
    },
  };
}
