import fc from 'fast-check';
import { columnOf, type ColumnName, type Sections } from '../../../../lambda/domain/columns';
import { rowsOfColumns } from '../../../../lambda/domain/count-columns';
import { CodedColumn, countPosts, PostColumns, waitingPosts } from '../../../../lambda/domain/post-columns';
import { findView, VIEWS, type View } from '../../../../lambda/domain/views';
import { speedSchema } from '../../../../lambda/formats/speed-head';
import { add, contributionOf, sortedRows, type Counts } from '../../../../tools/kit/counts';

const { columns: NAMES } = speedSchema(VIEWS, 60);

/** Few values, so that keys come again; texts whose order in UTF-16 is not that of UTF-8. */
const text: fc.Arbitrary<string | number> = fc.constantFrom('', 'a', 'art', 'Å', '\uffff', '\u{10000}');
const integer: fc.Arbitrary<string | number> = fc.constantFrom(0, 1, 7, 12_000, Number.MAX_SAFE_INTEGER);
const valueOf = (name: ColumnName) => fc.option(['int', 'long'].includes(columnOf(name).type) ? integer : text);

const values = fc.record(Object.fromEntries(NAMES.map((name) => [name, valueOf(name)])));
const post = fc.record({
  index: fc.maxSafeNat(),
  known: fc.integer({ min: 1, max: 7 }),
  news: fc.integer({ min: 1, max: 7 }),
  values,
});

/** The sections of a mask, with all columns that views read. */
function sectionsOf(known: number, of: Readonly<Record<string, string | number | null>>): Sections {
  const sections: Record<string, Record<string, string | number | null>> = {};
  for (const name of NAMES) {
    const { section } = columnOf(name);
    if ((known & (1 << ['pin', 'geo', 'user'].indexOf(section))) !== 0) (sections[section] ??= {})[name] = of[name];
  }
  return sections;
}

const posts = fc
  .array(post, { maxLength: 40 })
  .map((list) =>
    list.flatMap(({ news, ...each }) => (news & each.known ? [{ ...each, news: news & each.known }] : [])),
  );

type Post = typeof posts extends fc.Arbitrary<(infer P)[]> ? P : never;

function columnsOf(list: readonly Post[]): PostColumns {
  const columns = PostColumns.of(NAMES);
  for (const { index, known, news, values: of } of list) columns.push(index, known, news, sectionsOf(known, of));
  return columns;
}

const rowsOf = (view: View, of: PostColumns) => rowsOfColumns(countPosts(view, of));

function naively(view: View, list: readonly Post[]) {
  const counts: Counts = new Map();
  for (const { known, news, values: of } of list) {
    const found = contributionOf(view, sectionsOf(known, of), known, news);
    if (found) add(view, counts, found.key, found.value);
  }
  return sortedRows(view, counts);
}

describe('posts as columns', () => {
  it.each(VIEWS)('count for $name what each post contributes to it', (view) => {
    fc.assert(
      fc.property(posts, (list) => {
        expect(rowsOf(view, columnsOf(list))).toEqual(naively(view, list));
      }),
    );
  });

  it('count the same one behind the other', () => {
    const view = findView('category_by_country')!;
    fc.assert(
      fc.property(posts, posts, (first, second) => {
        const both = columnsOf(first);
        both.append(columnsOf(second));
        expect(rowsOf(view, both)).toEqual(rowsOf(view, columnsOf([...first, ...second])));
        expect([...both.index.all]).toEqual([...first, ...second].map(({ index }) => index));
      }),
    );
  });

  it('count exactly where there are more combinations of values than a number can hold', () => {
    const dimensions = ['category', 'country', 'poster_name', 'age_group', 'follower_count'] as const;
    const view: View = { name: 'wide', description: '', dimensions, merge: 'sum' };
    // 3,000 values in each dimension: 2.4 × 10^17 combinations, of which the last 3,000 follow one another.
    const list = Array.from({ length: 6_000 }, (_, i) => {
      const [n, last] = [Math.min(i, 2_999), i % 3_000];
      const of = {
        category: `c${n}`,
        country: `d${n}`,
        poster_name: `p${n}`,
        age_group: `a${n}`,
        follower_count: last,
      };
      return { index: i, known: 7, news: 7, values: of as Post['values'] };
    });
    const found = rowsOf(view, columnsOf(list));
    expect(found).toHaveLength(5_999);
    expect(found).toEqual(naively(view, list));
  });

  it('that lack a column of a view add nothing to it', () => {
    const columns = PostColumns.of(['category']);
    columns.push(1, 7, 7, sectionsOf(7, { category: 'art', country: 'Fiji' }));
    expect(rowsOf(findView('category_by_country')!, columns)).toEqual([]);
    expect(rowsOf(findView('posts_by_category')!, columns)).toEqual([{ key: ['art'], value: 1 }]);
    const joined = PostColumns.of(['category', 'country']);
    joined.append(columns);
    expect(rowsOf(findView('category_by_country')!, joined)).toEqual([]);
  });

  it('are cut for recognition into pieces that hold all of them, in order', () => {
    const list = Array.from({ length: 13_000 }, (_, i) => {
      return { index: i, known: 1, news: 1, values: { category: String(i).padStart(100, 'x') } as Post['values'] };
    });
    const pieces = [...waitingPosts(columnsOf(list), ['category'])];
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.flatMap(({ index }) => [...index.all])).toEqual(list.map(({ index }) => index));
    for (const { columns, rows } of pieces) {
      expect(rows).toBeLessThanOrEqual(6_000);
      expect(columns.get('category')!.textBytes).toBeLessThan(256 * 1_024 + 16 * 100);
    }
    expect([...waitingPosts(PostColumns.of(['category']), ['category'])]).toEqual([]);
  });
});

test('a value has one code in a column, and null has 0', () => {
  const column = new CodedColumn();
  expect(['b', null, 'a', 'b'].map((value) => column.codeOf(value))).toEqual([1, 0, 2, 1]);
  expect(column.sorted()).toEqual(['a', 'b']);
  expect(column.textBytes).toBe(2);
});
