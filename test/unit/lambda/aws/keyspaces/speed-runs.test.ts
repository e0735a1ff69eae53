import { closedRun, closedRuns, openSpeedRun, writeSpeedRun } from '../../../../../lambda/aws/keyspaces/speed-runs';
import { inChunks, runOf, type Row } from '../../../../../lambda/domain/sorted-run';
import { findView, type View } from '../../../../../lambda/domain/views';
import { decodeColumns, encodeRows } from '../../../../../lambda/formats/counts-codec';
import { CHUNK } from '../../../../../lambda/formats/view-run';
import { memoryStore } from '../../../../support/memory-store';
import { rowsOf } from '../../../../support/view-runs';

const KEY = { topic: 'posts', partition: 3 };
const VIEW = findView('posts_by_category')!;
const OTHER: View = { ...VIEW, merge: 'max', value: 'follower_count' };
const RUN = { ...KEY, view: VIEW, interval: 60, tier: 1, from: 5, to: 9 };
const ROWS = Array.from({ length: 2 * CHUNK.rows + 1 }, (_, i) => ({ key: [String(i).padStart(9, '0')], value: i }));

async function* chunksOf(rows: readonly Row[], view: View = VIEW) {
  for await (const chunk of inChunks(runOf(rows), CHUNK)) yield decodeColumns(view, encodeRows(view, chunk));
}

const written = async (target: typeof RUN) => {
  const store = memoryStore();
  const sizes = await writeSpeedRun(store, target, chunksOf(ROWS));
  return { store, sizes };
};

describe('a run of the speed layer', () => {
  it('comes back as it was, in as many chunks as it needs', async () => {
    const { store, sizes } = await written(RUN);
    expect(sizes).toHaveLength(3);
    const run = (await openSpeedRun(store, RUN))!;
    expect(await rowsOf(run.rows())).toEqual(ROWS);
  });

  it('is there once its first chunk is, which is written last', async () => {
    const store = memoryStore();
    const order: number[] = [];
    const torn = {
      putSpeedChunk: async (...[key, chunk, row]: Parameters<typeof store.putSpeedChunk>) => {
        order.push(chunk);
        if (chunk === 0) throw new Error('ended');
        await store.putSpeedChunk(key, chunk, row);
      },
    };
    const target = closedRun(KEY, VIEW, 60);
    await expect(writeSpeedRun(torn, target, chunksOf(ROWS))).rejects.toThrow('ended');
    expect(order).toEqual([1, 2, 0]);
    expect(await openSpeedRun(store, target)).toBeUndefined();
    expect(await closedRuns(store, KEY, VIEW, 0, 60)).toEqual([]);
    await writeSpeedRun(store, target, chunksOf(ROWS));
    const [run] = await closedRuns(store, KEY, VIEW, 0, 60);
    expect(await rowsOf(run.rows())).toEqual(ROWS);
  });

  it('without a row is not written', async () => {
    const store = memoryStore();
    expect(await writeSpeedRun(store, RUN, chunksOf([]))).toEqual([]);
    expect(store.writes).toBe(0);
  });

  it('is not that of another range, tier, interval, partition or definition of the view', async () => {
    const { store } = await written(RUN);
    const others = [{ from: 6 }, { to: 8 }, { tier: 2 }, { interval: 120 }, { partition: 4 }, { view: OTHER }];
    for (const other of others) expect(await openSpeedRun(store, { ...RUN, ...other })).toBeUndefined();
  });

  it('of which a chunk expired is an error, not fewer rows', async () => {
    const { store } = await written(RUN);
    for (const [name, { chunk }] of store.chunks) if (chunk === 2) store.chunks.delete(name);
    const run = (await openSpeedRun(store, RUN))!;
    await expect(rowsOf(run.rows())).rejects.toThrow(/^chunk 2 of a run of posts_by_category-[0-9a-f]+ is gone/);
  });
});

test('runs of closed intervals are found from one interval to another', async () => {
  const store = memoryStore();
  for (const interval of [60, 120, 180, 240]) {
    await writeSpeedRun(store, closedRun(KEY, VIEW, interval), chunksOf([{ key: ['art'], value: interval }]));
    await writeSpeedRun(store, closedRun(KEY, OTHER, interval), chunksOf([{ key: ['art'], value: 1 }], OTHER));
  }
  await writeSpeedRun(store, { ...RUN, interval: 120 }, chunksOf(ROWS.slice(0, 1)));
  const found = await closedRuns(store, KEY, VIEW, 120, 180);
  expect(found.map(({ interval }) => interval)).toEqual([120, 180]);
  expect(await rowsOf(found[1].rows())).toEqual([{ key: ['art'], value: 180 }]);
});
