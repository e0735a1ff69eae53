import { queryReader } from '../../../../lambda/query/reader';
import { encodeCounts } from '../../../../lambda/formats/counts-codec';
import { MAX_IN } from '../../../../lambda/aws/keyspaces/cql';
import { type QueryStore } from '../../../../lambda/aws/keyspaces/store';
import { findView } from '../../../../lambda/domain/views';
import { countsOf, inlineRun } from '../../../support/view-runs';

const VIEW = findView('posts_by_category')!;
const blobOf = (count: number) => encodeCounts(VIEW, new Map([['art', count]]));

function setUp(maxKeys = 100) {
  const runOf = (count: number) => inlineRun(VIEW, new Map([['art', count]]));
  const runs = new Map([
    ['2026-10', runOf(5)],
    ['2026-11-01', runOf(2)],
  ]);
  const clock = { now: 0 };
  const scans: (readonly number[])[] = [];
  let reads = 0;
  const store: QueryStore = {
    readBoundary: () => Promise.reject(new Error('unexpected')),
    readRun: async (_, period) => (reads++, runs.get(period)),
    readChunk: () => Promise.reject(new Error('unexpected')),
    scanSpeedRows: async (_, intervals) => {
      scans.push(intervals);
      return intervals.map((interval) => ({
        interval,
        partition: 0,
        appliedOffset: 1,
        asOf: interval,
        counts: blobOf(1),
      }));
    },
  };
  const reader = queryReader(store, 'posts', { ttl: 1000, maxKeys, now: () => clock.now });
  const read = async (...periods: string[]) => countsOf((await reader.batchRun(VIEW, periods)).rows());
  return { reader, read, runs, runOf, clock, scans, reads: () => reads };
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

test('speed rows are scanned for as many intervals at once as the store allows', async () => {
  const { reader, scans } = setUp();
  const intervals = Array.from({ length: MAX_IN + 1 }, (_, i) => i * 60_000);
  const found = await reader.speedCounts(VIEW, intervals);
  expect(scans.map((each) => each.length)).toEqual([MAX_IN, 1]);
  expect(found.map(({ interval }) => interval)).toEqual(intervals);
});
