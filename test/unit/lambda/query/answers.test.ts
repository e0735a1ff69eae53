import fc from 'fast-check';
import { ANSWERS, findAnswer } from '../../../../lambda/query/answers';
import { type ResponseRow } from '../../../../lambda/query/api';
import { PAGE_ROWS } from '../../../../lambda/query/api';
import { runOf } from '../../../../lambda/domain/sorted-run';
import { joinKey } from '../../../support/view-runs';
import { sortedRows, type Counts } from '../../../../tools/kit/counts';

const counts = (rows: [...(string | number)[]][]): Counts =>
  new Map(rows.map((row) => [joinKey(row.slice(0, -1)), Number(row[row.length - 1])]));

async function rowsOf(name: string, given: Counts): Promise<ResponseRow[]> {
  const { view, rows } = findAnswer(name)!;
  const found: ResponseRow[] = [];
  for await (const row of rows(() => runOf(sortedRows(view, given)))) found.push(row);
  return found;
}

describe('the standard answers', () => {
  test('are the eleven of the exercise, with these columns', () => {
    expect(Object.fromEntries(ANSWERS.map(({ name, columns }) => [name, columns]))).toEqual({
      popular_category_by_country: ['country', 'category', 'category_count'],
      popular_category_by_year: ['post_year', 'category', 'category_count'],
      category_counts_by_year: ['post_year', 'category', 'category_count'],
      top_poster_by_country: ['country', 'poster_name', 'follower_count'],
      country_of_top_poster: ['country', 'follower_count'],
      popular_category_by_age_group: ['age_group', 'category', 'category_count'],
      median_followers_by_age_group: ['age_group', 'median_follower_count'],
      users_joined_by_year: ['join_year', 'number_users_joined'],
      median_followers_by_join_year: ['join_year', 'median_follower_count'],
      median_followers_by_join_year_and_age_group: ['join_year', 'age_group', 'median_follower_count'],
      median_followers_by_post_year_and_age_group: ['post_year', 'age_group', 'median_follower_count'],
    });
  });

  test('return all categories that tie as the most popular of a country', async () => {
    const given = counts([
      ['Chad', 'art', 3],
      ['Chad', 'travel', 3],
      ['Chad', 'beauty', 1],
      ['Albania', 'quotes', 1],
    ]);
    expect(await rowsOf('popular_category_by_country', given)).toEqual([
      { country: 'Albania', category: 'quotes', category_count: 1 },
      { country: 'Chad', category: 'art', category_count: 3 },
      { country: 'Chad', category: 'travel', category_count: 3 },
    ]);
  });

  test('count categories only for 2018 to 2022, but return the most popular for every year', async () => {
    const given = counts([
      [2017, 'art', 2],
      [2018, 'art', 1],
      [2022, 'art', 4],
      [2023, 'art', 9],
    ]);
    expect((await rowsOf('category_counts_by_year', given)).map(({ post_year }) => post_year)).toEqual([2018, 2022]);
    expect(await rowsOf('popular_category_by_year', given)).toHaveLength(4);
  });

  test('name every country in which a poster has the most followers of all, once', async () => {
    const given = counts([
      ['Angola', 'Ann', 8_000_000],
      ['Angola', 'Ben', 8_000_000],
      ['Bermuda', 'Ann', 8_000_000],
      ['Chad', 'Cid', 7],
    ]);
    expect(await rowsOf('country_of_top_poster', given)).toEqual([
      { country: 'Angola', follower_count: 8_000_000 },
      { country: 'Bermuda', follower_count: 8_000_000 },
    ]);
    expect((await rowsOf('top_poster_by_country', given)).map(({ poster_name }) => poster_name)).toEqual([
      'Ann',
      'Ben',
      'Ann',
      'Cid',
    ]);
  });

  test('use the mean of the two middle values as the median', async () => {
    const given = counts([
      ['18-24', 10, 1],
      ['18-24', 100, 2],
      ['18-24', 1000, 1],
      ['50+', 5, 1],
      ['50+', 8, 1],
    ]);
    expect(await rowsOf('median_followers_by_age_group', given)).toEqual([
      { age_group: '18-24', median_follower_count: 100 },
      { age_group: '50+', median_follower_count: 6.5 },
    ]);
  });

  test('count a person whose register is filled once, per year', async () => {
    const given = counts([
      [2015, 1, 3],
      [2015, 2, 1],
      [2016, 1, 1],
    ]);
    expect(await rowsOf('users_joined_by_year', given)).toEqual([
      { join_year: 2015, number_users_joined: 2 },
      { join_year: 2016, number_users_joined: 1 },
    ]);
  });

  test('hold no more ties of a group than a response', async () => {
    const many = PAGE_ROWS + 100;
    const given = counts(Array.from({ length: many }, (_, i) => ['Chad', `category ${i}`, 1]));
    expect(await rowsOf('popular_category_by_country', given)).toHaveLength(PAGE_ROWS + 1);
  });

  test('have no rows if there are no posts', async () => {
    for (const { name } of ANSWERS) expect(await rowsOf(name, new Map())).toEqual([]);
  });
});

describe('the median of a histogram', () => {
  test('equals that of the single values', async () => {
    const histogram = fc.array(fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(histogram, async (entries) => {
        // Each value once: keys of a view are.
        const counted = [...new Map(entries)];
        const values = counted.flatMap(([value, count]) => Array<number>(count).fill(value)).sort((a, b) => a - b);
        const middle = values.length / 2;
        const expected = Number.isInteger(middle)
          ? (values[middle - 1] + values[middle]) / 2
          : values[Math.floor(middle)];
        const given = counts(counted.map(([value, count]) => ['18-24', value, count]));
        const [{ median_follower_count: found }] = await rowsOf('median_followers_by_age_group', given);
        expect(found).toBe(expected);
      }),
    );
  });
});
