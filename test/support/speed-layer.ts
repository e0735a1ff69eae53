/** The speed layer of tests: the real aggregate handler over a store, and posts that give the counts that a test wants. */
import fc from 'fast-check';
import { makeHandler, type AggregateDeps } from '../../lambda/aggregate/handler';
import { type AggregateStore } from '../../lambda/aws/keyspaces/store';
import { type KafkaRecord } from '../../lambda/domain/decode';
import { type View } from '../../lambda/domain/views';
import { type FoldLimits } from '../../lambda/aggregate/folding';
import { sortedRows, type Counts } from '../../tools/kit/counts';

/** So that every batch becomes a run at once. */
export const FOLD_AT_ONCE: FoldLimits = { deltas: 1, bytes: 1, fewest: 1, runs: 8, ms: 60_000 };

/** So that some batches are folded at once and some wait, in a few tiers. */
export const foldsArbitrary: fc.Arbitrary<FoldLimits> = fc.record({
  deltas: fc.integer({ min: 1, max: 5 }),
  bytes: fc.constantFrom(1, 1_000),
  fewest: fc.integer({ min: 1, max: 2 }),
  runs: fc.integer({ min: 2, max: 3 }),
  ms: fc.constant(60_000),
});

/** @param make of another version. @default - of this one */
export function aggregateOver(store: AggregateStore, options: Partial<AggregateDeps> = {}, make = makeHandler) {
  return make({
    store,
    intervalMinutes: 60,
    horizon: 100,
    identityHorizonHours: 24,
    now: () => 0,
    report: () => undefined,
    log: { warn: () => undefined },
    ...options,
  });
}

export interface At {
  readonly timestamp: number;
  readonly partition?: number;
  /** Offset of the first one; also its index. */
  readonly from?: number;
}

/** Posts from which a view gets these counts. Its columns are category, country, poster_name and follower_count at most. */
export function recordsOf(view: View, counts: Counts, { timestamp, partition = 0, from = 0 }: At): KafkaRecord[] {
  const posts = sortedRows(view, counts).flatMap(({ key, value }) => {
    const columns: Record<string, unknown> = Object.fromEntries(view.dimensions.map((name, i) => [name, key[i]]));
    return view.value ? [{ ...columns, [view.value]: value }] : Array.from({ length: value }, () => columns);
  });
  return posts.map(({ country, ...pin }: Record<string, unknown>, i) => {
    const index = from + i;
    const geo = country === undefined ? {} : { geo: { ind: index, country } };
    const value = JSON.stringify({ pin: { category: 'art', ...pin, index }, ...geo });
    return {
      ...{ partition, offset: index, timestamp, headers: {} },
      ...{ key: Buffer.from(String(index)), value: Buffer.from(value) },
    };
  });
}
