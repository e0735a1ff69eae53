import { openRun, RunReplacedError, writeRun } from '../../../../../lambda/aws/keyspaces/view-runs';
import { CHUNK, runVersion } from '../../../../../lambda/formats/view-run';
import { runOf, type Row } from '../../../../../lambda/domain/sorted-run';
import { findView } from '../../../../../lambda/domain/views';
import { memoryBatchStore } from '../../../../support/memory-batch-store';
import { rowsOf } from '../../../../support/view-runs';

const VIEW = findView('posts_by_category')!;
const PERIOD = '2026-11';
const nothing = () => Promise.resolve();
const rowsNamed = (count: number, length = 8): Row[] =>
  Array.from({ length: count }, (_, i) => ({ key: [String(i).padStart(length, '0')], value: i }));

async function stored(rows: readonly Row[], version = 'v') {
  const store = memoryBatchStore();
  const target = { view: VIEW, period: PERIOD, version: runVersion(VIEW, [version]) };
  const written = await writeRun(store, target, runOf(rows), { beforeChunks: nothing, beforePointer: nothing });
  return { store, written };
}

describe('a run in the store', () => {
  test.each([0, 1, CHUNK.rows])('of %d rows stands in its pointer row', async (count) => {
    const rows = rowsNamed(count);
    const { store, written } = await stored(rows);
    expect(store.writes).toEqual([`run ${VIEW.name}|${PERIOD}`]);
    expect(written).toMatchObject({ rows: count, sizes: [expect.any(Number)] });
    const run = await openRun(store, VIEW, PERIOD);
    expect(await rowsOf(run!.rows())).toEqual(rows);
    expect(await rowsOf(run!.rows(rows[0]?.key))).toEqual(rows.slice(1));
  });

  test('of more rows has chunks, which are there before the pointer row', async () => {
    const rows = rowsNamed(2 * CHUNK.rows + 1);
    const { store, written } = await stored(rows);
    const version = runVersion(VIEW, ['v']);
    const chunk = (number: number) => `chunk ${VIEW.name}|${PERIOD}|${version}|${number}`;
    expect(store.writes).toEqual([chunk(0), chunk(1), chunk(2), `run ${VIEW.name}|${PERIOD}`]);
    expect(written.sizes).toHaveLength(4);
    expect(await rowsOf((await openRun(store, VIEW, PERIOD))!.rows())).toEqual(rows);
  });

  test('is read from the chunk on that holds the next key', async () => {
    const rows = rowsNamed(3 * CHUNK.rows);
    const { store } = await stored(rows);
    const read: number[] = [];
    const counting = {
      ...store,
      readChunk: (key: Parameters<typeof store.readChunk>[0]) => (read.push(key.chunk), store.readChunk(key)),
    };
    const run = (await openRun(counting, VIEW, PERIOD))!;
    for (const [at, chunks] of [
      [CHUNK.rows - 2, [0, 1, 2]],
      [CHUNK.rows - 1, [0, 1, 2]],
      [CHUNK.rows, [1, 2]],
      [3 * CHUNK.rows - 1, [2]],
    ] as const) {
      read.length = 0;
      expect(await rowsOf(run.rows(rows[at].key))).toEqual(rows.slice(at + 1));
      expect(read).toEqual(chunks);
    }
    read.length = 0;
    expect(await rowsOf(run.rows(['!']))).toEqual(rows);
  });

  test('has rows that the store takes, whatever keys are in it', async () => {
    const random = (i: number) =>
      Buffer.from(Array.from({ length: 192 }, (_, j) => (i * 7919 + j * j * 104_729) % 251)).toString('base64');
    const rows = Array.from({ length: 6_000 }, (_, i) => ({
      key: [`${String(i).padStart(6, '0')}${random(i)}`],
      value: 2 ** 53 - 1,
    }));
    const { written } = await stored(rows);
    expect(Math.max(...written.sizes)).toBeLessThan(900 * 1_024);
    expect(written.sizes.length).toBeGreaterThan(2);
  });

  test('that was replaced and deleted while it was read says so', async () => {
    const { store } = await stored(rowsNamed(CHUNK.rows + 1));
    const run = await openRun(store, VIEW, PERIOD);
    await store.deleteBlock({ view: VIEW.name, period: PERIOD, version: runVersion(VIEW, ['v']), block: 0 });
    await expect(rowsOf(run!.rows())).rejects.toThrow(RunReplacedError);
  });

  test('that is not there is none', async () => {
    await expect(openRun(memoryBatchStore(), VIEW, PERIOD)).resolves.toBeUndefined();
  });
});
