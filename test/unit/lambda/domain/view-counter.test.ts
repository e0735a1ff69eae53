import fc from 'fast-check';
import { mergeRuns, runOf, trimRun, type Row } from '../../../../lambda/domain/sorted-run';
import { ViewCounter, type SourceColumn } from '../../../../lambda/domain/view-counter';
import { findView, type View } from '../../../../lambda/domain/views';
import { sortedRows } from '../../../../tools/kit/counts';

const TOP = { ...findView('top_poster_by_country')!, top: { groupBy: 1, keep: 2 } } as View;
const SUM = findView('category_by_country')!;

const rowsArbitrary = fc.array(
  fc
    .dictionary(
      fc.constantFrom('a\u001fx', 'a\u001fy', 'a\u001f\u{10000}', 'a\u001f\uffff', 'b\u001fx', 'b\u001fz'),
      fc.integer({ min: 0, max: 5 }),
    )
    .map((counts) => new Map(Object.entries(counts))),
  { maxLength: 12 },
);

async function collected(run: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const block of run) rows.push(...block);
  return rows;
}

describe('counting a view over many sources', () => {
  it.each([
    ['a sum', SUM],
    ['the best of each group', TOP],
  ])('gives the merged and trimmed run of them: %s', async (_what, view) => {
    await fc.assert(
      fc.asyncProperty(rowsArbitrary, async (sources) => {
        const counter = new ViewCounter(view);
        const runs = sources.map((counts) => sortedRows(view, counts));
        for (const rows of runs) counter.addRows(rows);
        expect(counter.rows()).toEqual(await collected(trimRun(view, mergeRuns(view, runs.map(runOf)))));
      }),
      { numRuns: 300 },
    );
  });

  it('leaves out rows that have no value', () => {
    const counter = new ViewCounter(TOP);
    const country = {
      codes: Uint32Array.of(1, 0, 1, 1),
      size: 2,
      valueOf: (code: number) => (code === 0 ? null : 'Fiji'),
    };
    const posterOf = (code: number) => (code === 0 ? null : `poster ${code}`);
    const poster = { codes: Uint32Array.of(1, 1, 0, 2), size: 3, valueOf: posterOf };
    const columns = new Map<string, SourceColumn>([
      ['country', country],
      ['poster_name', poster],
      ['follower_count', { integers: Float64Array.of(5, 6, 7, NaN) }],
    ]);
    const all = [7, 7, 7, 7];
    counter.addPosts({ known: all, news: all, column: (name) => columns.get(name) });
    expect(counter.rows()).toEqual([{ key: ['Fiji', 'poster 1'], value: 5 }]);
  });
});
