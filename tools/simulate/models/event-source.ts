/**
 * Lambda's event source of a topic: at least once, in order, one batch in flight a partition. Batches have any borders and partitions;
 * a batch that failed comes again, with other ones. After a rebalance what was not committed comes again, while the function may still
 * be at it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 */
import { type KafkaRecord } from '../../../lambda/domain/decode';
import { type LambdaKafkaEvent, type LambdaKafkaRecord } from '../../../lambda/runtime/kafka-event';
import { type Random, type World } from '../world';
import { type Topic } from './kafka';
import { type LambdaFunction } from './lambda';

export interface EventSourceOptions {
  readonly name: string;
  readonly topic: Topic;
  readonly target: LambdaFunction;
  /** The longest wait for a batch to fill, ms. */
  readonly windowMs: number;
  /** The most records of a partition in a batch. */
  readonly batch: number;
}

interface Position {
  /** The next offset to hand over. */
  next: number;
  inFlight: boolean;
  /** Of the poller: what an earlier one brings back no longer counts. */
  generation: number;
  failures: number;
}

const LONGEST_PAUSE_MS = 60_000;

export function lambdaRecord(topic: string, record: KafkaRecord): LambdaKafkaRecord {
  const { partition, offset, timestamp, key, value, headers } = record;
  return {
    topic,
    partition,
    offset,
    timestamp,
    timestampType: 'LOG_APPEND_TIME',
    key: key?.toString('base64') ?? null,
    value: value?.toString('base64') ?? null,
    headers: Object.entries(headers).map(([name, text]) => ({ [name]: [...Buffer.from(text)] })),
  };
}

export class EventSource {
  /** By partition. */
  private readonly positions: Position[] = [];
  private readonly random: Random;
  private polling = false;

  constructor(
    private readonly world: World,
    private readonly options: EventSourceOptions,
  ) {
    this.random = world.random.stream(`event source ${options.name}`);
  }

  /** There are records. */
  wake(): void {
    if (this.polling) return;
    this.polling = true;
    this.world.after(this.random.integer(1, this.options.windowMs), '', () => {
      this.polling = false;
      this.poll();
    });
  }

  /** The topic was made anew: its group is gone with it. */
  restart(): void {
    for (const position of this.positions) position.generation++;
    this.positions.length = 0;
  }

  /** The offset up to which everything was handed over. */
  committed(partition: number): number {
    return this.positions[partition]?.next ?? 0;
  }

  /** Another poller takes the partition over after a while, and begins some records before. */
  rebalance(partition: number, back: number, ms = 0): void {
    const position = this.positions[partition];
    if (!position) return;
    const generation = ++position.generation;
    position.inFlight = true;
    this.world.after(ms, '', () => {
      if (position.generation !== generation) return;
      position.inFlight = false;
      position.next = Math.max(0, position.next - back);
      this.world.note(`${this.options.name} partition ${partition} again from ${position.next}`);
      this.wake();
    });
  }

  private poll(): void {
    const { topic, batch } = this.options;
    while (this.positions.length < topic.partitions.length) {
      this.positions.push({ next: 0, inFlight: false, generation: 0, failures: 0 });
    }
    const ready = this.positions
      .map((position, partition) => ({ position, partition, log: topic.partitions[partition] }))
      .filter(({ position, log }) => !position.inFlight && position.next < log.records.length);
    // The partitions of one poller share a batch; there are some pollers.
    for (let left = this.random.shuffled(ready); left.length > 0;) {
      const together = left.splice(0, this.random.integer(1, left.length));
      this.hand(
        together.map(({ position, partition, log }) => {
          const from = Math.max(position.next, log.low);
          const to = Math.min(log.records.length, from + this.random.integer(1, batch));
          return { position, partition, records: log.records.slice(from, to) };
        }),
      );
    }
  }

  private hand(parts: readonly { position: Position; partition: number; records: readonly KafkaRecord[] }[]): void {
    const { topic, target, name } = this.options;
    const generations = parts.map(({ position }) => position.generation);
    const event: LambdaKafkaEvent = {
      eventSource: 'aws:kafka',
      records: Object.fromEntries(
        parts.map(({ partition, records }) => [
          `${topic.name}-${partition}`,
          records.map((record) => lambdaRecord(topic.name, record)),
        ]),
      ),
    };
    for (const { position } of parts) position.inFlight = true;
    const what = parts.map(({ partition, records }) => `${partition}:${records[0].offset}+${records.length}`).join(' ');
    const ended = (done: boolean) => {
      parts.forEach(({ position, records }, i) => {
        if (position.generation !== generations[i]) return;
        position.inFlight = false;
        position.failures = done ? 0 : position.failures + 1;
        if (done) position.next = records[records.length - 1].offset + 1;
      });
      const failures = Math.max(...parts.map(({ position }) => position.failures));
      if (done) this.wake();
      else this.world.after(Math.min(LONGEST_PAUSE_MS, 1_000 * 2 ** failures), `${name} again`, () => this.wake());
    };
    target.invoke(event, what).then(
      () => ended(true),
      () => ended(false),
    );
  }
}
