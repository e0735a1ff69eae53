/**
 * Views are data: with one entry here, a view is computed by the speed layer and by the Spark job, published, reconciled and
 * served. Every view is a map from a key (its dimension values) to a 64-bit integer. Merging intervals, partitions or layers is
 * the pointwise sum or maximum. That suffices for counts, exact medians (the value is a dimension), top-k and HyperLogLog sketches.
 */
import { createHash } from 'node:crypto';
import { columnOf, SECTIONS, type ColumnName, type Section } from './columns';

interface AnyView {
  readonly name: string;
  readonly description: string;
  /** Columns that make the key. A post in which one of them is null is left out. */
  readonly dimensions: readonly ColumnName[];
  /**
   * The column that gives a post's value; a post in which it is null is left out.
   * @default - every post gives 1
   */
  readonly value?: ColumnName;
}

/** The values of one key are added. A sum has no `top`: a key that is small in every part can be the largest of the whole. */
export interface SumView extends AnyView {
  readonly merge: 'sum';
  readonly top?: never;
}

/** The largest value of a key counts. */
export interface MaxView extends AnyView {
  readonly merge: 'max';
  /**
   * Retains only the `keep` keys with the largest values in each group. A group shares its first `groupBy` dimensions.
   * @default - all keys are retained
   */
  readonly top?: { readonly groupBy: number; readonly keep: number };
}

export type View = SumView | MaxView;

export const VIEWS: readonly View[] = [
  {
    name: 'posts_by_category',
    description: 'Posts per category',
    dimensions: ['category'],
    merge: 'sum',
  },
  {
    name: 'posts_by_country',
    description: 'Posts per country',
    dimensions: ['country'],
    merge: 'sum',
  },
  {
    name: 'posts_by_media_type',
    description: 'Posts per media type',
    dimensions: ['media_type'],
    merge: 'sum',
  },
  {
    name: 'posts_by_minute',
    description: 'Posts per minute of arrival (log append time of the pin)',
    dimensions: ['arrival_minute'],
    merge: 'sum',
  },
  {
    name: 'category_by_country',
    description: 'Posts per country and category',
    dimensions: ['country', 'category'],
    merge: 'sum',
  },
  {
    name: 'category_by_year',
    description: 'Posts per year of posting and category',
    dimensions: ['post_year', 'category'],
    merge: 'sum',
  },
  {
    name: 'category_by_age_group',
    description: 'Posts per age group of the user and category',
    dimensions: ['age_group', 'category'],
    merge: 'sum',
  },
  {
    name: 'top_poster_by_country',
    description: 'Largest follower count of each poster per country, the best 100 posters of each country',
    dimensions: ['country', 'poster_name'],
    merge: 'max',
    value: 'follower_count',
    top: { groupBy: 1, keep: 100 },
  },
  {
    name: 'followers_by_age_group',
    description: 'Posts per age group and follower count: the histogram from which exact medians are read',
    dimensions: ['age_group', 'follower_count'],
    merge: 'sum',
  },
  {
    name: 'followers_by_join_year',
    description: 'Posts per year of joining and follower count: the histogram from which exact medians are read',
    dimensions: ['join_year', 'follower_count'],
    merge: 'sum',
  },
  {
    name: 'followers_by_join_year_age_group',
    description: 'Posts per year of joining, age group and follower count',
    dimensions: ['join_year', 'age_group', 'follower_count'],
    merge: 'sum',
  },
  {
    name: 'followers_by_post_year_age_group',
    description: 'Posts per year of posting, age group and follower count',
    dimensions: ['post_year', 'age_group', 'follower_count'],
    merge: 'sum',
  },
  {
    name: 'users_by_join_year',
    description: 'HyperLogLog registers of the distinct persons per year of joining',
    dimensions: ['join_year', 'user_register'],
    merge: 'max',
    value: 'user_rank',
  },
];

/**
 * What the speed layer makes of canaries: by minute of arrival, when the newest was sent. It is not in {@link VIEWS}, so answers,
 * batch views and the comparison of the layers leave it out.
 */
export const CANARY_VIEW: View = {
  name: 'canary',
  description: 'When the newest canary of each minute was sent',
  dimensions: ['arrival_minute'],
  merge: 'max',
};

/** The columns that a view reads: those of its dimensions and of its value. */
export const columnsRead = (view: View): readonly ColumnName[] => [
  ...view.dimensions,
  ...(view.value ? [view.value] : []),
];

/** The sections a view reads, in the order of {@link SECTIONS}: those of its dimensions and of its value. */
export function sectionsOf(view: View): readonly Section[] {
  const used = new Set(columnsRead(view).map((name) => columnOf(name).section));
  return SECTIONS.filter((section) => used.has(section));
}

export function findView(name: string): View | undefined {
  return VIEWS.find((view) => view.name === name);
}

/** Bytes of a fingerprint. */
export const FINGERPRINT_BYTES = 8;

const fingerprints = new WeakMap<View, Buffer>();

/**
 * Names all that the rows of a view depend on; a description may change freely. It is stored with whatever holds rows: those of another
 * fingerprint count as absent, and are never decoded.
 */
export function fingerprintOf(view: View): Buffer {
  let fingerprint = fingerprints.get(view);
  if (!fingerprint) {
    const { name, dimensions, merge, value, top } = view;
    const definition = JSON.stringify([name, dimensions, merge, value ?? null, top ? [top.groupBy, top.keep] : null]);
    fingerprint = createHash('sha256').update(definition).digest().subarray(0, FINGERPRINT_BYTES);
    fingerprints.set(view, fingerprint);
  }
  return fingerprint;
}

/**
 * The view list as the Spark job reads it (`jobs/views.json` in the bucket of the lake): names only, no code. It has the types of the
 * columns, because the posts of an earlier interval may not have all of them.
 */
export function viewsAsJson(views: readonly View[] = VIEWS): string {
  return JSON.stringify(
    views.map((view) => ({ ...view, sections: sectionsOf(view), columns: typesOf(view) })),
    null,
    2,
  );
}

const typesOf = (view: View) => Object.fromEntries(columnsRead(view).map((name) => [name, columnOf(name).type]));
