import { parseViewObject } from '../../../../lambda/formats/view-object';
import { findView } from '../../../../lambda/domain/views';
import { rowsOf } from '../../../support/view-runs';

const INTERVAL = Date.parse('2026-11-22T21:00Z');
const HEAD = { view: 'posts_by_category', interval: '2026-11-22T21-00' };

const parse = (lines: readonly unknown[], view = 'posts_by_category') => {
  const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
  const bytes = Buffer.from(text);
  // Parts end anywhere, within a character as well.
  async function* parts() {
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  }
  return rowsOf(parseViewObject('views/x', parts(), findView(view)!, INTERVAL));
};

describe('an object of a views engine', () => {
  it('is a run, with instants in one form', async () => {
    await expect(
      parse([{ ...HEAD, view: 'category_by_year' }, [2020, 'art', 3], { rows: 1 }], 'category_by_year'),
    ).resolves.toEqual([{ key: [2020, 'art'], value: 3 }]);
    await expect(
      parse([{ ...HEAD, view: 'posts_by_minute' }, ['2026-11-22T21:03:00Z', 2], { rows: 1 }], 'posts_by_minute'),
    ).resolves.toEqual([{ key: ['2026-11-22T21:03:00.000Z'], value: 2 }]);
    await expect(parse([HEAD, { rows: 0 }])).resolves.toEqual([]);
    await expect(parse([HEAD, ['日本語のカテゴリー', 1], { rows: 1 }])).resolves.toEqual([
      { key: ['日本語のカテゴリー'], value: 1 },
    ]);
  });

  it('is read in blocks, however long it is', async () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => [`category ${String(i).padStart(5, '0')}`, i]);
    const found = await parse([HEAD, ...rows, { rows: rows.length }]);
    expect(found.map(({ key, value }) => [...key, value])).toEqual(rows);
  });

  it.each([
    ['a cell too few', ['art']],
    ['a cell too many', ['art', 1, 2]],
    ['a number for text', [5, 1]],
    ['a fraction for a count', ['art', 1.5]],
    ['a count beyond 2^53', ['art', 2 ** 53]],
  ])('is rejected with %s', async (_, row) => {
    await expect(parse([HEAD, row, { rows: 1 }])).rejects.toThrow(
      "object 'views/x' must hold rows of category and an integer, row 0 is another",
    );
  });

  it.each([
    ['another view', [{ ...HEAD, view: 'posts_by_country' }, { rows: 0 }], "got view 'posts_by_country'"],
    ['another interval', [{ ...HEAD, interval: '2026-11-22T22-00' }, { rows: 0 }], "in interval '2026-11-22T22-00'"],
    ['nothing', [], 'must hold a JSON value a line'],
    ['no JSON', [HEAD, '["art'], 'must hold a JSON value a line'],
    ['a key twice', [HEAD, ['art', 1], ['art', 2], { rows: 2 }], 'row 1 is not after the one before it'],
    ['keys out of order', [HEAD, ['b', 1], ['a', 2], { rows: 2 }], 'row 1 is not after the one before it'],
    ['fewer rows than it says', [HEAD, ['art', 1], { rows: 2 }], 'must hold 2 rows, got 1'],
    ['no end', [HEAD, ['art', 1]], 'is not whole: it has no last line with the number of its rows, after 1'],
  ])('is rejected with %s', async (_, lines, message) => {
    await expect(parse(lines)).rejects.toThrow(message);
  });

  it('is not quoted by an error, as it may name a person', async () => {
    await expect(parse([HEAD, '["Ann Example'])).rejects.not.toThrow('Ann Example');
  });
});
