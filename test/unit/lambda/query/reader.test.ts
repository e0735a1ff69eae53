import { queryReader } from '../../../../lambda/query/reader';
import { type QueryStore } from '../../../../lambda/aws/keyspaces/store';
import { findView } from '../../../../lambda/domain/views';
import { memoryStore } from '../../../support/memory-store';
import { lambdaEvent } from '../../../support/posts-log';
import { aggregateOver, recordsOf } from '../../../support/speed-layer';
import { countsOf, inlineRun } from '../../../support/view-runs';

const VIEW = findView('posts_by_category')!;
const HOUR = 3_600_000;

function setUp(maxKeys = 100) {
  const runOf = (count: number) => inlineRun(VIEW, new Map([['art', count]]));
  const runs = new Map([
    ['2026-10', runOf(5)],
    ['2026-11-01', runOf(2)],
  ]);
  const clock = { now: 0 };
  let reads = 0;
  const speed = memoryStore();
  const store: QueryStore = {
    ...speed,
    readBoundary: () => Promise.reject(new Error('unexpected')),
    readRun: async (_, period) => (reads++, runs.get(period)),
    readChunk: () => Promise.reject(new Error('unexpected')),
  };
  const reader = queryReader(store, {
    ...{ topic: 'posts', partitions: 2, intervalMinutes: 60 },
    cache: { ttl: 1000, maxKeys, now: () => clock.now },
  });
  const read = async (...periods: string[]) => countsOf((await reader.batchRun(VIEW, periods)).rows());
  return { reader, read, runs, runOf, clock, speed, reads: () => reads };
}

describe('batch rows', () => {
  it('are summed, without those that do not exist', async () => {
    const { read } = setUp();
    await expect(read('2026-10', '2026-11-01', '2026-11-02')).resolves.toEqual(new Map([['art', 7]]));
  });

  it('are kept for a while, by view and periods, so that a warm function need not read them again', async () => {
    const { read, runs, runOf, clock, reads } = setUp();
    await read('2026-10');
    runs.set('2026-10', runOf(6));
    clock.now = 999;
    await expect(read('2026-10')).resolves.toEqual(new Map([['art', 5]]));
    expect(reads()).toBe(1);
    await expect(read('2026-10', '2026-11-01')).resolves.toEqual(new Map([['art', 8]]));
    clock.now = 1000;
    await expect(read('2026-10')).resolves.toEqual(new Map([['art', 6]]));
    expect(reads()).toBe(4);
  });

  it('are read again if not all of them were read', async () => {
    const { reader, read, reads } = setUp();
    for await (const rows of (await reader.batchRun(VIEW, ['2026-10'])).rows()) if (rows.length > 0) break;
    await read('2026-10');
    expect(reads()).toBe(2);
  });

  it('are evicted, the oldest first, if they would use too much memory', async () => {
    const { read, reads } = setUp(1);
    await read('2026-10');
    await read('2026-11-01');
    expect(reads()).toBe(2);
    await read('2026-11-01');
    expect(reads()).toBe(2);
    await read('2026-10');
    expect(reads()).toBe(3);
  });
});

describe('speed rows', () => {
  it('are those of the intervals, with how far each partition is', async () => {
    const { reader, speed } = setUp();
    const counted = (count: number, hour: number, partition: number, from = 0) =>
      recordsOf(VIEW, new Map([['art', count]]), { timestamp: hour * HOUR + 5, partition, from });
    const batch = [...counted(1, 1, 0), ...counted(2, 2, 0, 1), ...counted(4, 3, 0, 3), ...counted(8, 2, 1)];
    await aggregateOver(speed)(lambdaEvent('posts', batch));
    const { parts, applied, version } = await reader.speedParts(VIEW, [2 * HOUR, 3 * HOUR]);
    const found = (await parts()).map(async ({ interval, rows }) => [interval / HOUR, ...(await countsOf(rows()))]);
    expect((await Promise.all(found)).sort()).toEqual([
      [2, ['art', 10]],
      [3, ['art', 4]],
    ]);
    expect([...applied]).toEqual([
      [0, 3 * HOUR + 5],
      [1, 2 * HOUR + 5],
    ]);
    await expect(reader.applied()).resolves.toEqual(applied);
    // Of what is appended later, even in the partition that is ahead, the version shows it.
    expect(version).toBe('[6,7]');
    await aggregateOver(speed)(lambdaEvent('posts', counted(1, 3, 0, 7)));
    expect((await reader.speedParts(VIEW, [3 * HOUR])).version).toBe('[7,7]');
  });

  it('of no interval are not looked for', async () => {
    const { reader, speed } = setUp();
    speed.readHead = () => Promise.reject(new Error('unexpected read'));
    const read = await reader.speedParts(VIEW, []);
    expect([read.version, read.applied, await read.parts()]).toEqual(['', new Map(), []]);
  });
});
