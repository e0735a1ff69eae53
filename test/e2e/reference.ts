/**
 * The eleven answers, computed the naive way from what was sent: one pass over plain objects, no intervals, no layers, and
 * nothing imported from the pipeline. What the pipeline answers must equal this.
 */

type Raw = Readonly<Record<string, unknown>>;
export type AnswerRow = Readonly<Record<string, string | number>>;

export interface Sent {
  readonly pin: readonly Raw[];
  readonly geo: readonly Raw[];
  readonly user: readonly Raw[];
}

interface Pin {
  category: string;
  poster: string | null;
  followers: number | null;
}
interface Geo {
  country: string;
  year: number;
}
interface User {
  person: string;
  ageGroup: string | null;
  joinYear: number;
}

const FACTORS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, b: 1e9 };

function followers(value: unknown): number | null {
  const match = /^(\d+(?:\.\d+)?)([kmb]?)$/.exec(String(value).trim().toLowerCase());
  return match ? Math.round(Number(match[1]) * FACTORS[match[2]]) : null;
}

function ageGroup(age: number): string | null {
  if (age < 18) return null;
  if (age <= 24) return '18-24';
  if (age <= 35) return '25-35';
  return age <= 50 ? '36-50' : '50+';
}

const year = (timestamp: unknown) => Number(String(timestamp).slice(0, 4));

function firstByKey<T>(rows: readonly Raw[], key: string, map: (row: Raw) => T): Map<number, T> {
  const result = new Map<number, T>();
  for (const row of rows) {
    if (!result.has(Number(row[key]))) result.set(Number(row[key]), map(row));
  }
  return result;
}

const toPin = (row: Raw): Pin => {
  const poster = typeof row.poster_name === 'string' ? row.poster_name.trim() : null;
  return {
    category: String(row.category).trim().toLowerCase(),
    poster: poster === 'User Info Error' || poster === '' ? null : poster,
    followers: followers(row.follower_count),
  };
};
const toGeo = (row: Raw): Geo => ({ country: String(row.country).trim(), year: year(row.timestamp) });
const toUser = (row: Raw): User => ({
  person: [row.first_name, row.last_name, row.age, String(row.date_joined).replace('T', ' ').replaceAll(':', '-')].join(
    '|',
  ),
  ageGroup: ageGroup(Number(row.age)),
  joinYear: year(row.date_joined),
});

function* join<A, B>(left: Map<number, A>, right: Map<number, B>): Generator<A & B> {
  for (const [key, a] of left) {
    const b = right.get(key);
    if (b !== undefined) yield { ...a, ...b };
  }
}

/** Groups rows by the values of `by`; null in one of them leaves the row out. */
function group<T extends object>(
  rows: Iterable<T>,
  by: (row: T) => readonly (string | number | null)[],
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = by(row);
    if (key.includes(null)) continue;
    const name = JSON.stringify(key);
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return groups;
}

function counts<T extends object>(
  rows: Iterable<T>,
  names: readonly string[],
  by: (row: T) => (string | number | null)[],
) {
  return [...group(rows, by)].map(([key, members]) => {
    const values = JSON.parse(key) as (string | number)[];
    return { ...Object.fromEntries(names.map((name, i) => [name, values[i]])), category_count: members.length };
  }) as (AnswerRow & { category_count: number })[];
}

function largest(rows: readonly AnswerRow[], groupBy: string | undefined, value: string): AnswerRow[] {
  const best = new Map<unknown, number>();
  const groupOf = (row: AnswerRow) => (groupBy === undefined ? '' : row[groupBy]);
  for (const row of rows) best.set(groupOf(row), Math.max(best.get(groupOf(row)) ?? -1, Number(row[value])));
  return rows.filter((row) => row[value] === best.get(groupOf(row)));
}

function medians<T extends { followers: number | null }>(
  rows: Iterable<T>,
  names: readonly string[],
  by: (row: T) => (string | number | null)[],
): AnswerRow[] {
  return [...group(rows, (row) => [...by(row), row.followers === null ? null : 0])].map(([key, members]) => {
    const values = JSON.parse(key) as (string | number)[];
    const sorted = members.map((row) => row.followers!).sort((a, b) => a - b);
    const middle = sorted.length / 2;
    const median = Number.isInteger(middle) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[Math.floor(middle)];
    return { ...Object.fromEntries(names.map((name, i) => [name, values[i]])), median_follower_count: median };
  });
}

export function referenceAnswers(sent: Sent): Record<string, AnswerRow[]> {
  const pins = firstByKey(sent.pin, 'index', toPin);
  const geos = firstByKey(sent.geo, 'ind', toGeo);
  const users = firstByKey(sent.user, 'ind', toUser);
  const pinGeo = () => join(pins, geos);
  const pinUser = () => join(pins, users);
  const all = join(
    new Map([...pins].filter(([key]) => geos.has(key)).map(([key, pin]) => [key, { ...pin, ...geos.get(key)! }])),
    users,
  );

  const byCountry = counts(pinGeo(), ['country', 'category'], (row) => [row.country, row.category]);
  const byYear = counts(pinGeo(), ['post_year', 'category'], (row) => [row.year, row.category]);
  const byAge = counts(pinUser(), ['age_group', 'category'], (row) => [row.ageGroup, row.category]);
  const posters = [...group(pinGeo(), (row) => [row.country, row.poster, row.followers === null ? null : 0])].map(
    ([key, members]) => {
      const [country, poster] = JSON.parse(key) as string[];
      return { country, poster_name: poster, follower_count: Math.max(...members.map((row) => row.followers!)) };
    },
  );
  const topPosters = largest(posters, 'country', 'follower_count');
  const joined = [...group(users.values(), (row) => [row.joinYear])].map(([key, members]) => ({
    join_year: (JSON.parse(key) as number[])[0],
    number_users_joined: new Set(members.map((row) => row.person)).size,
  }));
  const countries = new Map(
    largest(topPosters, undefined, 'follower_count').map((row) => [
      row.country,
      { country: row.country, follower_count: row.follower_count },
    ]),
  );

  return {
    popular_category_by_country: largest(byCountry, 'country', 'category_count'),
    popular_category_by_year: largest(byYear, 'post_year', 'category_count'),
    category_counts_by_year: byYear.filter((row) => Number(row.post_year) >= 2018 && Number(row.post_year) <= 2022),
    top_poster_by_country: topPosters,
    country_of_top_poster: [...countries.values()],
    popular_category_by_age_group: largest(byAge, 'age_group', 'category_count'),
    median_followers_by_age_group: medians(pinUser(), ['age_group'], (row) => [row.ageGroup]),
    users_joined_by_year: joined,
    median_followers_by_join_year: medians(pinUser(), ['join_year'], (row) => [row.joinYear]),
    median_followers_by_join_year_and_age_group: medians(pinUser(), ['join_year', 'age_group'], (row) => [
      row.joinYear,
      row.ageGroup,
    ]),
    median_followers_by_post_year_and_age_group: medians(all, ['post_year', 'age_group'], (row) => [
      row.year,
      row.ageGroup,
    ]),
  };
}
