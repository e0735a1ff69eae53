/**
 * Kafka: a topic of partitions, each with a leader whose clock is its own, and may show the same time for a while. Records have append
 * time, which can go back. A producer whose answer is lost does not know whether its records are there; what it sends again under the
 * same sequence number is taken for the same. Retention takes records from the front. The real producer of the port runs over this
 * model.
 */
import { createBatchingProducer, type BatchEntry } from '../../../lambda/aws/kafka/batching-producer';
import { portOf } from '../../../lambda/aws/kafka/adapter-base';
import { type KafkaPort } from '../../../lambda/aws/kafka/port';
import { type KafkaRecord } from '../../../lambda/domain/decode';
import { type Process } from '../process';
import { type World } from '../world';

export interface Partition {
  /** Those before `low` are gone for readers. */
  records: KafkaRecord[];
  low: number;
  /** ms */
  readonly addedAt: number;
}

/** What a broker knows of a producer session and partition: its newest batch. */
interface Appended {
  readonly first: number;
  readonly records: number;
  readonly result: { readonly baseOffset: number; readonly logAppendTime: number };
}

/**
 * A broker closes a connection that is idle for so long.
 * @see https://kafka.apache.org/documentation/#brokerconfigs_connections.max.idle.ms
 */
const LONGEST_IDLE_MS = 10 * 60_000;

export class Topic {
  readonly partitions: Partition[] = [];
  /** What each broker's clock is ahead, ms. */
  readonly clocks: number[];
  /** How long each broker's clock shows the same time, ms. */
  readonly grains: number[];
  /** Called after each append. */
  onAppend: (partition: number) => void = () => undefined;

  constructor(
    private readonly world: World,
    readonly name: string,
    partitions: number,
    brokers = 3,
  ) {
    this.clocks = Array.from({ length: brokers }, () => 0);
    this.grains = Array.from({ length: brokers }, () => 1);
    this.grow(partitions);
  }

  /** Partitions are only ever added. */
  grow(partitions: number): void {
    while (this.partitions.length < partitions) {
      this.partitions.push({ records: [], low: 0, addedAt: this.world.now });
    }
  }

  /** Deleted, and made anew under the same name. */
  remake(): void {
    for (const each of this.partitions) Object.assign(each, { records: [], low: 0 });
  }

  append(partition: number, entries: readonly BatchEntry['record'][]): { baseOffset: number; logAppendTime: number } {
    const { records } = this.partitions[partition];
    const baseOffset = records.length;
    const broker = partition % this.clocks.length;
    const clock = this.world.now + this.clocks[broker];
    const timestamp = clock - (clock % this.grains[broker]);
    for (const { key, value, headers = {} } of entries) {
      records.push({
        partition,
        offset: records.length,
        timestamp,
        key: key === null ? null : Buffer.from(key),
        value: Buffer.from(value),
        headers,
      });
    }
    this.onAppend(partition);
    return { baseOffset, logAppendTime: timestamp };
  }

  /** What brokers know of one producer id: they take no batch twice, and none out of order. */
  session(): {
    append(partition: number, first: number, records: readonly BatchEntry['record'][]): Appended['result'];
  } {
    const appended = new Map<number, Appended>();
    return {
      append: (partition, first, records) => {
        const newest = appended.get(partition);
        if (newest?.first === first && newest.records === records.length) return newest.result;
        if (first !== (newest ? newest.first + newest.records : 0)) throw new Error('OUT_OF_ORDER_SEQUENCE_NUMBER');
        const result = this.append(partition, records);
        appended.set(partition, { first, records: records.length, result });
        return result;
      },
    };
  }

  /** Retention: records older than that are gone, but for the newest segment. */
  deleteBefore(timestamp: number): void {
    for (const partition of this.partitions) {
      const { records } = partition;
      while (partition.low < records.length - 1 && records[partition.low].timestamp < timestamp) partition.low++;
    }
  }

  partitionOf(key: string): number {
    let hash = 0;
    for (const letter of key) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0;
    return hash % this.partitions.length;
  }

  /** The port of a process. */
  port(process: Process): KafkaPort {
    const call = <T>(what: string, effect: () => T) =>
      process.call({ service: 'kafka', what, effect, failure: () => new Error('the broker did not respond') });
    let known = 0;
    const producer = createBatchingProducer({
      partitionOf: (key) => (known > 0 ? this.partitionOf(key) : undefined),
      leaderOf: (partition) => (partition === undefined ? undefined : partition % this.clocks.length),
      openSession: async () => {
        known = await call('open', () => this.partitions.length);
        /** By partition: the next sequence number. */
        const next = new Map<number, number>();
        const session = this.session();
        return {
          sendBatch: async (entries) => {
            const began = this.world.now;
            const acknowledged = await call(`produce ${entries.length}`, () => {
              // A function that was frozen meanwhile finds no broker at the other end.
              if (this.world.now - began > LONGEST_IDLE_MS) throw new Error('the connection was closed');
              for (const entry of entries) entry.partition ??= this.partitionOf(entry.record.key!);
              const byPartition = Map.groupBy(entries, ({ partition }) => partition!);
              return [...byPartition].map(([partition, some]) => {
                const records = some.map(({ record }) => record);
                const first = next.get(partition) ?? 0;
                return { partition, records: some.length, ...session.append(partition, first, records) };
              });
            });
            for (const { partition, records } of acknowledged)
              next.set(partition, (next.get(partition) ?? 0) + records);
            return acknowledged;
          },
          close: () => Promise.resolve(),
        };
      },
    });
    const endOffsets = () =>
      call('end offsets', () =>
        this.partitions.map(({ low, records }, partition) => ({ partition, low, high: records.length })),
      );
    return portOf(this.name, producer, {
      endOffsets,
      offsetsAt: async (_, timestamp) => {
        // As the adapter: the ends are read first, and what is found beyond them may not be a record's.
        const ends = await endOffsets();
        return call('offsets at', () =>
          ends.map(({ partition, high }) => {
            const { records, low } = this.partitions[partition];
            const found = records.findIndex((record) => record.offset >= low && record.timestamp >= timestamp);
            const offset = Math.min(found < 0 ? records.length : found, high);
            return { partition, offset, found: offset < high };
          }),
        );
      },
      close: () => Promise.resolve(),
    });
  }
}
