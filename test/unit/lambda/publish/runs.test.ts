import { makeHandler } from '../../../../lambda/publish/handler';
import { planStore } from '../../../../lambda/aws/plan';
import { runPublisher } from '../../../../lambda/publish/runs';
import { CHUNK } from '../../../../lambda/formats/view-run';
import { viewKey } from '../../../../lambda/formats/keys';
import { intervalName } from '../../../../lambda/domain/intervals';
import { type Row } from '../../../../lambda/domain/sorted-run';
import { findView } from '../../../../lambda/domain/views';
import { memoryBatchStore, publishedCounts } from '../../../support/memory-batch-store';
import { MemoryLake } from '../../../support/memory-lake';
import { viewObject } from '../../../../tools/simulate/models/views-engine';

const VIEW = findView('posts_by_category')!;
const HOUR = 3_600_000;
const INTERVAL = Date.parse('2026-11-22T21:00:00Z');
const PERIOD = intervalName(INTERVAL);

const rowsOf = (count: number, value = 1): Row[] =>
  Array.from({ length: count }, (_, i) => ({ key: [`category ${String(i).padStart(6, '0')}`], value }));

function setUp() {
  const [lake, store, clock] = [new MemoryLake(), memoryBatchStore(), { now: 10 * HOUR }];
  const runs = runPublisher({ lake, store, topic: 'posts', now: () => clock.now });
  const publish = async (rows: readonly Row[]) => {
    await lake.put(viewKey(INTERVAL, VIEW.name), viewObject(VIEW, INTERVAL, rows));
    return runs.interval(VIEW, INTERVAL);
  };
  return { lake, store, clock, runs, publish };
}

describe('a published run', () => {
  test('is replaced at once, and the chunks of the old one are deleted when no reader can be at them', async () => {
    const { store, clock, runs, publish } = setUp();
    const many = 2 * CHUNK.rows;
    await publish(rowsOf(many));
    const old = [...store.chunks.keys()];
    await publish(rowsOf(many, 2));
    expect((await publishedCounts(store, VIEW, PERIOD))!.get('category 000000')).toBe(2);
    clock.now += HOUR - 1;
    await expect(runs.deleteUnreferenced()).resolves.toBe(0);
    expect([...store.chunks.keys()]).toEqual(expect.arrayContaining(old));
    clock.now += 1;
    await expect(runs.deleteUnreferenced()).resolves.toBe(1);
    expect([...store.chunks.keys()].filter((name) => old.includes(name))).toEqual([]);
    expect((await publishedCounts(store, VIEW, PERIOD))!.size).toBe(many);
    expect(store.unreferenced.size).toBe(0);
  });

  test('that was replaced is deleted at once where this is asked for, unless a run is publishing', async () => {
    const { lake, store, clock, runs, publish } = setUp();
    await publish(rowsOf(2 * CHUNK.rows));
    await publish(rowsOf(3));
    const handler = makeHandler({
      ...{ lake, store, topic: 'posts', intervalMinutes: 60, now: () => clock.now, report: () => undefined },
    });
    await planStore(lake, 60, () => clock.now).acquire('publishing', { force: false });
    const erase = () => handler({ run: 'erase', replaced: 'delete' });
    await expect(erase()).resolves.toMatchObject({ state: 'superseded', holder: 'publishing' });
    expect(store.chunks.size).toBe(2);
    clock.now += HOUR / 2 + 1;
    await expect(erase()).resolves.toEqual({ state: 'done', deleted: 1 });
    expect([store.chunks.size, store.unreferenced.size]).toEqual([0, 0]);
    expect((await publishedCounts(store, VIEW, PERIOD))!.size).toBe(3);
    await expect(runs.deleteUnreferenced(0)).resolves.toBe(0);
    // The lease is free again.
    await planStore(lake, 60, () => clock.now).acquire('next', { force: false });
  });

  test('that is made again of the same rows is the same, and is not deleted', async () => {
    const { store, clock, runs, publish } = setUp();
    await publish(rowsOf(2 * CHUNK.rows));
    const [pointers, chunks] = [new Map(store.runs), new Map(store.chunks)];
    await publish(rowsOf(2 * CHUNK.rows));
    clock.now += 2 * HOUR;
    await expect(runs.deleteUnreferenced()).resolves.toBe(0);
    expect([store.runs, store.chunks]).toEqual([pointers, chunks]);
  });

  test('leaves nothing behind where a run died at any write', async () => {
    const whole = setUp();
    await whole.publish(rowsOf(40 * CHUNK.rows));
    for (const crash of [0, 1, 16, 17, 39, 40]) {
      const { store, clock, runs, publish } = setUp();
      let left = crash;
      store.beforeWrite = () => {
        if (left-- === 0) throw new Error('the process died');
      };
      await expect(publish(rowsOf(40 * CHUNK.rows))).rejects.toThrow('the process died');
      clock.now += 2 * HOUR;
      await publish(rowsOf(3));
      await runs.deleteUnreferenced();
      expect([store.chunks.size, store.unreferenced.size]).toEqual([0, 0]);
    }
  }, 60_000);

  test('of a day is that of its intervals, chunk by chunk', async () => {
    const { store, runs, publish } = setUp();
    await publish(rowsOf(2 * CHUNK.rows));
    const day = '2026-11-22';
    await expect(runs.rollUp(VIEW, day, [PERIOD, '2026-11-22T22-00'])).resolves.toMatchObject({ rows: 2 * CHUNK.rows });
    expect(await publishedCounts(store, VIEW, day)).toEqual(await publishedCounts(store, VIEW, PERIOD));
    await expect(runs.rollUp(VIEW, '2026-11-23', ['2026-11-23T00-00'])).resolves.toBeUndefined();
  });
});
