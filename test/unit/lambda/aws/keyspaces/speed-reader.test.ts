import fc from 'fast-check';
import { appliedBy, speedViews } from '../../../../../lambda/aws/keyspaces/speed-reader';
import { findView, VIEWS } from '../../../../../lambda/domain/views';
import { speedSchema } from '../../../../../lambda/formats/speed-head';
import { memoryStore, speedCounts, type MemoryStore } from '../../../../support/memory-store';
import { lambdaEvent, logArbitrary, toRecord } from '../../../../support/posts-log';
import { aggregateOver, FOLD_AT_ONCE, foldsArbitrary } from '../../../../support/speed-layer';
import { countsOf } from '../../../../support/view-runs';

const MINUTE = 60_000;
const START = Date.parse('2026-11-22T21:00:00Z');
const VIEW = findView('posts_by_category')!;
const SCHEMA = speedSchema(VIEWS, 1);
const TOPIC = { topic: 'posts', partitions: 1, intervalMinutes: 1 };

const post = (partition: number, offset: number, minute = 0) =>
  toRecord(
    { kind: 'post', timestamp: START + minute * MINUTE, index: offset, variant: 0, pin: true },
    partition,
    offset,
  );

/** What is read, by name of the call. */
function watched(store: MemoryStore) {
  const calls: string[] = [];
  const readHead: MemoryStore['readHead'] = (key) => (calls.push(`head ${key.partition}`), store.readHead(key));
  const readLog: MemoryStore['readLog'] = (key, segment, from) => {
    calls.push(`log ${key.partition} from ${from}`);
    return store.readLog(key, segment, from);
  };
  return { calls, store: { ...store, readHead, readLog } };
}

describe('the views of the speed layer', () => {
  it('are the same whatever is folded', async () => {
    await fc.assert(
      fc.asyncProperty(
        logArbitrary(START, 4 * MINUTE, 25),
        foldsArbitrary,
        fc.integer({ min: 1, max: 4 }),
        async (specs, at, size) => {
          const records = specs.map((spec, offset) => toRecord(spec, 0, offset));
          const [folded, single] = [memoryStore(), memoryStore()];
          const handle = aggregateOver(folded, { intervalMinutes: 1, limits: at });
          for (let from = 0; from < records.length; from += size) {
            await handle(lambdaEvent('posts', records.slice(from, from + size)));
          }
          await aggregateOver(single, { intervalMinutes: 1 })(lambdaEvent('posts', records));
          expect(await speedCounts(folded, TOPIC)).toEqual(await speedCounts(single, TOPIC));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are read of what is new and the newest row before it, once the rest is known', async () => {
    const { calls, store } = watched(memoryStore());
    const handle = aggregateOver(store, { intervalMinutes: 1 });
    await handle(lambdaEvent('posts', [post(0, 0), post(1, 0)]));
    const reader = speedViews(store, 'posts', SCHEMA);
    await reader.chains([0, 1]);
    await handle(lambdaEvent('posts', [post(0, 1), post(0, 2)]));
    calls.length = 0;
    const chains = await reader.chains([0, 1]);
    expect(calls.sort()).toEqual(['head 0', 'head 1', 'log 0 from 0', 'log 1 from 0']);
    const parts = await reader.parts(VIEW, chains, START, START);
    const found = parts.map(async ({ partition, rows }) => [partition, [...(await countsOf(rows()))]]);
    expect(await Promise.all(found)).toEqual([
      [0, [['art', 3]]],
      [1, [['art', 1]]],
    ]);
  });

  it('have the partitions that were added', async () => {
    const store = memoryStore();
    await aggregateOver(store, { intervalMinutes: 1 })(
      lambdaEvent('posts', [post(0, 0), post(1, 0, 1), post(2, 0, 2)]),
    );
    const clock = { now: 0 };
    const reader = speedViews(store, 'posts', SCHEMA, () => clock.now);
    expect([...appliedBy(await reader.allChains(1))]).toEqual([0, 1, 2].map((n) => [n, START + n * MINUTE]));
    // One that has nothing yet is not missing, and not applied.
    const chains = await reader.allChains(5);
    expect([[...chains.keys()], [...appliedBy(chains).keys()]]).toEqual([
      [0, 1, 2, 3, 4],
      [0, 1, 2],
    ]);
  });

  it('have a partition that was added behind one without a record, within a minute', async () => {
    const { calls, store } = watched(memoryStore());
    const handle = aggregateOver(store, { intervalMinutes: 1 });
    await handle(lambdaEvent('posts', [post(0, 0), post(1, 0)]));
    const clock = { now: 0 };
    const reader = speedViews(store, 'posts', SCHEMA, () => clock.now);
    expect([...(await reader.allChains(2)).keys()]).toEqual([0, 1]);
    await handle(lambdaEvent('posts', [post(3, 0)]));
    calls.length = 0;
    clock.now = MINUTE;
    expect([...(await reader.allChains(2)).keys()]).toEqual([0, 1]);
    expect(calls.filter((call) => call.startsWith('head'))).toEqual(['head 0', 'head 1']);
    clock.now = MINUTE + 1;
    expect([...(await reader.allChains(2)).keys()]).toEqual([0, 1, 2, 3]);
    clock.now++;
    expect([...appliedBy(await reader.allChains(2)).keys()]).toEqual([0, 1, 3]);
  });

  it('are those of the intervals that are asked for: closed, open and not folded', async () => {
    const store = memoryStore();
    const at = { intervalMinutes: 1, limits: { ...FOLD_AT_ONCE, deltas: 2, fewest: 2 } };
    const handle = aggregateOver(store, at);
    for (const [offset, minute] of [0, 1, 2, 2, 2].entries())
      await handle(lambdaEvent('posts', [post(0, offset, minute)]));
    const reader = speedViews(store, 'posts', SCHEMA);
    const chains = await reader.chains([0]);
    expect([chains.get(0)!.head.runs.length, chains.get(0)!.deltas.length]).toEqual([1, 1]);
    const asked = async (oldest: number, newest: number) => {
      const parts = await reader.parts(VIEW, chains, START + oldest * MINUTE, START + newest * MINUTE);
      const counts = parts.map(async ({ interval, rows }) => [
        (interval - START) / MINUTE,
        (await countsOf(rows())).get('art'),
      ]);
      return Promise.all(counts);
    };
    expect(await asked(0, 2)).toEqual([
      [0, 1],
      [1, 1],
      [2, 2],
      [2, 1],
    ]);
    expect(await asked(1, 1)).toEqual([[1, 1]]);
    expect(await asked(2, 9)).toEqual([
      [2, 2],
      [2, 1],
    ]);
    expect(await asked(3, 9)).toEqual([]);
    expect(await asked(-9, -1)).toEqual([]);
  });
});
