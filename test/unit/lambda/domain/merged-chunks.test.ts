import fc from 'fast-check';
import { rowsOfColumns, sliceOf, type CountColumns } from '../../../../lambda/domain/count-columns';
import { mergedChunks } from '../../../../lambda/domain/merged-chunks';
import { inChunks, mergeRuns, runOf, trimRun, type Row } from '../../../../lambda/domain/sorted-run';
import { ViewCounter } from '../../../../lambda/domain/view-counter';
import { findView, type View } from '../../../../lambda/domain/views';
import { decodeColumns, encodeColumns, encodeRows } from '../../../../lambda/formats/counts-codec';
import { sortedRows } from '../../../../tools/kit/counts';

const TOP = { ...findView('top_poster_by_country')!, top: { groupBy: 1, keep: 2 } } as View;
const WIDE = { ...TOP, dimensions: ['country', 'category', 'poster_name'], top: { groupBy: 2, keep: 2 } } as View;
const SUM = findView('followers_by_age_group')!;

const text = fc.constantFrom('a', 'art', 'Å', '\uffff', '\u{10000}');
const keys: Readonly<Record<string, fc.Arbitrary<string>>> = {
  [TOP.name]: fc.tuple(text, text).map((key) => key.join('\u001f')),
  [SUM.name]: fc.tuple(text, fc.integer({ min: 8, max: 12 })).map((key) => key.join('\u001f')),
  wide: fc.tuple(text, text, text).map((key) => key.join('\u001f')),
};

/** Runs of the view, each in blocks of a few rows. */
const runsOf = (view: View, key: fc.Arbitrary<string>) =>
  fc
    .array(
      fc.tuple(
        fc.array(fc.tuple(key, fc.integer({ min: 0, max: 3 })), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
      ),
      { maxLength: 5 },
    )
    .map((runs) => runs.map(([entries, size]) => ({ rows: sortedRows(view, new Map(entries)), size })));

async function* blocksOf(view: View, rows: readonly Row[], size: number) {
  const counter = new ViewCounter({ ...view, top: undefined } as View);
  counter.addRows(rows);
  const all = counter.counts();
  for (let from = 0; from < all.rows; from += size) yield sliceOf(all, from, Math.min(all.rows, from + size));
}

async function collected<T>(from: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of from) found.push(each);
  return found;
}

describe('runs merged as columns', () => {
  it.each([
    ['a sum', SUM, keys[SUM.name]],
    ['the best of each group', TOP, keys[TOP.name]],
    ['the best of groups of two dimensions', WIDE, keys.wide],
  ])('are the chunks of the runs merged row by row: %s', async (_what, view, key) => {
    const limits = fc.record({ rows: fc.integer({ min: 1, max: 6 }), bytes: fc.integer({ min: 4, max: 40 }) });
    await fc.assert(
      fc.asyncProperty(runsOf(view, key), limits, async (runs, most) => {
        const columns = await collected(
          mergedChunks(
            view,
            runs.map(({ rows, size }) => blocksOf(view, rows, size)),
            most,
          ),
        );
        const rows = trimRun(
          view,
          mergeRuns(
            view,
            runs.map((run) => runOf(run.rows)),
          ),
        );
        const expected = await collected(inChunks(rows, most));
        expect(columns.map(rowsOfColumns)).toEqual(expected);
        // What is stored is the same, too, whatever else the dictionaries have.
        expect(columns.map((each) => encodeColumns(view, each))).toEqual(
          expected.map((each) => encodeRows(view, each)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('hold no more than two blocks of each and a chunk', async () => {
    let ahead = 0;
    const rows = Array.from({ length: 100 }, (_, i) => ({ key: ['18-24', i], value: 1 }));
    async function* counted() {
      for await (const block of blocksOf(SUM, rows, 5)) {
        ahead++;
        yield block;
      }
    }
    const most: number[] = [];
    let emitted = 0;
    for await (const chunk of mergedChunks(SUM, [counted(), counted()], { rows: 5, bytes: 1_000 })) {
      emitted += chunk.rows;
      most.push(ahead * 5 - 2 * emitted);
    }
    expect(emitted).toBe(100);
    expect(Math.max(...most)).toBeLessThanOrEqual(2 * (2 * 5 + 5));
  });
});

test('counts out of order are rejected', () => {
  const dictionary = ['a', 'b'];
  const counts: CountColumns = {
    rows: 2,
    dimensions: [{ dictionary, places: Uint32Array.of(1, 0) }],
    values: Float64Array.of(1, 1),
  };
  const view = findView('posts_by_category')!;
  expect(() => encodeColumns(view, counts)).toThrow("rows of view 'posts_by_category' must be in the order of keys");
  expect(rowsOfColumns(decodeColumns(view, encodeColumns(view, sliceOf(counts, 0, 1))))).toEqual([
    { key: ['b'], value: 1 },
  ]);
});
