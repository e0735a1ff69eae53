import fc from 'fast-check';
import { countedViews } from '../../../../lambda/query/counted';
import { speedViews } from '../../../../lambda/aws/keyspaces/speed-reader';
import { mergeRuns, trimRun } from '../../../../lambda/domain/sorted-run';
import { CANARY_VIEW, findView, VIEWS, type View } from '../../../../lambda/domain/views';
import { speedSchema } from '../../../../lambda/formats/speed-head';
import { memoryStore, type MemoryStore } from '../../../support/memory-store';
import { lambdaEvent, logArbitrary, toRecord } from '../../../support/posts-log';
import { aggregateOver, FOLD_AT_ONCE, foldsArbitrary } from '../../../support/speed-layer';
import { countsOf } from '../../../support/view-runs';

const MINUTE = 60_000;
const START = Date.parse('2026-11-22T21:00:00Z');
const TOPIC = 'posts';
const SCHEMA = speedSchema(VIEWS, 1);
const INTERVALS = [0, 1, 2, 3, 4].map((minute) => START + minute * MINUTE);
const VIEW = findView('posts_by_category')!;

const post = (offset: number, minute = 0, partition = 0) =>
  toRecord(
    { kind: 'post', timestamp: START + minute * MINUTE, index: offset, variant: 0, pin: true },
    partition,
    offset,
  );

function readerOf(store: MemoryStore, partitions: number, maxKeys = 10_000, clock = { now: 0 }) {
  const speed = speedViews(store, TOPIC, SCHEMA, () => clock.now);
  const counted = countedViews(speed, maxKeys);
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  return async (view: View, intervals: readonly number[] = INTERVALS) => {
    const parts = await counted.parts(view, await speed.chains(all), intervals);
    const counts = parts.map(
      async ({ interval, rows }) => [(interval - START) / MINUTE, await countsOf(rows())] as const,
    );
    return new Map((await Promise.all(counts)).sort(([a], [b]) => a - b));
  };
}

/** What was counted before, part by part. */
async function plainly(store: MemoryStore, partitions: number, view: View) {
  const speed = speedViews(store, TOPIC, SCHEMA);
  const chains = await speed.chains(Array.from({ length: partitions }, (_, partition) => partition));
  const parts = await speed.parts(view, chains, INTERVALS[0], INTERVALS.at(-1)!);
  const found = new Map<number, Map<string, number>>();
  for (const interval of INTERVALS) {
    const runs = parts.filter((part) => part.interval === interval).map(({ rows }) => rows());
    if (runs.length > 0) found.set((interval - START) / MINUTE, await countsOf(trimRun(view, mergeRuns(view, runs))));
  }
  return found;
}

/** What is read, by name of the call. */
function watched(store: MemoryStore) {
  const calls: string[] = [];
  const note = <K extends 'readHead' | 'readLog' | 'readSpeedChunk' | 'listClosed'>(name: K) =>
    ({
      [name]: (...args: unknown[]) => (calls.push(name), (store[name] as (...all: unknown[]) => unknown)(...args)),
    }) as Pick<MemoryStore, K>;
  return {
    calls,
    store: { ...store, ...note('readHead'), ...note('readLog'), ...note('readSpeedChunk'), ...note('listClosed') },
  };
}

describe('what the speed layer has of a view', () => {
  it('is the same for a warm reader and a cold one, whatever is folded between two questions', async () => {
    const questions = fc.array(fc.constantFrom(...VIEWS, CANARY_VIEW), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        logArbitrary(START, 4 * MINUTE, 30),
        foldsArbitrary,
        fc.array(questions, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(0, 3, 10_000),
        async (specs, limits, turns, maxKeys) => {
          const store = memoryStore();
          const handle = aggregateOver(store, { intervalMinutes: 1, limits });
          const warm = readerOf(store, 2, maxKeys);
          const half = Math.ceil(specs.length / 2);
          const records = [
            ...specs.slice(0, half).map((spec, offset) => toRecord(spec, 0, offset)),
            ...specs.slice(half).map((spec, offset) => toRecord(spec, 1, offset)),
          ];
          const size = Math.ceil(records.length / turns.length);
          for (const [turn, views] of turns.entries()) {
            const some = records.slice(turn * size, (turn + 1) * size);
            if (some.length > 0) await handle(lambdaEvent(TOPIC, some));
            for (const view of views) {
              const found = await warm(view);
              expect(found).toEqual(await readerOf(store, 2)(view));
              expect(found).toEqual(await plainly(store, 2, view));
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is read by a warm reader without a row that was read before, but the newest', async () => {
    const { calls, store } = watched(memoryStore());
    const limits = { ...FOLD_AT_ONCE, deltas: 3, fewest: 3 };
    const handle = aggregateOver(store, { intervalMinutes: 1, limits });
    for (const offset of [0, 1, 2, 3]) await handle(lambdaEvent(TOPIC, [post(offset)]));
    const read = readerOf(store, 1);
    await expect(read(VIEW, [START])).resolves.toEqual(new Map([[0, new Map([['art', 4]])]]));
    // The second of them is folded: its deltas are known.
    for (const [offset, art] of [
      [4, 5],
      [5, 6],
      [6, 7],
    ]) {
      await handle(lambdaEvent(TOPIC, [post(offset)]));
      calls.length = 0;
      await expect(read(VIEW, [START])).resolves.toEqual(new Map([[0, new Map([['art', art]])]]));
      expect(calls.sort()).toEqual(['readHead', 'readLog']);
    }
  });

  it('of an interval that is over is read once', async () => {
    const { calls, store } = watched(memoryStore());
    const handle = aggregateOver(store, { intervalMinutes: 1 });
    for (const [offset, minute] of [0, 0, 1].entries()) await handle(lambdaEvent(TOPIC, [post(offset, minute)]));
    const read = readerOf(store, 1);
    const expected = new Map([
      [0, new Map([['art', 2]])],
      [1, new Map([['art', 1]])],
    ]);
    await expect(read(VIEW)).resolves.toEqual(expected);
    calls.length = 0;
    await expect(read(VIEW)).resolves.toEqual(expected);
    expect(calls.sort()).toEqual(['readHead', 'readLog']);
  });

  it('is read from its runs after a long while, not delta by delta', async () => {
    const { calls, store } = watched(memoryStore());
    const handle = aggregateOver(store, { intervalMinutes: 1, limits: { ...FOLD_AT_ONCE, deltas: 2, fewest: 2 } });
    await handle(lambdaEvent(TOPIC, [post(0)]));
    const clock = { now: 0 };
    const read = readerOf(store, 1, 10_000, clock);
    await read(VIEW, [START]);
    for (const offset of [1, 2, 3, 4]) await handle(lambdaEvent(TOPIC, [post(offset)]));
    clock.now = 2 * MINUTE + 1;
    calls.length = 0;
    const rows = jest.spyOn(store, 'readLog');
    await expect(read(VIEW, [START])).resolves.toEqual(new Map([[0, new Map([['art', 5]])]]));
    expect(rows.mock.calls.map(([, , from]) => from)).toEqual([4]);
    expect(calls.filter((call) => call === 'readSpeedChunk')).toHaveLength(2);
  });

  it('does not go on behind a row that has expired, whose place another one has', async () => {
    const store = memoryStore();
    const limits = { ...FOLD_AT_ONCE, deltas: 2, fewest: 2 };
    for (const offset of [0, 1, 2]) {
      await aggregateOver(store, { intervalMinutes: 1, limits })(lambdaEvent(TOPIC, [post(offset)]));
    }
    const read = readerOf(store, 1);
    await expect(read(VIEW, [START])).resolves.toEqual(new Map([[0, new Map([['art', 3]])]]));
    store.logs.clear();
    await aggregateOver(store, { intervalMinutes: 1, limits })(lambdaEvent(TOPIC, [post(2), post(3)]));
    await expect(read(VIEW, [START])).resolves.toEqual(new Map([[0, new Map([['art', 4]])]]));
  });

  it('has a partition that was added', async () => {
    const store = memoryStore();
    const handle = aggregateOver(store, { intervalMinutes: 1 });
    await handle(lambdaEvent(TOPIC, [post(0)]));
    const clock = { now: 0 };
    const speed = speedViews(store, TOPIC, SCHEMA, () => clock.now);
    const counted = countedViews(speed, 100);
    const read = async () => {
      const [part] = await counted.parts(VIEW, await speed.allChains(1), [START]);
      return countsOf(part.rows());
    };
    await expect(read()).resolves.toEqual(new Map([['art', 1]]));
    await handle(lambdaEvent(TOPIC, [post(0, 0, 1)]));
    clock.now = MINUTE + 1;
    await expect(read()).resolves.toEqual(new Map([['art', 2]]));
  });
});
