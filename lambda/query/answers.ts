/**
 * The standard answers of the exercise, each computed from the counts of one view. Ties are all returned; everything
 * except the distinct count is exact.
 */
import { estimate } from '../domain/hyperloglog';
import { type Counts, type DimensionValue, splitKey } from '../domain/merge';
import { compareKeys, sortedRows, type Row } from '../domain/sorted-run';
import { findView, type View, VIEWS } from '../domain/views';

export type AnswerRow = Readonly<Record<string, DimensionValue>>;

export interface StandardAnswer {
  readonly name: string;
  readonly description: string;
  readonly view: View;
  readonly columns: readonly string[];
  readonly rows: (counts: Counts) => AnswerRow[];
}

type Entry = Row;

const entriesOf = (view: View, counts: Counts): Entry[] =>
  [...counts].map(([key, value]) => ({ key: splitKey(view, key), value }));

/** Groups by the first `size` values of the keys, groups in order. */
function groups(entries: readonly Entry[], size: number): { key: readonly DimensionValue[]; members: Entry[] }[] {
  const byName = new Map<string, { key: readonly DimensionValue[]; members: Entry[] }>();
  for (const entry of entries) {
    const key = entry.key.slice(0, size);
    const name = JSON.stringify(key);
    const group = byName.get(name);
    if (group) group.members.push(entry);
    else byName.set(name, { key, members: [entry] });
  }
  return [...byName.values()].sort((a, b) => compareKeys(a.key, b.key));
}

/** All entries with the largest value, sorted by key. */
function largest(entries: readonly Entry[]): Entry[] {
  const best = entries.reduce((most, { value }) => Math.max(most, value), -Infinity);
  return entries.filter(({ value }) => value === best).sort((a, b) => compareKeys(a.key, b.key));
}

/**
 * The exact median of a histogram of (value, how often): the middle value, or the mean of the two middle values.
 * @param histogram in any order, at least one entry
 */
export function median(histogram: readonly (readonly [value: number, count: number])[]): number {
  const sorted = [...histogram].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  const at = (position: number) => {
    let seen = 0;
    for (const [value, count] of sorted) {
      seen += count;
      if (position < seen) return value;
    }
    throw new Error(`position in a histogram of ${total} values must be below ${total}, got ${position}`);
  };
  const middle = Math.floor(total / 2);
  return total % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
}

const rowOf = (columns: readonly string[], values: readonly DimensionValue[]): AnswerRow =>
  Object.fromEntries(columns.map((column, i) => [column, values[i]]));

function viewNamed(name: string): View {
  const view = findView(name);
  if (!view) throw new Error(`view must be one of ${VIEWS.map((each) => each.name).join(', ')}, got '${name}'`);
  return view;
}

/** For each value of the first dimension, the key with the largest value, or all keys that tie. */
function largestOfEach(
  name: string,
  description: string,
  viewName: string,
  columns: readonly string[],
): StandardAnswer {
  const view = viewNamed(viewName);
  const rows = (counts: Counts) =>
    groups(entriesOf(view, counts), 1).flatMap(({ members }) =>
      largest(members).map(({ key, value }) => rowOf(columns, [...key, value])),
    );
  return { name, description, view, columns, rows };
}

/** The median of the last dimension for each group of the others. */
function medianOfEach(name: string, description: string, viewName: string): StandardAnswer {
  const view = viewNamed(viewName);
  const by = view.dimensions.length - 1;
  const columns = [...view.dimensions.slice(0, by), 'median_follower_count'];
  const rows = (counts: Counts) =>
    groups(entriesOf(view, counts), by).map(({ key, members }) =>
      rowOf(columns, [...key, median(members.map((entry) => [Number(entry.key[by]), entry.value] as const))]),
    );
  return { name, description, view, columns, rows };
}

function categoryCountsByYear(): StandardAnswer {
  const view = viewNamed('category_by_year');
  const columns = ['post_year', 'category', 'category_count'];
  return {
    name: 'category_counts_by_year',
    description: 'Posts of every category per year of posting, 2018 to 2022',
    view,
    columns,
    rows: (counts) =>
      entriesOf(view, counts)
        .filter(({ key: [year] }) => Number(year) >= 2018 && Number(year) <= 2022)
        .sort((a, b) => compareKeys(a.key, b.key))
        .map(({ key, value }) => rowOf(columns, [...key, value])),
  };
}

function countryOfTopPoster(): StandardAnswer {
  const view = viewNamed('top_poster_by_country');
  const columns = ['country', 'follower_count'];
  return {
    name: 'country_of_top_poster',
    description: 'Country of the poster with the most followers of all',
    view,
    columns,
    rows: (counts) =>
      groups(largest(entriesOf(view, counts)), 1).map(({ key, members }) => rowOf(columns, [...key, members[0].value])),
  };
}

function usersJoinedByYear(): StandardAnswer {
  const view = viewNamed('users_by_join_year');
  const columns = ['join_year', 'number_users_joined'];
  return {
    name: 'users_joined_by_year',
    description: 'Distinct persons per year of joining (HyperLogLog, standard error 0.81 %)',
    view,
    columns,
    rows: (counts) =>
      groups(entriesOf(view, counts), 1).map(({ key, members }) =>
        rowOf(columns, [...key, Math.round(estimate(members.map(({ value }) => value)))]),
      ),
  };
}

export const ANSWERS: readonly StandardAnswer[] = [
  largestOfEach('popular_category_by_country', 'Most popular category per country', 'category_by_country', [
    'country',
    'category',
    'category_count',
  ]),
  largestOfEach('popular_category_by_year', 'Most popular category per year of posting', 'category_by_year', [
    'post_year',
    'category',
    'category_count',
  ]),
  categoryCountsByYear(),
  largestOfEach('top_poster_by_country', 'Poster with the most followers per country', 'top_poster_by_country', [
    'country',
    'poster_name',
    'follower_count',
  ]),
  countryOfTopPoster(),
  largestOfEach('popular_category_by_age_group', 'Most popular category per age group', 'category_by_age_group', [
    'age_group',
    'category',
    'category_count',
  ]),
  medianOfEach('median_followers_by_age_group', 'Median follower count per age group', 'followers_by_age_group'),
  usersJoinedByYear(),
  medianOfEach('median_followers_by_join_year', 'Median follower count per year of joining', 'followers_by_join_year'),
  medianOfEach(
    'median_followers_by_join_year_and_age_group',
    'Median follower count per year of joining and age group',
    'followers_by_join_year_age_group',
  ),
  medianOfEach(
    'median_followers_by_post_year_and_age_group',
    'Median follower count per year of posting and age group',
    'followers_by_post_year_age_group',
  ),
];

export function findAnswer(name: string): StandardAnswer | undefined {
  return ANSWERS.find((answer) => answer.name === name);
}

/** The standard answers computed from a view. */
export function answersOf(view: View): StandardAnswer[] {
  return ANSWERS.filter((answer) => answer.view === view);
}

/** All counts of a view, one row per key, sorted by key. The value's column is `count`, or the view's value. */
export function countRows(view: View, counts: Counts): Table {
  return rowsTable(view, sortedRows(view, counts));
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly AnswerRow[];
}

/** The columns of a view, and rows in the order given. The value is the last column. */
export function rowsTable(view: View, rows: readonly Row[]): Table {
  const columns = [...view.dimensions, view.value ?? 'count'];
  return { columns, rows: rows.map(({ key, value }) => rowOf(columns, [...key, value])) };
}
