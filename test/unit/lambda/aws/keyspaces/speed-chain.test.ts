import fc from 'fast-check';
import {
  asOfEnd,
  EMPTY_CHAIN,
  endOf,
  intervalOfEnd,
  readChain,
  wholeFrom,
} from '../../../../../lambda/aws/keyspaces/speed-chain';
import { VIEWS } from '../../../../../lambda/domain/views';
import { speedSchema } from '../../../../../lambda/formats/speed-head';
import { segmentOf } from '../../../../../lambda/formats/speed-log';
import { memoryStore, speedCounts, type MemoryStore } from '../../../../support/memory-store';
import { lambdaEvent, toRecord } from '../../../../support/posts-log';
import { aggregateOver, FOLD_AT_ONCE } from '../../../../support/speed-layer';

const HOUR = 3_600_000;
const BORDER = 2 ** 20;
const KEY = { topic: 'posts', partition: 0 };
const SCHEMA = speedSchema(VIEWS, 60);

const post = (offset: number, hour = 7, index = offset) =>
  toRecord({ kind: 'post', timestamp: hour * HOUR + 5, index, variant: 0, pin: true }, 0, offset);
const batch = (...offsets: number[]) =>
  lambdaEvent(
    'posts',
    offsets.map((offset) => post(offset)),
  );
const rangesOf = ({ deltas }: Awaited<ReturnType<typeof readChain>>) => deltas.map(({ from, to }) => [from, to]);

/** Counts what is read of the log. */
function watched(store: MemoryStore) {
  const reads: { readonly segment: number; readonly from: number; readonly rows: number }[] = [];
  const readLog: MemoryStore['readLog'] = async (key, segment, from) => {
    const rows = await store.readLog(key, segment, from);
    reads.push({ segment, from, rows: rows.length });
    return rows;
  };
  return { reads, store: { ...store, readLog } };
}

describe('the chain of a partition', () => {
  it('goes on over the end of a segment, wherever its rows end', async () => {
    const cuts = fc.uniqueArray(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(cuts, async (ends) => {
        const store = memoryStore();
        const handle = aggregateOver(store);
        const sorted = ends.sort((a, b) => a - b).map((end) => BORDER + end);
        for (const end of sorted) await handle(batch(end));
        const chain = await readChain(store, KEY, SCHEMA);
        expect(rangesOf(chain)).toEqual(sorted.map((end, i) => [i === 0 ? 0 : sorted[i - 1] + 1, end]));
        // A cold instance goes on there.
        await aggregateOver(store)(batch(BORDER + 5));
        expect(endOf(await readChain(store, KEY, SCHEMA, chain))).toBe(BORDER + 5);
        expect(store.logs.get('posts-0')!.map(({ from }) => segmentOf(from))).toContain(0);
      }),
      { numRuns: 50 },
    );
  });

  it('is read again only from the newest row on that is known of it', async () => {
    const { store, reads } = watched(memoryStore());
    const handle = aggregateOver(store);
    for (const offset of [0, 1, 2]) await handle(batch(offset));
    const known = await readChain(store, KEY, SCHEMA);
    await handle(batch(3));
    reads.length = 0;
    const chain = await readChain(store, KEY, SCHEMA, known);
    expect(reads).toEqual([{ segment: 0, from: 2, rows: 2 }]);
    expect(chain.deltas.slice(0, 3)).toEqual(known.deltas);
    expect(chain.deltas[0]).toBe(known.deltas[0]);
    expect(rangesOf(chain)).toEqual([0, 1, 2, 3].map((offset) => [offset, offset]));
  });

  it('forgets deltas that were folded meanwhile', async () => {
    const store = memoryStore();
    const handle = aggregateOver(store, { limits: { ...FOLD_AT_ONCE, deltas: 2, fewest: 2 } });
    await handle(batch(0));
    const known = await readChain(store, KEY, SCHEMA);
    for (const offset of [1, 2]) await handle(batch(offset));
    const chain = await readChain(store, KEY, SCHEMA, known);
    expect([chain.head.foldedTo, rangesOf(chain)]).toEqual([1, [[2, 2]]]);
  });

  it('does without the rows that are folded, when they expire', async () => {
    const store = memoryStore();
    const limits = { ...FOLD_AT_ONCE, deltas: 2, fewest: 2 };
    for (const offset of [0, 1, 2]) await aggregateOver(store, { limits })(batch(offset));
    const topic = { ...KEY, partitions: 1, intervalMinutes: 60 };
    const before = await speedCounts(store, topic);
    store.logs.set('posts-0', store.logs.get('posts-0')!.slice(2));
    expect(await speedCounts(store, topic)).toEqual(before);
    // Repeated posts are still known.
    await aggregateOver(store, { limits })(lambdaEvent('posts', [post(3, 7, 0), post(4, 7, 2)]));
    expect(await speedCounts(store, topic)).toEqual(before);
  });

  it('goes on behind the head where all rows expired, as new rows have its place', async () => {
    const store = memoryStore();
    const limits = { ...FOLD_AT_ONCE, deltas: 2, fewest: 2 };
    for (const offset of [0, 1, 2]) await aggregateOver(store, { limits })(batch(offset));
    store.logs.clear();
    store.chunks.clear();
    const chain = await readChain(store, KEY, SCHEMA);
    expect([endOf(chain), chain.deltas]).toEqual([1, []]);
    await aggregateOver(store, { limits })(lambdaEvent('posts', [post(3, 200)]));
    const after = await readChain(store, KEY, SCHEMA);
    expect([endOf(after), intervalOfEnd(after), asOfEnd(after)]).toEqual([3, 200 * HOUR, 200 * HOUR + 5]);
  });

  it('is read anew where the newest row that is known of it has expired, as a cold instance gives its place to others', async () => {
    const store = memoryStore();
    const limits = { ...FOLD_AT_ONCE, deltas: 2, fewest: 2 };
    for (const offset of [0, 1, 2]) await aggregateOver(store, { limits })(batch(offset));
    const known = await readChain(store, KEY, SCHEMA);
    expect(rangesOf(known)).toEqual([[2, 2]]);
    store.logs.clear();
    await aggregateOver(store, { limits })(lambdaEvent('posts', [post(3)]));
    const chain = await readChain(store, KEY, SCHEMA, known);
    expect(rangesOf(chain)).toEqual([[2, 3]]);
    expect(chain).toEqual(await readChain(store, KEY, SCHEMA));
  });

  it('is empty at first', async () => {
    expect(await readChain(memoryStore(), KEY, SCHEMA)).toEqual(EMPTY_CHAIN);
    expect([endOf(EMPTY_CHAIN), intervalOfEnd(EMPTY_CHAIN), asOfEnd(EMPTY_CHAIN)]).toEqual([-1, 0, 0]);
  });

  it('is whole from the interval behind the last delta of another list of views', async () => {
    const store = memoryStore();
    await aggregateOver(store, { views: VIEWS.slice(1) })(lambdaEvent('posts', [post(0, 7)]));
    await aggregateOver(store)(lambdaEvent('posts', [post(1, 7)]));
    expect(wholeFrom(await readChain(store, KEY, SCHEMA), SCHEMA)).toBe(8 * HOUR);
    await aggregateOver(store)(lambdaEvent('posts', [post(2, 9)]));
    expect(wholeFrom(await readChain(store, KEY, SCHEMA), SCHEMA)).toBe(8 * HOUR);
    expect(wholeFrom(EMPTY_CHAIN, SCHEMA)).toBe(0);
  });
});
