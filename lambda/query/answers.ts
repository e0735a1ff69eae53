/**
 * The standard answers of the exercise, each computed from the rows of one view as they stream by: what is held is a group's result,
 * however many keys a view has. Ties are all returned; everything except the distinct count is exact.
 */
import { estimate } from '../domain/hyperloglog';
import { type DimensionValue } from '../domain/merge';
import { compareKeys, type Key, type Row, type Run } from '../domain/sorted-run';
import { findView, type View, VIEWS } from '../domain/views';
import { type ResponseRow, PAGE_ROWS } from './api';
import { largest } from './pages';

export interface StandardAnswer {
  readonly name: string;
  readonly description: string;
  readonly view: View;
  readonly columns: readonly string[];
  /** @param run reads the rows of the view; each call from the first one on */
  readonly rows: (run: () => Run) => AsyncIterable<ResponseRow>;
}

/** The state of each group when its last row was added. A group shares the first `size` values of its keys. */
async function* foldGroups<State>(
  run: Run,
  size: number,
  start: () => State,
  add: (state: State, row: Row) => void,
): AsyncGenerator<{ readonly key: Key; readonly state: State }> {
  let group: { readonly key: Key; readonly state: State } | undefined;
  for await (const rows of run) {
    for (const row of rows) {
      const key = row.key.slice(0, size);
      if (!group || compareKeys(group.key, key) !== 0) {
        if (group) yield group;
        group = { key, state: start() };
      }
      add(group.state, row);
    }
  }
  if (group) yield group;
}

/** Rows that share the largest value so far; no more than make a response full. */
interface Ties {
  value: number;
  rows: Row[];
}

const noTies = (): Ties => ({ value: -Infinity, rows: [] });

function addTie(ties: Ties, row: Row): void {
  if (row.value > ties.value) {
    ties.value = row.value;
    ties.rows = [];
  }
  if (row.value === ties.value && ties.rows.length <= PAGE_ROWS) ties.rows.push(row);
}

const rowOf = (columns: readonly string[], values: readonly DimensionValue[]): ResponseRow =>
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
  async function* rows(run: () => Run) {
    for await (const { state } of foldGroups(run(), 1, noTies, addTie)) {
      for (const { key, value } of state.rows) yield rowOf(columns, [...key, value]);
    }
  }
  return { name, description, view: viewNamed(viewName), columns, rows };
}

/** The values of a histogram at two positions, of its values in order. */
interface Middle {
  readonly low: number;
  readonly high: number;
  passed: number;
  sum: number;
}

/**
 * The exact median of the last dimension for each group of the others: the middle value, or the mean of the two in the middle. The
 * rows are read twice: how many values a group has says where its middle is.
 */
function medianOfEach(name: string, description: string, viewName: string): StandardAnswer {
  const view = viewNamed(viewName);
  const by = view.dimensions.length - 1;
  const columns = [...view.dimensions.slice(0, by), 'median_follower_count'];
  async function* rows(run: () => Run) {
    const totals: number[] = [];
    const sizes = foldGroups(
      run(),
      by,
      () => ({ total: 0 }),
      (state, { value }) => (state.total += value),
    );
    for await (const { state } of sizes) totals.push(state.total);
    let group = 0;
    const start = (): Middle => {
      const total = totals[group++];
      return { low: Math.floor((total - 1) / 2), high: Math.floor(total / 2), passed: 0, sum: 0 };
    };
    const add = (middle: Middle, { key, value }: Row) => {
      const next = middle.passed + value;
      for (const position of [middle.low, middle.high]) {
        if (position >= middle.passed && position < next) middle.sum += Number(key[by]);
      }
      middle.passed = next;
    };
    for await (const { key, state } of foldGroups(run(), by, start, add)) yield rowOf(columns, [...key, state.sum / 2]);
  }
  return { name, description, view, columns, rows };
}

function categoryCountsByYear(): StandardAnswer {
  const columns = ['post_year', 'category', 'category_count'];
  async function* rows(run: () => Run) {
    for await (const block of run()) {
      for (const { key, value } of block) {
        if (Number(key[0]) >= 2018 && Number(key[0]) <= 2022) yield rowOf(columns, [...key, value]);
      }
    }
  }
  return {
    name: 'category_counts_by_year',
    description: 'Posts of every category per year of posting, 2018 to 2022',
    view: viewNamed('category_by_year'),
    columns,
    rows,
  };
}

function countryOfTopPoster(): StandardAnswer {
  const columns = ['country', 'follower_count'];
  async function* rows(run: () => Run) {
    const best = noTies();
    for await (const { key, state } of foldGroups(run(), 1, noTies, addTie)) addTie(best, { key, value: state.value });
    for (const { key, value } of best.rows) yield rowOf(columns, [...key, value]);
  }
  return {
    name: 'country_of_top_poster',
    description: 'Country of the poster with the most followers of all',
    view: viewNamed('top_poster_by_country'),
    columns,
    rows,
  };
}

function usersJoinedByYear(): StandardAnswer {
  const columns = ['join_year', 'number_users_joined'];
  async function* rows(run: () => Run) {
    const registers = foldGroups(
      run(),
      1,
      (): number[] => [],
      (ranks, { value }) => ranks.push(value),
    );
    for await (const { key, state } of registers) yield rowOf(columns, [...key, Math.round(estimate(state))]);
  }
  return {
    name: 'users_joined_by_year',
    description: 'Distinct persons per year of joining (HyperLogLog, standard error 0.81 %)',
    view: viewNamed('users_by_join_year'),
    columns,
    rows,
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

/** The columns of a view; its value is the last one. */
export const columnsOfView = (view: View): string[] => [...view.dimensions, view.value ?? 'count'];

/** The rows of a view as they are answered. @param top only the largest ones, before most of them become objects */
export async function* countRows(view: View, run: Run, top?: number): AsyncGenerator<ResponseRow> {
  const columns = columnsOfView(view);
  if (top === undefined)
    for await (const rows of run) for (const { key, value } of rows) yield rowOf(columns, [...key, value]);
  else for await (const { key, value } of largest(run, (row) => row.value, top)) yield rowOf(columns, [...key, value]);
}
