/**
 * Version 1 of the lake's Parquet files, which `compact` writes of an interval and partition: names and types of columns, as the Glue
 * table, Athena and the Spark job see them.
 *
 * ```
 * posts/              a row a post that brought a section: {@link POST_FILE_COLUMNS}
 * dedup-index/        a row a post that brought a section: post_key, and for each section, by its name, whether it was new
 * incomplete-posts/   a row a post that lacks a section: post_key, and for each section `<section>_since`, the name of the interval in
 *                     which it arrived, and its columns
 * ```
 *
 * Invariants: columns are only added, and keep name and type; a reader names the columns that it wants, and takes one that a file does
 * not have for null.
 */
import { COLUMNS, columnsOf, SECTIONS, type Section } from '../domain/columns';
import { type DataClass } from '../domain/data-classes';
import { type ColumnType } from '../domain/sections/section';

export interface FileColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly description: string;
  readonly dataClass: DataClass;
}

/** The columns of `posts/`, in the order of the file. One row is one post in one interval. */
export const POST_FILE_COLUMNS: readonly FileColumn[] = [
  { name: 'post_key', type: 'long', description: "The post's key: its index", dataClass: 'pseudonymous' },
  { name: 'interval_start', type: 'string', description: 'Name of the interval', dataClass: 'none' },
  { name: 'kafka_partition', type: 'int', description: 'Partition of the topic', dataClass: 'none' },
  {
    name: 'first_offset',
    type: 'long',
    description: 'Offset of the first record that brought a new section in this interval; rows are sorted by it',
    dataClass: 'pseudonymous',
  },
  {
    name: 'sections',
    type: 'string[]',
    description: `Sections known by the end of the interval: ${SECTIONS.join(', ')}`,
    dataClass: 'none',
  },
  {
    name: 'new_sections',
    type: 'string[]',
    description: 'Sections that first arrived in this interval',
    dataClass: 'none',
  },
  ...COLUMNS.map(({ name, type, description, dataClass }) => ({ name, type, description, dataClass })),
];

/** DuckDB's name of each column type, used to read the raw log and to write Parquet. */
export const DUCKDB_TYPES: Readonly<Record<ColumnType, string>> = {
  string: 'VARCHAR',
  int: 'INTEGER',
  long: 'BIGINT',
  double: 'DOUBLE',
  timestamp: 'TIMESTAMP',
  'string[]': 'VARCHAR[]',
};

/** Name and type of a column for DuckDB. */
export interface StoredColumn {
  readonly name: string;
  readonly type: string;
}

const POST_KEY: StoredColumn = { name: 'post_key', type: DUCKDB_TYPES.long };

/** Name of the column that states in which interval an incomplete post's section arrived. */
export const since = (section: Section) => `${section}_since`;

export const DEDUP_INDEX_COLUMNS: readonly StoredColumn[] = [
  POST_KEY,
  ...SECTIONS.map((section) => ({ name: section, type: 'BOOLEAN' })),
];

export const INCOMPLETE_POSTS_COLUMNS: readonly StoredColumn[] = [
  POST_KEY,
  ...SECTIONS.flatMap((section) => [
    { name: since(section), type: DUCKDB_TYPES.string },
    ...columnsOf(section).map(({ name, type }) => ({ name, type: DUCKDB_TYPES[type] })),
  ]),
];
