import fc from 'fast-check';
import {
  compareKeys,
  inChunks,
  mergeRuns,
  rowsAfter,
  runOf,
  trimRun,
  type Row,
  type Run,
} from '../../../../lambda/domain/sorted-run';
import { findView, type View } from '../../../../lambda/domain/views';
import { countsOf, rowsOf, joinKey, mergeCounts } from '../../../support/view-runs';
import { trim, sortedRows, type Counts } from '../../../../tools/kit/counts';

const SUM = findView('category_by_year')!;
const MAX: View = { ...findView('top_poster_by_country')!, merge: 'max', top: { groupBy: 1, keep: 2 } };

/** Few values, so that runs share keys; beyond the basic plane, where orders of text differ. */
const text = fc.constantFrom('a', 'b', 'ab', '\uffff', '\u{10000}', 'é', '');
const countsOfView = (view: View): fc.Arbitrary<Counts> =>
  fc
    .array(
      fc.tuple(view === SUM ? fc.tuple(fc.integer({ min: -20, max: 2_000 }), text) : fc.tuple(text, text), fc.nat(9)),
      { maxLength: 30 },
    )
    .map((entries) => new Map(entries.map(([key, value]) => [joinKey(key), value])));

async function* inBlocks(rows: readonly Row[], size: number): Run {
  for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size);
}

describe('the order of keys', () => {
  test('is that of numbers by value and of text by UTF-8 bytes', () => {
    const keys = [
      [-3, 'b'],
      [9, 'a'],
      [10, '\uffff'],
      [10, '\u{10000}'],
    ];
    expect([...keys].reverse().sort(compareKeys)).toEqual(keys);
  });

  test('has the first values of a key before the key', () => {
    expect(compareKeys(['a'], ['a', ''])).toBeLessThan(0);
    expect(compareKeys(['a', 'b'], ['a'])).toBeGreaterThan(0);
  });
});

describe('runs', () => {
  test.each([
    ['sum', SUM],
    ['max, the best of each group', MAX],
  ])('merge as counts do, in whatever blocks they come: %s', async (_, view) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(countsOfView(view), { maxLength: 6 }),
        fc.integer({ min: 1, max: 5 }),
        async (parts, size) => {
          const expected = parts.reduce<Counts>((sum, part) => mergeCounts(view, sum, part), new Map());
          const runs = parts.map((part) => inBlocks(sortedRows(view, part), size));
          const merged = await rowsOf(trimRun(view, mergeRuns(view, runs)));
          expect(merged).toEqual(sortedRows(view, trim(view, expected)));
        },
      ),
    );
  });

  test('trimmed before they are merged, are as those trimmed after', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(countsOfView(MAX), { maxLength: 4 }), async (parts) => {
        const runs = () => parts.map((part) => runOf(sortedRows(MAX, part)));
        const early = mergeRuns(
          MAX,
          runs().map((run) => trimRun(MAX, run)),
        );
        const late = mergeRuns(MAX, runs());
        expect(await countsOf(trimRun(MAX, early))).toEqual(await countsOf(trimRun(MAX, late)));
      }),
    );
  });

  test('can be read from any key on', async () => {
    await fc.assert(
      fc.asyncProperty(countsOfView(SUM), fc.nat(30), async (counts, at) => {
        const rows = sortedRows(SUM, counts);
        const after = rows[at]?.key;
        const left = after === undefined ? rows : rows.slice(at + 1);
        expect(await rowsOf(rowsAfter(inBlocks(rows, 3), after))).toEqual(left);
      }),
    );
  });

  test('have the same chunks in whatever blocks they came, none beyond its limits', async () => {
    const limits = { rows: 4, bytes: 12 };
    const cut = async (run: Run) => {
      const chunks: (readonly Row[])[] = [];
      for await (const chunk of inChunks(run, limits)) chunks.push(chunk);
      return chunks;
    };
    await fc.assert(
      fc.asyncProperty(countsOfView(SUM), fc.integer({ min: 1, max: 9 }), async (counts, size) => {
        const rows = sortedRows(SUM, counts);
        const chunks = await cut(inBlocks(rows, size));
        expect(chunks).toEqual(await cut(runOf(rows)));
        expect(chunks.flat()).toEqual(rows);
        for (const chunk of chunks) {
          const bytes = chunk.reduce((sum, { key }) => sum + Buffer.byteLength(key.join('')), 0);
          expect(chunk.length).toBeGreaterThan(0);
          expect(chunk.length <= limits.rows && (chunk.length === 1 || bytes <= limits.bytes)).toBe(true);
        }
      }),
    );
  });
});
