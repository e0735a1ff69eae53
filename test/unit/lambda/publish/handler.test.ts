import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { makeHandler } from '../../../../lambda/publish/handler';
import { cover } from '../../../../lambda/domain/periods';
import { intervalEnd, intervalName, type IntervalStart } from '../../../../lambda/domain/intervals';
import { MAX_BLOB_BYTES } from '../../../../lambda/formats/blob';
import { serialize } from '../../../../lambda/formats/interval-metadata';
import { manifestKey, publishedKey, sealKey, viewKey, viewsDoneKey } from '../../../../lambda/formats/keys';
import { compareKeys, type Row } from '../../../../lambda/domain/sorted-run';
import { findView, viewsAsJson, type View } from '../../../../lambda/domain/views';
import { sha256 } from '../../../../lambda/runtime/digest';
import { memoryBatchStore, publishedCounts, type MemoryBatchStore } from '../../../support/memory-batch-store';
import { viewObject } from '../../../../tools/simulate/models/views-engine';
import { MemoryLake } from '../../../support/memory-lake';
import { type Counts } from '../../../../tools/kit/counts';
import { mergeCounts } from '../../../support/view-runs';

const HOUR = 3_600_000;
const NOW = Date.parse('2027-06-01T00:00:00Z');
const VIEW = findView('posts_by_category')!;

function lakeWith(
  chain: readonly IntervalStart[],
  count: (interval: IntervalStart) => number,
  intervalMinutes = 60,
): MemoryLake {
  const lake = new MemoryLake();
  for (const [i, interval] of chain.entries()) {
    const seal = {
      interval: intervalName(interval),
      previous: i === 0 ? null : intervalName(chain[i - 1]),
      topic: 'posts',
      intervalMinutes,
      partitions: [{ partition: 0, from: i, to: i + 1 }],
    };
    lake.objects.set(sealKey(interval), Buffer.from(serialize(seal)));
    lake.objects.set(manifestKey(interval), Buffer.from(serialize(seal)));
    setView(lake, interval, count(interval));
  }
  return lake;
}

function setView(lake: MemoryLake, interval: IntervalStart, count: number): void {
  setRows(lake, interval, [{ key: ['art'], value: count }]);
}

/** What the views engine writes. */
function setRows(lake: MemoryLake, interval: IntervalStart, rows: readonly Row[], view = VIEW): void {
  lake.objects.set(viewKey(interval, view.name), Buffer.from(viewObject(view, interval, rows)));
  lake.objects.set(viewsDoneKey(interval), Buffer.from(JSON.stringify({ definition: sha256(viewsAsJson([view])) })));
}

function publisher(lake: MemoryLake, store: MemoryBatchStore, intervalMinutes = 60, report = jest.fn()) {
  return makeHandler({ lake, store, topic: 'posts', intervalMinutes, views: [VIEW], now: () => NOW, report });
}

const publish = (handler: ReturnType<typeof makeHandler>, intervals: readonly IntervalStart[]) =>
  handler({ intervals: intervals.map(intervalName) });

/** What a reader gets for everything that is published. */
async function readAll(store: MemoryBatchStore, intervalMinutes: number): Promise<Counts> {
  const { firstInterval, interval } = store.boundary!;
  const end = intervalEnd(interval, intervalMinutes);
  const sum: Counts = new Map();
  for (const { name } of cover(firstInterval, end, end, intervalMinutes)) {
    mergeCounts(VIEW, sum, (await publishedCounts(store, VIEW, name)) ?? new Map());
  }
  return sum;
}

describe('published intervals', () => {
  it('add up over months, days and intervals, for all gaps, batches and republications', async () => {
    const intervalMinutes = 480;
    const start = Date.parse('2026-10-28T00:00:00Z');
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(3 * 45), { minLength: 1, maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        fc.array(fc.record({ at: fc.nat(39), count: fc.integer({ min: 100, max: 900 }) }), { maxLength: 3 }),
        async (slots, sizes, corrections) => {
          const chain = slots.sort((a, b) => a - b).map((slot) => start + slot * intervalMinutes * 60_000);
          const counts = new Map(chain.map((interval, i) => [interval, i + 1]));
          const lake = lakeWith(chain, (interval) => counts.get(interval)!, intervalMinutes);
          const store = memoryBatchStore();
          const handler = publisher(lake, store, intervalMinutes);
          for (let i = 0, step = 0; i < chain.length; step++) {
            const batch = chain.slice(i, i + sizes[step % sizes.length]);
            i += batch.length;
            await publish(handler, batch);
            const correction = corrections[step];
            const old = correction && chain[correction.at % i];
            if (old !== undefined) {
              counts.set(old, correction.count);
              setView(lake, old, correction.count);
              await expect(publish(handler, [old])).resolves.toEqual({ boundary: intervalName(chain[i - 1]) });
            }
            const sum = chain.slice(0, i).reduce((total, interval) => total + counts.get(interval)!, 0);
            expect(await readAll(store, intervalMinutes)).toEqual(new Map([['art', sum]]));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are the same after a crash at any write and a rerun', async () => {
    const chain = [21, 22, 23, 24, 25].map((hour) => Date.parse('2026-11-29T00:00:00Z') + (24 + hour) * HOUR);
    const newLake = () => lakeWith(chain, (interval) => (interval / HOUR) % 100);
    const whole = memoryBatchStore();
    await publish(publisher(newLake(), whole), chain);
    for (let crash = 0; crash < whole.writes.length; crash++) {
      const store = memoryBatchStore();
      const lake = newLake();
      let left = crash;
      store.beforeWrite = () => {
        if (left-- === 0) throw new Error('the process died');
      };
      await expect(publish(publisher(lake, store), chain)).rejects.toThrow('the process died');
      expect(lake.keys('published/')).toEqual([]);
      await publish(publisher(lake, store), chain);
      expect(lake.keys('published/')).toEqual(chain.map(publishedKey));
      expect(store.runs).toEqual(whole.runs);
      expect(store.boundary).toEqual(whole.boundary);
    }
  });

  it('move the boundary after all their rows and the roll-ups they complete', async () => {
    const chain = [Date.parse('2026-11-30T22:00:00Z'), Date.parse('2026-12-02T05:00:00Z')];
    const store = memoryBatchStore();
    await publish(
      publisher(
        lakeWith(chain, () => 1),
        store,
      ),
      chain,
    );
    expect(store.writes).toEqual([
      'run posts_by_category|2026-11-30T22-00',
      'run posts_by_category|2026-12-02T05-00',
      'boundary 2026-11-30T22:00:00.000Z',
      'run posts_by_category|2026-11-30',
      'run posts_by_category|2026-11',
      'boundary 2026-12-02T05:00:00.000Z',
    ]);
  });
});

describe('publishing', () => {
  const chain = [21, 22].map((hour) => Date.parse('2026-11-22T00:00:00Z') + hour * HOUR);

  it('writes nothing if the views are not finished or the interval is not sealed', async () => {
    for (const [key, message] of [
      [viewsDoneKey(chain[1]), 'the views of interval 2026-11-22T22-00 are not computed'],
      [sealKey(chain[1]), 'interval 2026-11-22T22-00 is not sealed'],
    ] as const) {
      const lake = lakeWith(chain, () => 1);
      lake.objects.delete(key);
      const store = memoryBatchStore();
      await expect(publish(publisher(lake, store), chain)).rejects.toThrow(message);
      expect(store.writes).toEqual([]);
    }
  });

  it('writes nothing if the views are of the list of before, in which a view has its dimensions in another order', async () => {
    const before = findView('category_by_country')!;
    const swapped = { ...before, dimensions: ['category', 'country'] } as View;
    const lake = lakeWith(chain.slice(0, 1), () => 1);
    setRows(lake, chain[0], [{ key: ['Fiji', 'art'], value: 2 }], before);
    const store = memoryBatchStore();
    const deps = { lake, store, topic: 'posts', intervalMinutes: 60, now: () => NOW, report: () => undefined };
    const message = 'the views of interval 2026-11-22T21-00 are not computed';
    await expect(publish(makeHandler({ ...deps, views: [swapped] }), chain.slice(0, 1))).rejects.toThrow(message);
    expect(store.writes).toEqual([]);
    await publish(makeHandler({ ...deps, views: [before] }), chain.slice(0, 1));
    expect(store.writes).toHaveLength(2);
  });

  it('of more keys than a row of the store holds moves the boundary, and the day and month are rolled up', async () => {
    // The longest categories, none of them twice, of 4,500 posts: at first they take over a megabyte.
    const hour = (day: string) => Date.parse(`${day}T23:00:00Z`);
    const [last, next] = [hour('2026-11-30'), hour('2026-12-01')];
    const lake = lakeWith([last, next], () => 1);
    const rows = Array.from({ length: 4_500 }, (_, i) => {
      const noise = createHash('shake256', { outputLength: 128 }).update(String(i)).digest('hex');
      return { key: [noise], value: 1 };
    }).sort((a, b) => compareKeys(a.key, b.key));
    setRows(lake, last, rows);
    const store = memoryBatchStore();
    await expect(publish(publisher(lake, store), [last, next])).resolves.toEqual({ boundary: '2026-12-01T23-00' });
    for (const period of ['2026-11-30T23-00', '2026-11-30', '2026-11']) {
      expect(await publishedCounts(store, VIEW, period)).toEqual(new Map(rows.map(({ key }) => [key[0], 1])));
    }
    const sizes = [...store.chunks.values()].map(({ length }) => length);
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeLessThan(MAX_BLOB_BYTES);
  });

  it('succeeds if another run has moved the boundary, or the response to its own move was lost', async () => {
    const store = memoryBatchStore();
    const moveBoundary = store.startBoundary;
    store.startBoundary = async (...move) => {
      await moveBoundary(...move);
      return false;
    };
    await expect(
      publish(
        publisher(
          lakeWith(chain, () => 1),
          store,
        ),
        chain,
      ),
    ).resolves.toEqual({
      boundary: '2026-11-22T22-00',
    });
  });

  it('fails if the boundary does not move', async () => {
    const store = { ...memoryBatchStore(), startBoundary: async () => false };
    await expect(
      publish(
        publisher(
          lakeWith(chain, () => 1),
          store,
        ),
        chain,
      ),
    ).rejects.toThrow("the boundary of 'posts' must be at nothing to move to 2026-11-22T21-00, got nothing");
  });

  it('reports rows, their cost and the age of the boundary', async () => {
    const report = jest.fn();
    const handler = publisher(
      lakeWith(chain, () => 1),
      memoryBatchStore(),
      60,
      report,
    );
    await publish(handler, chain);
    expect(report).toHaveBeenCalledWith(
      'publish',
      expect.objectContaining({ received: 2, written: 2, writeUnits: 2, boundaryAge: NOW - chain[1] - HOUR }),
    );
  });

  it('of no intervals returns the boundary', async () => {
    await expect(publisher(new MemoryLake(), memoryBatchStore())({ intervals: [] })).resolves.toEqual({
      boundary: null,
    });
  });

  it.each([
    [undefined, 'event must be {"intervals": [names]}, got undefined'],
    [{ intervals: [5] }, 'event must be {"intervals": [names]}, got {"intervals":[5]}'],
    [{ intervals: ['2026-11-22T21-30'] }, "start an interval of 60 minutes, got '2026-11-22T21-30'"],
  ])('rejects the event %j', async (event, message) => {
    await expect(publisher(new MemoryLake(), memoryBatchStore())(event)).rejects.toThrow(message);
  });
});
