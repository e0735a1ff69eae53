/**
 * The counts of the views, by one pass over the posts of the load generator with nothing of the pipeline but the views' names and the
 * hash of a person: what a contender has counted must equal this, or its time means nothing.
 */
import { sketch } from '../../lambda/domain/person-sketch';

/** By view, by the values of its dimensions, joined by {@link SEPARATOR}. */
export type CountsByView = Map<string, Map<string, number>>;

export const SEPARATOR = '\u001f';

/** As many posters of a country as the view has. */
const BEST = 100;

type Raw = Readonly<Record<string, string | number | undefined>>;

const FACTORS: Readonly<Record<string, number>> = { k: 1e3, M: 1e6 };
const MEDIA: Readonly<Record<string, string>> = { 'multi-video(story page format)': 'multi-video' };

function followersOf(text: string): number | undefined {
  if (text === 'User Info Error') return undefined;
  const factor = FACTORS[text.at(-1)!];
  return Math.round(factor ? Number(text.slice(0, -1)) * factor : Number(text));
}

function ageGroupOf(age: number): string {
  if (age <= 24) return '18-24';
  return age <= 35 ? '25-35' : age <= 50 ? '36-50' : '50+';
}

/** `2018-03-04 05:06:07` in one of its three forms, as the cleaning writes it. */
const instantOf = (text: string) => `${text.slice(0, 10).replaceAll(':', '-')}T${text.slice(11, 19)}.000Z`;

/** The columns of a post that views read; undefined where the post has none. */
function columnsOf(text: string, timestamp: number): Readonly<Record<string, string | number | undefined>> {
  const { pin, geo, user } = JSON.parse(text) as { pin?: Raw; geo?: Raw; user?: Raw };
  const joined = user && instantOf(String(user.date_joined));
  const person = user && sketch([user.first_name, user.last_name, user.age, joined].join(SEPARATOR));
  const poster = pin?.poster_name;
  return {
    category: pin?.category,
    media_type: pin && (MEDIA[String(pin.is_image_or_video)] ?? pin.is_image_or_video),
    arrival_minute: pin && `${new Date(timestamp).toISOString().slice(0, 16)}:00.000Z`,
    poster_name: poster === 'User Info Error' ? undefined : poster,
    follower_count: pin && followersOf(String(pin.follower_count)),
    country: geo?.country,
    post_year: geo && String(geo.timestamp).slice(0, 4),
    age_group: user && ageGroupOf(Number(user.age)),
    join_year: joined?.slice(0, 4),
    user_register: person?.register,
    user_rank: person?.rank,
  };
}

/** Of each view its dimensions, and the column whose largest value counts. */
const VIEWS: Readonly<Record<string, readonly [dimensions: string, largest?: string]>> = {
  posts_by_category: ['category'],
  posts_by_country: ['country'],
  posts_by_media_type: ['media_type'],
  posts_by_minute: ['arrival_minute'],
  category_by_country: ['country category'],
  category_by_year: ['post_year category'],
  category_by_age_group: ['age_group category'],
  top_poster_by_country: ['country poster_name', 'follower_count'],
  followers_by_age_group: ['age_group follower_count'],
  followers_by_join_year: ['join_year follower_count'],
  followers_by_join_year_age_group: ['join_year age_group follower_count'],
  followers_by_post_year_age_group: ['post_year age_group follower_count'],
  users_by_join_year: ['join_year user_register', 'user_rank'],
};

const DIMENSIONS = Object.entries(VIEWS).map(([view, [names, largest]]) => ({
  view,
  names: names.split(' '),
  largest,
}));

export class Counted {
  readonly counts: CountsByView = new Map(DIMENSIONS.map(({ view }) => [view, new Map<string, number>()]));

  add(text: string, timestamp: number): void {
    const columns = columnsOf(text, timestamp);
    for (const { view, names, largest } of DIMENSIONS) {
      const values = names.map((name) => columns[name]);
      const value = largest === undefined ? 1 : columns[largest];
      if (values.includes(undefined) || value === undefined) continue;
      const counts = this.counts.get(view)!;
      const key = values.join(SEPARATOR);
      const before = counts.get(key) ?? 0;
      counts.set(key, largest === undefined ? before + 1 : Math.max(before, Number(value)));
    }
  }
}

/** Of each country the posters with most followers, by name where they have as many. */
function best(counts: ReadonlyMap<string, number>): Map<string, number> {
  const countries = Map.groupBy(counts, ([key]) => key.slice(0, key.indexOf(SEPARATOR)));
  const ranked = [...countries.values()].flatMap((posters) =>
    posters.sort(([a, x], [b, y]) => y - x || Buffer.compare(Buffer.from(a), Buffer.from(b))).slice(0, BEST),
  );
  return new Map(ranked);
}

/** @throws Error naming the view and a key, if a contender counted something else */
export function requireEqual(contender: string, counted: CountsByView, expected: CountsByView): void {
  for (const [view, all] of expected) {
    const isTop = view === 'top_poster_by_country';
    const right = isTop ? best(all) : all;
    const found = isTop ? best(counted.get(view) ?? new Map()) : (counted.get(view) ?? new Map<string, number>());
    for (const key of new Set([...right.keys(), ...found.keys()])) {
      if (right.get(key) === found.get(key)) continue;
      const shown = key.replaceAll(SEPARATOR, ' / ');
      throw new Error(`${contender} counts ${found.get(key)} in ${view} for ${shown}, right is ${right.get(key)}`);
    }
  }
}
