/** The queues in which an event source's partitions wait for their next invocation. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type EventSourcePlan } from '../../assembly/local-plan';
import { type BatchLimits, dueIn, envelopeBytes, type Queued, takeBatch } from './batching';
import { PAYLOAD_LIMIT } from './function-host';

/** State of a partition that is assigned to an event source. */
export interface Partition {
  readonly topic: string;
  readonly partition: number;
  /** Records that were read and are not yet in an invocation. */
  queue: Queued[];
  queuedBytes: number;
  /** All records below this offset were read; after a reconnection Kafka sends uncommitted records again. */
  next: bigint;
  /** Assigned to another consumer: records in flight are not committed. */
  revoked: boolean;
  paused: boolean;
}

export const keyOf = (topic: string, partition: number) => `${topic}-${partition}`;

/** One invocation at a time for the partitions that share the slot, so a partition's batches never overlap. */
export class Slot {
  readonly partitions: Partition[] = [];
  readonly done: Promise<void>;
  private notify: () => void = () => undefined;

  constructor(
    private readonly plan: EventSourcePlan,
    private readonly brokers: string,
    private readonly stopping: AbortSignal,
    private readonly process: (batch: readonly Queued[], owners: readonly Partition[]) => Promise<void>,
  ) {
    this.done = this.run();
  }

  wake(): void {
    this.notify();
  }

  private limits(): BatchLimits {
    const names = this.partitions.map(({ topic, partition }) => keyOf(topic, partition));
    const envelope = envelopeBytes(this.plan.clusterArn, this.brokers, names);
    return { count: this.plan.batchSize, bytes: PAYLOAD_LIMIT - envelope };
  }

  private async run(): Promise<void> {
    while (!this.stopping.aborted) {
      const owners = this.partitions.filter(({ revoked }) => !revoked);
      const queues = owners.map(({ queue }) => queue);
      const limits = this.limits();
      const wait = dueIn(queues, limits, this.plan.windowSeconds * 1000, Date.now());
      if (wait !== 0) {
        await this.woken(wait);
        continue;
      }
      const batch = takeBatch(queues, limits).flatMap((count, i) => this.dequeue(owners[i], count));
      await this.process(batch, owners);
    }
  }

  private dequeue(owner: Partition, count: number): Queued[] {
    const taken = owner.queue.slice(0, count);
    owner.queue = owner.queue.slice(count);
    owner.queuedBytes -= taken.reduce((sum, { bytes }) => sum + bytes, 0);
    return taken;
  }

  private async woken(wait: number | undefined): Promise<void> {
    const timer = new AbortController();
    const notified = new Promise<void>((resolve) => (this.notify = resolve));
    const stopped = new Promise<void>((resolve) =>
      this.stopping.addEventListener('abort', () => resolve(), { signal: timer.signal, once: true }),
    );
    const due = wait === undefined ? [] : [sleep(wait, undefined, { signal: timer.signal }).catch(() => undefined)];
    await Promise.race([notified, stopped, ...due]);
    timer.abort();
  }
}
