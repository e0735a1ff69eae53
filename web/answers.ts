/** How the page shows an answer: plain values in and out. */
import { type Provenance, type ResponseRow, type ViewResponse } from '../lambda/query/api';

/** `bars` are horizontal, `columns` are vertical; `stacked` and `grouped` are columns of several series. */
export type ChartKind = 'bars' | 'columns' | 'stacked' | 'grouped' | 'lines';

export interface Series {
  readonly name: string;
  /** One value per label; null where there is none. */
  readonly values: readonly (number | null)[];
}

export interface ChartData {
  readonly kind: ChartKind;
  readonly labels: readonly string[];
  readonly series: readonly Series[];
  /** Text beside each label's value. */
  readonly details?: readonly string[];
  /** What the values count. */
  readonly unit: string;
  /** How many labels, or series, are shown only in the table. */
  readonly leftOut: number;
}

/** An answer of one row is shown as text, not as a chart. */
export interface Fact {
  readonly kind: 'fact';
  readonly text: string;
  readonly value: number;
  readonly unit: string;
}

interface Shape {
  readonly kind: ChartKind | 'fact';
  /** Column of the labels; the last column is the value. */
  readonly label: string;
  /** Column whose values become series. */
  readonly series?: string;
  /** Column whose values are written beside the value. */
  readonly detail?: string;
  /** How many labels (of bars), series (of stacks) or names (of a fact) are shown at most: the largest. */
  readonly most?: number;
}

/** More bars cannot be read at a glance. */
const MOST_BARS = 12;
/** The number of colours that can be distinguished. */
const MOST_SERIES = 7;

/** The sum over all keys of a view, which come in pages. @param path with a query */
export async function totalOf(
  get: (path: string) => Promise<ViewResponse>,
  path: string,
): Promise<{ readonly total: number; readonly provenance: Provenance }> {
  let total = 0;
  for (let next = path; ;) {
    const { columns, rows, cursor, boundary, asOf, intervals, buckets } = await get(next);
    total += rows.reduce((sum, row) => sum + Number(row[columns[columns.length - 1]]), 0);
    if (cursor === undefined) return { total, provenance: { boundary, asOf, intervals, buckets } };
    next = `${path}&cursor=${encodeURIComponent(cursor)}`;
  }
}

/** In display order. */
const SHAPES: Readonly<Record<string, Shape>> = {
  category_counts_by_year: { kind: 'stacked', label: 'post_year', series: 'category', most: MOST_SERIES },
  popular_category_by_year: { kind: 'bars', label: 'post_year', detail: 'category' },
  popular_category_by_country: { kind: 'bars', label: 'country', detail: 'category', most: MOST_BARS },
  top_poster_by_country: { kind: 'bars', label: 'country', detail: 'poster_name', most: MOST_BARS },
  country_of_top_poster: { kind: 'fact', label: 'country', most: 3 },
  popular_category_by_age_group: { kind: 'bars', label: 'age_group', detail: 'category' },
  median_followers_by_age_group: { kind: 'columns', label: 'age_group' },
  users_joined_by_year: { kind: 'columns', label: 'join_year' },
  median_followers_by_join_year: { kind: 'columns', label: 'join_year' },
  median_followers_by_join_year_and_age_group: { kind: 'grouped', label: 'join_year', series: 'age_group' },
  median_followers_by_post_year_and_age_group: { kind: 'grouped', label: 'post_year', series: 'age_group' },
};

/** The answers in display order; those that this page does not know come last. */
export function shownOrder<T extends { readonly name: string }>(answers: readonly T[]): T[] {
  const known = Object.keys(SHAPES);
  const place = ({ name }: T) => (known.includes(name) ? known.indexOf(name) : known.length);
  return [...answers].sort((a, b) => place(a) - place(b));
}

/** Value columns in words. */
const UNITS: Readonly<Record<string, string>> = {
  category_count: 'posts',
  count: 'posts',
  follower_count: 'followers',
  median_follower_count: 'followers (median)',
  number_users_joined: 'persons',
};

/** A new answer is shown as bars of its first column, with the other columns as details. */
const shapeOf = (name: string, columns: readonly string[]): Shape =>
  SHAPES[name] ?? { kind: 'bars', label: columns[0], detail: columns.slice(1, -1)[0], most: MOST_BARS };

/** @returns undefined for an answer without rows */
export function chartOf(
  name: string,
  columns: readonly string[],
  rows: readonly ResponseRow[],
): ChartData | Fact | undefined {
  if (rows.length === 0) return undefined;
  const shape = shapeOf(name, columns);
  const value = columns[columns.length - 1];
  const unit = UNITS[value] ?? value.replaceAll('_', ' ');
  if (shape.kind === 'fact') {
    const names = rows.map((row) => String(row[shape.label]));
    const more = names.length - (shape.most ?? names.length);
    const text = more > 0 ? `${names.slice(0, shape.most).join(', ')} and ${more} more` : names.join(', ');
    return { kind: 'fact', text, value: Number(rows[0][value]), unit };
  }
  return {
    kind: shape.kind,
    unit,
    ...(shape.series ? seriesOf(rows, shape, shape.series, value) : barsOf(rows, shape, value)),
  };
}

type ChartContent = Pick<ChartData, 'labels' | 'series' | 'details' | 'leftOut'>;

/** One value per label. Rows with the same label tie: they have the same value and share a bar. */
function barsOf(rows: readonly ResponseRow[], { label, detail, most }: Shape, value: string): ChartContent {
  const byLabel = new Map<string, { value: number; details: string[] }>();
  for (const row of rows) {
    const name = String(row[label]);
    const bar = byLabel.get(name) ?? { value: Number(row[value]), details: [] };
    if (detail) bar.details.push(String(row[detail]));
    byLabel.set(name, bar);
  }
  const all = [...byLabel];
  const bars = most === undefined ? all : all.sort(([, a], [, b]) => b.value - a.value).slice(0, most);
  return {
    labels: bars.map(([name]) => name),
    series: [{ name: value, values: bars.map(([, bar]) => bar.value) }],
    ...(detail && { details: bars.map(([, { details }]) => details.join(', ')) }),
    leftOut: all.length - bars.length,
  };
}

/** One series per value of a column: the largest are shown, the rest is added up in one more series. */
function seriesOf(rows: readonly ResponseRow[], { label, most }: Shape, column: string, value: string): ChartContent {
  const labels = [...new Set(rows.map((row) => String(row[label])))];
  const byName = new Map<string, Map<string, number>>();
  for (const row of rows) {
    const name = String(row[column]);
    const series = byName.get(name) ?? new Map<string, number>();
    byName.set(name, series.set(String(row[label]), Number(row[value])));
  }
  const total = (series: ReadonlyMap<string, number>) => [...series.values()].reduce((sum, each) => sum + each, 0);
  const all = [...byName];
  const drawn = most === undefined ? all : all.sort(([, a], [, b]) => total(b) - total(a)).slice(0, most);
  const rest = all.slice(drawn.length);
  const series: Series[] = drawn.map(([name, values]) => ({
    name,
    values: labels.map((each) => values.get(each) ?? null),
  }));
  if (rest.length > 0) {
    const values = labels.map((each) => rest.reduce((sum, [, one]) => sum + (one.get(each) ?? 0), 0));
    series.push({ name: `${rest.length} others`, values });
  }
  return { labels, series, leftOut: 0 };
}
