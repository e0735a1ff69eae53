/**
 * An event source mapping of a Kafka cluster: reads topics as a consumer group and invokes a function with batches.
 *
 * The contract is Lambda's: in order within a partition; a batch ends by count, window or 6 MB of payload; a failed batch is
 * retried, in order, until it succeeds; offsets are committed after success, so delivery is at least once.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, type Consumer, Kafka, logLevel } from 'kafkajs';
import { unsecuredToken } from '../../../lambda/aws/auth/msk-token';
import { type EventSourcePlan } from '../../assembly/local-plan';
import { kafkaEvent, type Queued, toQueued } from './batching';
import { keyOf, type Partition, Slot } from './event-source-slot';
import { type Invocation } from './function-host';

export interface EventSourceOptions {
  /** SASL listener, `host:port[,host:port]`. */
  readonly brokers: string;
  /** Invokes the function with an event, JSON. */
  readonly invoke: (event: string) => Promise<Invocation>;
  /** Called for each failed attempt and each loss of the connection. */
  readonly onError?: (message: string) => void;
}

export interface EventSourceMetrics {
  /** Successful attempts. */
  readonly invocations: number;
  /** Attempts that failed and were retried. */
  readonly retries: number;
  readonly records: number;
  /** Payload of the successful invocations, bytes. */
  readonly bytes: number;
  readonly lastError?: string;
}

export interface EventSource {
  readonly plan: EventSourcePlan;
  metrics(): EventSourceMetrics;
  /**
   * Number of records that this mapping has not yet committed, by `topic-partition`.
   * @throws Error if Kafka does not respond
   */
  lag(): Promise<Readonly<Record<string, number>>>;
  /** Stops reading, waits for the invocations in flight and commits their offsets. `lag` still works afterwards. */
  stop(): Promise<void>;
}

/** One poller has up to five concurrent invocations. @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html */
const INVOCATIONS_PER_POLLER = 5;
/** How long an idle fetch waits; a resumed partition is read after that time at the latest. Data ends the wait at once. */
const MAX_WAIT_MS = 250;
/** A partition with this much queued is paused, and resumed at half of it. */
const READ_AHEAD_BYTES = 16 * 1024 * 1024;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 2_000;
/** The pace of reconnections is constant: 400 ms. */
const RECONNECT_ATTEMPT = 2;
/** Short, so that a run after a crash does not wait long for the group's dead member. */
const SESSION_TIMEOUT_MS = 10_000;

const LOG_APPEND_TIME = 1;

/** Starts to poll. Returns at once, even if no broker is available yet. */
export function startEventSource(plan: EventSourcePlan, options: EventSourceOptions): EventSource {
  return new Poller(plan, options);
}

class Poller implements EventSource {
  private readonly kafka: Kafka;
  private readonly partitions = new Map<string, Partition>();
  private readonly slots: Slot[] = [];
  private assigned = 0;
  private readonly stopping = new AbortController();
  private readonly counts = { invocations: 0, retries: 0, records: 0, bytes: 0 };
  private lastError?: string;
  private consumer?: Consumer;
  private admin?: Promise<Admin>;
  private readonly running: Promise<void>;

  constructor(
    readonly plan: EventSourcePlan,
    private readonly options: EventSourceOptions,
  ) {
    this.kafka = new Kafka({
      clientId: `event-source-${plan.functionName}`,
      brokers: options.brokers.split(','),
      logLevel: logLevel.NOTHING,
      connectionTimeout: 2_000,
      sasl: { mechanism: 'oauthbearer', oauthBearerProvider: async () => unsecuredToken() },
    });
    this.running = this.keepConsuming();
  }

  metrics(): EventSourceMetrics {
    return { ...this.counts, ...(this.lastError === undefined ? {} : { lastError: this.lastError }) };
  }

  async lag(): Promise<Record<string, number>> {
    const admin = await (this.admin ??= this.connectAdmin());
    try {
      return await this.lagBy(admin);
    } catch (error) {
      // The next call uses a new connection.
      this.admin = undefined;
      await admin.disconnect().catch(() => undefined);
      throw error;
    }
  }

  private async lagBy(admin: Admin): Promise<Record<string, number>> {
    const lags: Record<string, number> = {};
    const committed = await admin.fetchOffsets({ groupId: this.plan.consumerGroup, topics: [...this.plan.topics] });
    for (const { topic, partitions } of committed) {
      const ends = await admin.fetchTopicOffsets(topic);
      for (const { partition, high, low } of ends) {
        const offset = BigInt(partitions.find((p) => p.partition === partition)?.offset ?? -1);
        const from = offset >= 0n ? offset : this.plan.startingPosition === 'LATEST' ? BigInt(high) : BigInt(low);
        lags[keyOf(topic, partition)] = Number(BigInt(high) - from);
      }
    }
    return lags;
  }

  private async connectAdmin(): Promise<Admin> {
    const admin = this.kafka.admin({ retry: { retries: 3 } });
    try {
      await admin.connect();
      return admin;
    } catch (error) {
      this.admin = undefined;
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.slots.map((slot) => slot.done));
    await this.running;
    const admin = await this.admin?.catch(() => undefined);
    this.admin = undefined;
    await admin?.disconnect();
  }

  /** Runs a consumer and replaces it when it has crashed. */
  private async keepConsuming(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const consumer = this.kafka.consumer({
        groupId: this.plan.consumerGroup,
        allowAutoTopicCreation: false,
        sessionTimeout: SESSION_TIMEOUT_MS,
        heartbeatInterval: 1_000,
        maxWaitTimeInMs: MAX_WAIT_MS,
        maxBytesPerPartition: 4 * 1024 * 1024,
        // A permanent failure becomes a crash, after which the consumer is replaced.
        retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5, restartOnFailure: async () => false },
      });
      try {
        await this.consumeUntilCrash(consumer);
      } catch (error) {
        this.note(`cannot consume: ${(error as Error).message}`);
      } finally {
        this.consumer = undefined;
        await consumer.disconnect().catch(() => undefined);
      }
      await this.backOff(RECONNECT_ATTEMPT);
    }
  }

  /** Resolves when stopped; throws when the consumer has crashed. */
  private async consumeUntilCrash(consumer: Consumer): Promise<void> {
    let end: (error?: Error) => void;
    const ended = new Promise<void>((resolve, reject) => {
      end = (error) => (error ? reject(error) : resolve());
    });
    // A crash may happen while run() still connects; it is awaited afterwards.
    ended.catch(() => undefined);
    consumer.on('consumer.crash', ({ payload }) => end(payload.error));
    consumer.on('consumer.group_join', ({ payload }) => this.assign(payload.memberAssignment));
    const stop = () => end();
    this.stopping.signal.addEventListener('abort', stop);
    try {
      await consumer.connect();
      await consumer.subscribe({
        topics: [...this.plan.topics],
        fromBeginning: this.plan.startingPosition === 'TRIM_HORIZON',
      });
      this.consumer = consumer;
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: true,
        eachBatch: async ({ batch, heartbeat }) => {
          this.enqueue(batch.topic, batch.partition, batch.messages as readonly Message[]);
          await heartbeat();
        },
      });
      await ended;
      await Promise.all(this.slots.map((slot) => slot.done));
    } finally {
      this.stopping.signal.removeEventListener('abort', stop);
    }
  }

  private assign(assignment: Readonly<Record<string, readonly number[]>>): void {
    for (const [key, state] of this.partitions) {
      if (!assignment[state.topic]?.includes(state.partition)) {
        state.revoked = true;
        state.queue = [];
        this.partitions.delete(key);
      }
    }
  }

  private enqueue(topic: string, partition: number, messages: readonly Message[]): void {
    const arrived = Date.now();
    const state = this.partitionOf(topic, partition);
    for (const message of messages) {
      if (BigInt(message.offset) < state.next) continue;
      const timestampType = message.batchContext?.timestampType === LOG_APPEND_TIME ? 'LOG_APPEND_TIME' : 'CREATE_TIME';
      const queued = toQueued({ ...message, topic, partition, timestampType }, arrived);
      state.queue.push(queued);
      state.queuedBytes += queued.bytes;
      state.next = queued.offset + 1n;
    }
    if (state.queuedBytes > READ_AHEAD_BYTES) {
      state.paused = true;
      this.consumer?.pause([{ topic, partitions: [partition] }]);
    }
    this.slots.find((slot) => slot.partitions.includes(state))!.wake();
  }

  private partitionOf(topic: string, partition: number): Partition {
    const key = keyOf(topic, partition);
    let state = this.partitions.get(key);
    if (!state) {
      state = { topic, partition, queue: [], queuedBytes: 0, next: 0n, revoked: false, paused: false };
      this.partitions.set(key, state);
      this.slotOfNext().partitions.push(state);
    }
    return state;
  }

  /** On demand, Lambda eventually uses one poller per partition; provisioned, the number of pollers limits the invocations. */
  private slotOfNext(): Slot {
    const most = (this.plan.maximumPollers ?? Infinity) * INVOCATIONS_PER_POLLER;
    const index = this.assigned++ % most;
    return (this.slots[index] ??= new Slot(this.plan, this.options.brokers, this.stopping.signal, (batch, owners) =>
      this.process(batch, owners),
    ));
  }

  /** Delivers and commits one batch. */
  private async process(batch: readonly Queued[], owners: readonly Partition[]): Promise<void> {
    for (const owner of owners) this.resumeIfRead(owner);
    if (!(await this.deliver(batch))) return;
    const ends = new Map<Partition, bigint>();
    for (const { topic, partition, offset } of batch) {
      const owner = owners.find((candidate) => candidate.topic === topic && candidate.partition === partition)!;
      ends.set(owner, offset + 1n);
    }
    await this.commit(ends);
  }

  /** Invokes until the batch succeeds. False if stopped before. */
  private async deliver(batch: readonly Queued[]): Promise<boolean> {
    const event = kafkaEvent(this.plan.clusterArn, this.options.brokers, batch);
    for (let attempt = 0; !this.stopping.signal.aborted; attempt++) {
      const invocation = await this.invoke(event);
      if (!invocation.error) {
        this.counts.invocations += 1;
        this.counts.records += batch.length;
        this.counts.bytes += Buffer.byteLength(event);
        return true;
      }
      this.counts.retries += 1;
      const { topic, partition, offset } = batch[0];
      this.note(
        `${batch.length} records from ${keyOf(topic, partition)} offset ${offset}: ` +
          `${invocation.error.errorType}: ${invocation.error.errorMessage}`,
      );
      await this.backOff(attempt);
    }
    return false;
  }

  private async invoke(event: string): Promise<Invocation> {
    try {
      return await this.options.invoke(event);
    } catch (error) {
      const { name, message } = error as Error;
      return { error: { errorType: name, errorMessage: message, trace: [] }, timedOut: false };
    }
  }

  /** Commits, with retries: otherwise a later run would repeat the batch. After a stop there is one attempt. */
  private async commit(ends: ReadonlyMap<Partition, bigint>): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const offsets = [...ends]
        .filter(([owner]) => !owner.revoked)
        .map(([{ topic, partition }, end]) => ({ topic, partition, offset: String(end) }));
      if (offsets.length === 0) return;
      try {
        if (!this.consumer) throw new Error('not connected');
        await this.consumer.commitOffsets(offsets);
        return;
      } catch (error) {
        this.note(`cannot commit: ${(error as Error).message}`);
        if (this.stopping.signal.aborted) return;
        await this.backOff(attempt);
      }
    }
  }

  private resumeIfRead(owner: Partition): void {
    if (owner.paused && owner.queuedBytes < READ_AHEAD_BYTES / 2) {
      owner.paused = false;
      this.consumer?.resume([{ topic: owner.topic, partitions: [owner.partition] }]);
    }
  }

  private async backOff(attempt: number): Promise<void> {
    const delay = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempt, 10));
    await sleep(delay, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  private note(message: string): void {
    if (this.stopping.signal.aborted) return;
    this.lastError = message;
    this.options.onError?.(`${this.plan.functionName}: ${message}`);
  }
}

/** kafkajs delivers the attributes of the record batch, although its types lack them. */
interface Message {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
  readonly batchContext?: { readonly timestampType?: number };
}
