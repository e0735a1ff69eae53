import { behind, difference, isExpired } from '../../../../lambda/reconcile/core';
import { makeHandler, type ReconcileDeps } from '../../../../lambda/reconcile/handler';
import { intervalName } from '../../../../lambda/domain/intervals';
import { serialize } from '../../../../lambda/formats/interval-metadata';
import { driftKey, sealKey } from '../../../../lambda/formats/keys';
import { findView, type View } from '../../../../lambda/domain/views';
import { memoryBatchStore } from '../../../support/memory-batch-store';
import { lambdaEvent, toRecord } from '../../../support/posts-log';
import { aggregateOver, recordsOf } from '../../../support/speed-layer';
import { inlineRun, joinKey } from '../../../support/view-runs';
import { runOf } from '../../../../lambda/domain/sorted-run';
import { MemoryLake } from '../../../support/memory-lake';
import { sortedRows } from '../../../../tools/kit/counts';

const HOUR = 3_600_000;
const FIRST = Date.parse('2026-11-22T21:00:00Z');
const SECOND = FIRST + HOUR;
const CATEGORY = findView('posts_by_category')!;
const TOP: View = { ...findView('top_poster_by_country')!, merge: 'max', top: { groupBy: 1, keep: 1 } };

describe('the difference of counts', () => {
  it.each([
    [{}, {}, 0],
    [{ a: 1 }, { a: 1 }, 0],
    [{ a: 3, b: 1 }, { a: 1 }, 3],
    [{ a: 1 }, { a: 1, c: 4 }, 4],
    [{ a: 0 }, {}, 0],
  ] as const)('of %j and %j is %d', async (a, b, drift) => {
    const map = (counts: object) => new Map<string, number>(Object.entries(counts));
    const run = (counts: object) => runOf(sortedRows(CATEGORY, map(counts)));
    const [batch, speed] = [map(a).size, map(b).size];
    await expect(difference(run(a), run(b))).resolves.toEqual({ drift, batch, speed });
    await expect(difference(run(b), run(a))).resolves.toEqual({ drift, batch: speed, speed: batch });
  });
});

describe('the state of the speed layer', () => {
  it('is behind in a partition with an unapplied offset of the seal', () => {
    const ranges = [
      { partition: 0, from: 0, to: 0 },
      { partition: 1, from: 0, to: 5 },
      { partition: 2, from: 5, to: 5 },
      { partition: 3, from: 0, to: 5 },
    ];
    const applied = new Map([
      [1, 4],
      [2, 3],
      [3, undefined],
    ]);
    expect(behind(ranges, applied).map(({ partition }) => partition)).toEqual([2, 3]);
  });

  it('cannot be compared once the first row of the interval may have expired, which a fast clock dated an hour ahead', () => {
    expect(isExpired(FIRST, 24 * HOUR, FIRST + 23 * HOUR - 1)).toBe(false);
    expect(isExpired(FIRST, 24 * HOUR, FIRST + 23 * HOUR)).toBe(true);
  });
});

/** Five records of an interval: posts, then heartbeat records. Each partition has its own maximum; one of them remains after merging. */
function recordsIn(interval: number, partition: number, from: number) {
  const at = { timestamp: interval, partition };
  const [poster, followers] = partition ? ['Ann', 9] : ['Bob', 8];
  const top = recordsOf(TOP, new Map([[joinKey(['Fiji', poster]), followers]]), { ...at, from });
  const others = recordsOf(CATEGORY, new Map([['art', 1 + partition]]), { ...at, from: from + 1 });
  const posts = [...top, ...others];
  const rest = Array.from({ length: 5 - posts.length }, (_, i) =>
    toRecord({ kind: 'heartbeat', timestamp: interval, index: 0, variant: 0 }, partition, from + posts.length + i),
  );
  return [...posts, ...rest];
}

/** @param applied by partition, how many records the speed layer has at first */
async function setUp(options: Partial<ReconcileDeps> = {}, applied = [10, 10]) {
  const lake = new MemoryLake();
  const store = memoryBatchStore();
  for (const [i, interval] of [FIRST, SECOND].entries()) {
    const partitions = [0, 1].map((partition) => ({ partition, from: i * 5, to: (i + 1) * 5 }));
    const seal = {
      interval: intervalName(interval),
      previous: i === 0 ? null : intervalName(FIRST),
      topic: 'posts',
      intervalMinutes: 60,
      partitions,
    };
    lake.objects.set(sealKey(interval), Buffer.from(serialize(seal)));
    store.runs.set(`${CATEGORY.name}|${intervalName(interval)}`, inlineRun(CATEGORY, new Map([['art', 5]])));
    store.runs.set(`${TOP.name}|${intervalName(interval)}`, inlineRun(TOP, new Map([[joinKey(['Fiji', 'Ann']), 9]])));
  }
  const log = [0, 1].map((partition) => [...recordsIn(FIRST, partition, 0), ...recordsIn(SECOND, partition, 5)]);
  const aggregate = aggregateOver(store.speed, { views: [CATEGORY, TOP] });
  /** Up to a number of records of a partition. */
  const deliver = (partition: number, end: number) => aggregate(lambdaEvent('posts', log[partition].slice(0, end)));
  await Promise.all(applied.map((end, partition) => deliver(partition, end)));
  store.boundary = {
    interval: SECOND,
    firstInterval: FIRST,
    intervalMinutes: 60,
    publishedAt: 0,
    drift: null,
    reconciledInterval: null,
  };
  const report = jest.fn();
  const reportView = jest.fn();
  const warn = jest.fn();
  const handler = makeHandler({
    lake,
    store,
    topic: 'posts',
    intervalMinutes: 60,
    speedTtl: 48 * HOUR,
    patience: 10_000,
    views: [CATEGORY, TOP],
    now: () => SECOND + 2 * HOUR,
    sleep: () => Promise.reject(new Error('unexpected wait')),
    report,
    reportView,
    log: { warn },
    ...options,
  });
  const run = (...intervals: number[]) => handler({ intervals: intervals.map(intervalName) });
  return { lake, store, report, reportView, warn, run, deliver };
}

describe('reconciling', () => {
  it('finds no drift if the layers agree, merged over partitions and trimmed', async () => {
    const { lake, store, report, reportView, warn, run } = await setUp();
    await expect(run(FIRST, SECOND)).resolves.toEqual({
      intervals: [FIRST, SECOND].map((interval) => ({ interval: intervalName(interval), drift: 0, expired: false })),
    });
    expect(lake.json(driftKey(FIRST))).toEqual({
      interval: '2026-11-22T21-00',
      expired: false,
      drift: 0,
      views: {
        posts_by_category: { drift: 0, batch: 1, speed: 1 },
        top_poster_by_country: { drift: 0, batch: 1, speed: 1 },
      },
    });
    expect(store.boundary).toMatchObject({ drift: 0, reconciledInterval: SECOND });
    expect(report.mock.calls).toEqual([
      ['reconcile', { received: 2, written: 2, expired: 0, totalDrift: 0, duration: 0 }],
    ]);
    expect(reportView).toHaveBeenCalledWith('reconcile', 'posts_by_category', { drift: 0 });
    expect(warn).not.toHaveBeenCalled();
  });

  it('reports how much the layers differ, per view and interval', async () => {
    const { lake, store, reportView, warn, run } = await setUp();
    store.runs.set(`${CATEGORY.name}|${intervalName(SECOND)}`, inlineRun(CATEGORY, new Map([['travel', 1]])));
    await expect(run(FIRST, SECOND)).resolves.toMatchObject({ intervals: [{ drift: 0 }, { drift: 6 }] });
    expect(lake.json(driftKey(SECOND))).toMatchObject({ drift: 6, views: { posts_by_category: { drift: 6 } } });
    expect(store.boundary).toMatchObject({ drift: 6, reconciledInterval: SECOND });
    expect(reportView).toHaveBeenCalledWith('reconcile', 'posts_by_category', { drift: 6 });
    expect(warn).toHaveBeenCalledWith('the layers differ', { drift: 6, intervals: ['2026-11-22T22-00'] });
  });

  it('waits for the speed layer', async () => {
    let slept = 0;
    const { run, deliver } = await setUp(
      {
        sleep: async () => {
          if (++slept === 3) await deliver(1, 10);
        },
      },
      [10, 9],
    );
    await expect(run(SECOND)).resolves.toMatchObject({ intervals: [{ drift: 0 }] });
    expect(slept).toBe(3);
  });

  it('stops waiting with an error that names the partition and the offsets', async () => {
    let now = SECOND + 2 * HOUR;
    const { run } = await setUp({ now: () => now, sleep: async () => (now += 500) }, [10, 0]);
    await expect(run(SECOND)).rejects.toThrow(
      "the speed layer is behind in 1 partitions: partition 1 of 'posts' must be applied up to offset 9, got none",
    );
    expect(now - SECOND - 2 * HOUR).toBe(10_000);
  });

  it('reports an interval with expired speed rows as expired, not as different', async () => {
    const { lake, store, warn, run } = await setUp({ now: () => FIRST + 47 * HOUR });
    const { chunks } = store.speed;
    for (const [name, { key }] of chunks) if (key.interval === FIRST) chunks.delete(name);
    await expect(run(FIRST, SECOND)).resolves.toEqual({
      intervals: [
        { interval: '2026-11-22T21-00', drift: 0, expired: true },
        { interval: '2026-11-22T22-00', drift: 0, expired: false },
      ],
    });
    expect(lake.json(driftKey(FIRST))).toMatchObject({ expired: true, views: {} });
    expect(warn).toHaveBeenCalledWith(
      'speed rows are past their time to live, or older than the views: nothing to compare',
      {
        intervals: ['2026-11-22T21-00'],
      },
    );
  });

  it('of an old interval does not change the newest reconciled one', async () => {
    const { store, run } = await setUp();
    store.boundary = { ...store.boundary!, drift: 0, reconciledInterval: SECOND };
    await run(FIRST);
    expect(store.boundary).toMatchObject({ reconciledInterval: SECOND });
  });

  it('does not change the newest reconciled interval if it was frozen while another call went on', async () => {
    const { store, run } = await setUp();
    const { readBoundary } = store;
    store.readBoundary = async (name) => {
      const read = await readBoundary(name);
      store.readBoundary = readBoundary;
      store.boundary = { ...store.boundary!, drift: 0, reconciledInterval: SECOND };
      return read;
    };
    await run(FIRST);
    expect(store.boundary).toMatchObject({ drift: 0, reconciledInterval: SECOND });
  });

  it('leaves out a view that was added after the interval was published', async () => {
    const { store, lake, run } = await setUp();
    store.runs.delete(`${TOP.name}|${intervalName(SECOND)}`);
    await expect(run(SECOND)).resolves.toMatchObject({ intervals: [{ drift: 0, expired: false }] });
    expect(lake.json(driftKey(SECOND))).not.toHaveProperty(['views', TOP.name]);
  });

  it('fails for an interval that is not published or not sealed', async () => {
    const { store, lake, run } = await setUp();
    for (const key of store.runs.keys()) if (key.endsWith(intervalName(SECOND))) store.runs.delete(key);
    await expect(run(SECOND)).rejects.toThrow('interval 2026-11-22T22-00 is not published');
    lake.objects.delete(sealKey(SECOND));
    await expect(run(SECOND)).rejects.toThrow('interval 2026-11-22T22-00 is not sealed');
  });
});
