/**
 * How personal each field of a post is: the one list from which the JSON Schema (`x-data-class`), the comments of the Glue
 * table and `docs/security/personal-data.md` take it. A field or column without a class does not compile.
 */
import { type ColumnName } from './columns';
import { type Geo, type Pin, type User } from './post';

/** From the harmless to the delicate. */
export const DATA_CLASSES = {
  none: 'says nothing about a single person',
  pseudonymous: 'tells posts or persons apart, or singles one out together with other fields, without naming anybody',
  personal: 'names or describes a person, or is free text, in which anything may stand',
} as const;

export type DataClass = keyof typeof DATA_CLASSES;

type Fields<Section> = Readonly<Record<keyof Section, DataClass>>;

/** The fields that clients send. Those that the contract does not know are kept in whole records only. */
export const FIELD_CLASSES: { readonly pin: Fields<Pin>; readonly geo: Fields<Geo>; readonly user: Fields<User> } = {
  pin: {
    index: 'pseudonymous',
    unique_id: 'pseudonymous',
    title: 'personal',
    description: 'personal',
    poster_name: 'personal',
    follower_count: 'pseudonymous',
    tag_list: 'personal',
    is_image_or_video: 'none',
    image_src: 'pseudonymous',
    downloaded: 'none',
    save_location: 'pseudonymous',
    category: 'none',
  },
  geo: {
    ind: 'pseudonymous',
    timestamp: 'pseudonymous',
    latitude: 'personal',
    longitude: 'personal',
    country: 'none',
  },
  user: {
    ind: 'pseudonymous',
    first_name: 'personal',
    last_name: 'personal',
    age: 'personal',
    date_joined: 'personal',
  },
};

/** The columns that the cleaning makes of them. */
export const COLUMN_CLASSES: Readonly<Record<ColumnName, DataClass>> = {
  unique_id: 'pseudonymous',
  title: 'personal',
  description: 'personal',
  poster_name: 'personal',
  follower_count: 'pseudonymous',
  tag_list: 'personal',
  media_type: 'none',
  image_src: 'pseudonymous',
  downloaded: 'none',
  save_location: 'pseudonymous',
  category: 'none',
  arrival_minute: 'none',
  posted_at: 'pseudonymous',
  post_year: 'none',
  latitude: 'personal',
  longitude: 'personal',
  country: 'none',
  first_name: 'personal',
  last_name: 'personal',
  age: 'personal',
  age_group: 'none',
  date_joined: 'personal',
  join_year: 'none',
  user_register: 'pseudonymous',
  user_rank: 'pseudonymous',
};

const ORDER = Object.keys(DATA_CLASSES) as readonly DataClass[];

/** The most delicate of some classes; `none` of none. */
export function highest(classes: readonly DataClass[]): DataClass {
  return classes.reduce<DataClass>((most, each) => (ORDER.indexOf(each) > ORDER.indexOf(most) ? each : most), 'none');
}
