/**
 * The views of one interval as DuckDB SQL. One pass over the files of all partitions makes a narrow table: what views read, and which
 * sections are new, as bits. Each view is then a grouping of this table, written as the lines of its object. The table, the
 * groupings and the sorts can spill.
 *
 * Invariants: a view counts a post when the last of its sections arrives; a post without a dimension or value is left out; rows are in
 * the order of a run; equal posts give equal bytes, the same as Spark's.
 */
import { columnOf, SECTIONS } from '../domain/columns';
import { maskOf } from '../domain/merge';
import { columnsRead, sectionsOf, type View } from '../domain/views';
import { DUCKDB_TYPES, type StoredColumn } from '../formats/post-files';
import { id, readStored, text } from './sql';

/** The new sections of a post, as bits in the order of {@link SECTIONS}. */
const NEW_SECTIONS = SECTIONS.map(
  (section) => `list_contains(new_sections, ${text(section)})::UTINYINT * ${maskOf([section])}`,
).join(' + ');

/** Creates the table that {@link ROWS_SQL} and {@link viewSql} read. @param files paths of Parquet files of `posts/` */
export function tableSql(views: readonly View[], files: readonly string[]): string {
  const used = [...new Set(views.flatMap(columnsRead))];
  const columns: StoredColumn[] = [
    { name: 'kafka_partition', type: DUCKDB_TYPES.int },
    { name: 'new_sections', type: DUCKDB_TYPES['string[]'] },
    ...used.map((name) => ({ name, type: DUCKDB_TYPES[columnOf(name).type] })),
  ];
  return `CREATE OR REPLACE TABLE posts AS SELECT kafka_partition AS "#partition", ${NEW_SECTIONS} AS "#new",
    ${used.map(id).join(', ')} FROM ${readStored(columns, files)}`;
}

/** How many rows the files have, by partition. */
export const ROWS_SQL = 'SELECT "#partition" AS partition, count(*) AS rows FROM posts GROUP BY ALL';

const JSON_TEXT = (column: string) => `'"' || replace(replace(${column}, '\\', '\\\\'), '"', '\\"') || '"'`;

/** A dimension as JSON. @throws Error if its type is none that keys consist of */
function jsonOf(view: View, i: number): string {
  const { name, type } = columnOf(view.dimensions[i]);
  switch (type) {
    case 'int':
    case 'long':
      return dimension(i);
    case 'string':
      return JSON_TEXT(dimension(i));
    case 'timestamp':
      return `strftime(${dimension(i)}, '"%Y-%m-%dT%H:%M:%S.%gZ"')`;
    default:
      throw new Error(`dimension ${name} must be a string, an integer or a timestamp, got ${type}`);
  }
}

const dimension = (i: number) => `d${i}`;

function valueOf({ value, merge }: View): string {
  if (value === undefined) return merge === 'sum' ? 'count(*)' : '1';
  return `${merge}(${id(value)})::BIGINT`;
}

/** A row a key, trimmed. A post whose columns are all there has all their sections. */
function counted(view: View): string {
  const dimensions = view.dimensions.map((_, i) => dimension(i));
  const mask = maskOf(sectionsOf(view));
  const present = columnsRead(view).map((name) => `${id(name)} IS NOT NULL`);
  const groups = `SELECT ${view.dimensions.map((name, i) => `${id(name)} AS ${dimension(i)}, `).join('')}${valueOf(view)} AS value
    FROM posts WHERE ${[`("#new" & ${mask}) <> 0`, ...present].join(' AND ')} GROUP BY ALL`;
  if (!view.top) return groups;
  const best = `PARTITION BY ${dimensions.slice(0, view.top.groupBy).join(', ')} ORDER BY value DESC, ${dimensions.join(', ')}`;
  return `FROM (${groups}) QUALIFY row_number() OVER (${best}) <= ${view.top.keep}`;
}

/** Writes the object of a view. DuckDB's writer of CSV puts lines as they are: they have no delimiter, and nothing is quoted. */
export function viewSql(view: View, interval: string, path: string): string {
  const cells = [...view.dimensions.map((_, i) => jsonOf(view, i)), 'value'].join(` || ',' || `);
  const order = view.dimensions.map((_, i) => `, ${dimension(i)}`).join('');
  return `COPY (WITH counted AS MATERIALIZED (${counted(view)}) SELECT line FROM (
      SELECT 0 AS part, ${text(JSON.stringify({ view: view.name, interval }))} AS line
      UNION ALL BY NAME SELECT 1 AS part, '[' || ${cells} || ']' AS line, * EXCLUDE (value) FROM counted
      UNION ALL BY NAME SELECT 2 AS part, '{"rows":' || count(*) || '}' AS line FROM counted
    ) ORDER BY part${order}) TO ${text(path)} (FORMAT csv, HEADER false, DELIMITER '\u0001', QUOTE '', ESCAPE '')`;
}

/** Lines of an object that are no rows: the first and the last. */
export const FRAME_LINES = 2;
