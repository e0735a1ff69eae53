import fc from 'fast-check';
import { ANSWERS } from '../../../lambda/query/answers';
import { type ChartData, chartOf, shownOrder, totalOf } from '../../../web/answers';

test('the total of a view is that of all its pages, with the provenance of the newest one', async () => {
  const provenance = { boundary: null, intervals: { batch: 0, speed: 0 }, buckets: { batch: 0, speed: 0 } };
  const pages: Record<string, object> = {
    'views/v?layer=batch': { rows: [{ count: 3 }, { count: 4 }], cursor: 'x y', asOf: 'first' },
    'views/v?layer=batch&cursor=x%20y': { rows: [{ count: 5 }], asOf: 'second' },
  };
  const get = async (path: string) =>
    ({ view: 'v', columns: ['category', 'count'], ...provenance, ...pages[path] }) as never;
  expect(await totalOf(get, 'views/v?layer=batch')).toEqual({
    total: 12,
    provenance: { ...provenance, asOf: 'second' },
  });
});

describe('an answer as a chart', () => {
  test('with one row per country: the largest as bars, ties share a bar', () => {
    const rows = [
      { country: 'Chad', category: 'art', category_count: 3 },
      { country: 'Oman', category: 'art', category_count: 9 },
      { country: 'Oman', category: 'travel', category_count: 9 },
    ];
    expect(chartOf('popular_category_by_country', ['country', 'category', 'category_count'], rows)).toEqual({
      kind: 'bars',
      labels: ['Oman', 'Chad'],
      series: [{ name: 'category_count', values: [9, 3] }],
      details: ['art, travel', 'art'],
      unit: 'posts',
      leftOut: 0,
    });
  });

  test('of many countries states how many are only in the table', () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ country: `C${i}`, poster_name: 'p', follower_count: i }));
    const chart = chartOf('top_poster_by_country', ['country', 'poster_name', 'follower_count'], rows) as ChartData;
    expect([chart.labels.length, chart.labels[0], chart.leftOut]).toEqual([12, 'C29', 18]);
  });

  test('of medians by two groups: one series per age group, with a gap where a value is missing', () => {
    const rows = [
      { join_year: 2015, age_group: '18-24', median_follower_count: 5 },
      { join_year: 2016, age_group: '18-24', median_follower_count: 7.5 },
      { join_year: 2016, age_group: '50+', median_follower_count: 1 },
    ];
    const columns = ['join_year', 'age_group', 'median_follower_count'];
    expect(chartOf('median_followers_by_join_year_and_age_group', columns, rows)).toEqual({
      kind: 'grouped',
      labels: ['2015', '2016'],
      series: [
        { name: '18-24', values: [5, 7.5] },
        { name: '50+', values: [null, 1] },
      ],
      unit: 'followers (median)',
      leftOut: 0,
    });
  });

  test('of one row is text; if many names tie, the first are named', () => {
    const rows = ['Chad', 'Mali', 'Oman', 'Togo'].map((country) => ({ country, follower_count: 8 }));
    const fact = { kind: 'fact', value: 8, unit: 'followers' };
    const columns = ['country', 'follower_count'];
    expect(chartOf('country_of_top_poster', columns, rows.slice(0, 1))).toEqual({ ...fact, text: 'Chad' });
    expect(chartOf('country_of_top_poster', columns, rows)).toEqual({ ...fact, text: 'Chad, Mali, Oman and 1 more' });
  });

  test('without rows is undefined', () => {
    expect(chartOf('users_joined_by_year', ['join_year', 'number_users_joined'], [])).toBeUndefined();
  });

  test('that the page does not know is drawn as bars of its first column', () => {
    const chart = chartOf('new_one', ['colour', 'likes_count'], [{ colour: 'red', likes_count: 2 }]);
    expect(chart).toMatchObject({ kind: 'bars', labels: ['red'], unit: 'likes count', series: [{ values: [2] }] });
  });
});

test('a stack loses nothing: the shown series and the others add up to the total', () => {
  const row = fc.record({
    post_year: fc.integer({ min: 2018, max: 2022 }),
    category: fc.integer({ min: 0, max: 15 }).map((n) => `category ${n}`),
    category_count: fc.integer({ min: 1, max: 1000 }),
  });
  const unique = {
    minLength: 1,
    selector: (each: { post_year: number; category: string }) => `${each.post_year} ${each.category}`,
  };
  fc.assert(
    fc.property(fc.uniqueArray(row, unique), (rows) => {
      const chart = chartOf('category_counts_by_year', ['post_year', 'category', 'category_count'], rows) as ChartData;
      expect(chart.series.length).toBeLessThanOrEqual(8);
      chart.labels.forEach((label, i) => {
        const drawn = chart.series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0);
        const expected = rows.filter(({ post_year }) => String(post_year) === label);
        expect(drawn).toBe(expected.reduce((sum, { category_count }) => sum + category_count, 0));
      });
    }),
  );
});

test('every standard answer has its own place, and a new one comes last', () => {
  const names = shownOrder([{ name: 'new_one' }, ...ANSWERS]).map(({ name }) => name);
  expect(names[0]).toBe('category_counts_by_year');
  expect(names.at(-1)).toBe('new_one');
  expect([...names].sort()).toEqual(['new_one', ...ANSWERS.map(({ name }) => name)].sort());
});
