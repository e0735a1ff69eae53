/**
 * The columns of a cleaned post: the one list from which the archive's lines, the Parquet files, the Glue table, the Spark
 * job and the views take their names and types. Columns are only ever appended (a Glue or Parquet reader sees old files too).
 */

/** The three parts of a post. They may arrive together or apart, in any order. */
export const SECTIONS = ['pin', 'geo', 'user'] as const;
export type Section = (typeof SECTIONS)[number];

/** `long` is a 64-bit integer held in a JS number, so values are limited to ±(2^53 − 1) by the cleaning. */
export type ColumnType = 'string' | 'int' | 'long' | 'double' | 'timestamp' | 'string[]';

export interface Column {
  readonly name: string;
  readonly section: Section;
  readonly type: ColumnType;
  readonly description: string;
}

const column = <const Name extends string>(section: Section, name: Name, type: ColumnType, description: string) => ({
  name,
  section,
  type,
  description,
});

export const COLUMNS = [
  column('pin', 'unique_id', 'string', 'Identifier of the pin (UUID)'),
  column('pin', 'title', 'string', 'Title; null where the client sent a placeholder'),
  column('pin', 'description', 'string', 'Description; null where the client sent a placeholder'),
  column('pin', 'poster_name', 'string', 'Display name of the poster; absent in some clients'),
  column('pin', 'follower_count', 'long', 'Followers of the poster'),
  column('pin', 'tag_list', 'string[]', 'Tags'),
  column('pin', 'media_type', 'string', 'image, video or multi-video'),
  column('pin', 'image_src', 'string', 'Address of the image'),
  column('pin', 'downloaded', 'int', '1 if the client had downloaded the image, else 0'),
  column('pin', 'save_location', 'string', 'Path to which the client saved the image'),
  column('pin', 'category', 'string', 'Category, lower case'),
  column('pin', 'arrival_minute', 'timestamp', 'Minute of the log append time of the record that brought the pin'),
  column('geo', 'posted_at', 'timestamp', 'Time of the post, UTC'),
  column('geo', 'post_year', 'int', 'Year of posted_at'),
  column('geo', 'latitude', 'double', 'Degrees north'),
  column('geo', 'longitude', 'double', 'Degrees east'),
  column('geo', 'country', 'string', 'Country name as the client sent it, trimmed'),
  column('user', 'first_name', 'string', 'First name'),
  column('user', 'last_name', 'string', 'Last name'),
  column('user', 'age', 'int', 'Age in years'),
  column('user', 'age_group', 'string', '18-24, 25-35, 36-50, 50+; null under 18 and unknown'),
  column('user', 'date_joined', 'timestamp', 'When the user joined, UTC'),
  column('user', 'join_year', 'int', 'Year of date_joined'),
  column(
    'user',
    'user_register',
    'int',
    'HyperLogLog register of the person (hash of first_name, last_name, age, date_joined)',
  ),
  column('user', 'user_rank', 'int', 'HyperLogLog rank of the person in user_register'),
] as const satisfies readonly Column[];

export type ColumnName = (typeof COLUMNS)[number]['name'];

/** A cleaned value; timestamps are ISO-8601 in UTC with milliseconds (`2026-11-22T21:00:00.000Z`). */
export type Value = string | number | readonly string[] | null;

/** The cleaned columns of one section: every column of that section is present, null where the client gave nothing usable. */
export type SectionColumns = Readonly<Record<string, Value>>;

/** The sections of one post (or of one record of it), each with its columns. */
export type Sections = Readonly<Partial<Record<Section, SectionColumns>>>;

const byName = new Map<string, Column>(COLUMNS.map((each) => [each.name, each]));

export function columnOf(name: ColumnName): Column {
  return byName.get(name)!;
}

export function columnsOf(section: Section): readonly Column[] {
  return COLUMNS.filter((each) => each.section === section);
}
