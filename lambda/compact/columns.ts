/** The columns of the lake's Parquet files, as the Glue table, Athena and the Spark job see them. */
import { COLUMNS, SECTIONS } from '../domain/columns';
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
