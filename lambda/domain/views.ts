/**
 * Views are data: one entry here is all a view needs to be computed by the speed layer, by the Spark job, to be published,
 * reconciled and served. Every view is a map from a key (its dimension values) to a 64-bit integer; merging intervals,
 * partitions or layers is the pointwise sum or maximum. That carries counts, exact medians (the value is a dimension),
 * top-k and HyperLogLog sketches alike.
 */
import { columnOf, SECTIONS, type ColumnName, type Section } from './columns';

export type Merge = 'sum' | 'max';

export interface View {
  readonly name: string;
  readonly description: string;
  /** Columns that make the key. A post in which one of them is null is left out. */
  readonly dimensions: readonly ColumnName[];
  /** How two values of one key become one. */
  readonly merge: Merge;
  /**
   * The column that gives a post's value; a post in which it is null is left out.
   * @default - every post gives 1
   */
  readonly value?: ColumnName;
  /**
   * Keeps only the keys with the largest values in each group, the group being the first `groupBy` dimensions.
   * @default - all keys are kept
   */
  readonly top?: { readonly groupBy: number; readonly keep: number };
}

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
 * What the speed layer makes of canaries: by minute of arrival, when the newest was sent. No part of {@link VIEWS}, so no answer,
 * no batch view and no comparison of the layers knows it.
 */
export const CANARY_VIEW: View = {
  name: 'canary',
  description: 'When the newest canary of each minute was sent',
  dimensions: ['arrival_minute'],
  merge: 'max',
};

/** The sections a view reads, in the order of {@link SECTIONS}: those of its dimensions and of its value. */
export function sectionsOf(view: View): readonly Section[] {
  const used = new Set([...view.dimensions, ...(view.value ? [view.value] : [])].map((name) => columnOf(name).section));
  return SECTIONS.filter((section) => used.has(section));
}

export function findView(name: string): View | undefined {
  return VIEWS.find((view) => view.name === name);
}

/** The view list as the Spark job reads it (`jobs/views.json` in the lake interval): names only, no code. */
export function viewsAsJson(views: readonly View[] = VIEWS): string {
  return JSON.stringify(
    views.map((view) => ({ ...view, sections: sectionsOf(view) })),
    null,
    2,
  );
}
