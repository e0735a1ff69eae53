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

/** The columns of a post that views read; undefined where the post has none. Its sections have no names in common that a view needs. */
function columnsOf(text: string, timestamp: number): Readonly<Record<string, string | number | undefined>> {
  const post: Raw = Object.assign({}, ...Object.values(JSON.parse(text) as Readonly<Record<string, Raw>>));
  const { category, country, age, poster_name: poster, follower_count: followers, is_image_or_video: media } = post;
  const joined = post.date_joined === undefined ? undefined : instantOf(String(post.date_joined));
  const person = joined && sketch([post.first_name, post.last_name, age, joined].join(SEPARATOR));
  return {
    category,
    media_type: MEDIA[String(media)] ?? media,
    arrival_minute: category === undefined ? undefined : `${new Date(timestamp).toISOString().slice(0, 16)}:00.000Z`,
    poster_name: poster === 'User Info Error' ? undefined : poster,
    follower_count: followers === undefined ? undefined : followersOf(String(followers)),
    country,
    post_year: post.timestamp === undefined ? undefined : String(post.timestamp).slice(0, 4),
    age_group: age === undefined ? undefined : ageGroupOf(Number(age)),
    join_year: joined?.slice(0, 4),
    user_register: person ? person.register : undefined,
    user_rank: person ? person.rank : undefined,
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
