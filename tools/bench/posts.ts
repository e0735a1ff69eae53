/** Posts for the benches: those of the load generator, as Kafka stores them and as Lambda delivers them. */
import { type KafkaRecord } from '../../lambda/domain/decode';
import { type LambdaKafkaEvent } from '../../lambda/runtime/kafka-event';
import { envelopeOf, generate } from '../loadgen/generate';
import { lambdaEvent } from '../../test/support/posts-log';

export const TOPIC = 'posts';
const PARTITIONS = 4;
export const START = Date.parse('2026-11-22T21:00:00Z');
const SEED = 1;

/** What fits the 6 MB that an event source delivers at most. */
export const POSTS_PER_BATCH = 4_000;

/** Whole posts as JSON with their keys. Each call returns the next ones: no post occurs twice. */
export interface Posts {
  take(count: number): { readonly key: string; readonly text: string }[];
}

/** @param most maximum number of posts: the numbers of names and posters grow with it */
export function posts(most: number): Posts {
  const source = generate({ posts: most, seed: SEED });
  return {
    take: (count) =>
      Array.from({ length: count }, () => {
        const next = source.next();
        if (next.done) throw new Error(`more than the ${most} posts that were announced are asked for`);
        return { key: next.value.key, text: envelopeOf(next.value) };
      }),
  };
}

/** One post a record, in turn over the partitions: a batch is ten milliseconds of the topic. */
export function records(from: Posts, count: number): KafkaRecord[] {
  return from.take(count).map(({ key, text }) => {
    const index = Number(key);
    return {
      partition: index % PARTITIONS,
      offset: Math.floor(index / PARTITIONS),
      timestamp: START + Math.floor(index / POSTS_PER_BATCH) * 10,
      key: Buffer.from(key),
      value: Buffer.from(text),
      headers: {},
    };
  });
}

/** Events of `count` posts each, made before anything is measured. */
export function batches(rounds: number, count: number): LambdaKafkaEvent[] {
  const source = posts(rounds * count);
  return Array.from({ length: rounds }, () => lambdaEvent(TOPIC, records(source, count)));
}

/** The minimum work of any consumer of an event. */
export function parseOnly(event: LambdaKafkaEvent): void {
  for (const record of Object.values(event.records).flat()) {
    JSON.parse(Buffer.from(record.value!, 'base64').toString('utf8'));
  }
}
