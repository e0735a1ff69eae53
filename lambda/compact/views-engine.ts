/** Computes the views of an interval in DuckDB, as objects on the local disk. */
import { type DuckDBConnection } from '@duckdb/node-api';
import { type View } from '../domain/views';
import { type Resources } from './core';
import { withDuckdb } from './engine';
import { FRAME_LINES, ROWS_SQL, tableSql, viewSql } from './views-sql';

export interface ViewsWork {
  readonly views: readonly View[];
  /** Name of the interval. */
  readonly interval: string;
  /** Paths of the Parquet files of `posts/`, of all partitions that have one. */
  readonly files: readonly string[];
  /** Path of the object of a view, which is written. */
  pathOf(view: View): string;
}

export interface ViewsCounts {
  /** Rows of the files, by partition. */
  readonly rows: ReadonlyMap<number, number>;
  /** By name of the view. */
  readonly keys: Readonly<Record<string, number>>;
}

/** @param directory an empty folder for the engine's own files, removed at the end */
export type ViewsEngine = (work: ViewsWork, directory: string) => Promise<ViewsCounts>;

export function viewsEngineWith(resources: Resources): ViewsEngine {
  return (work, directory) => withDuckdb(directory, resources, (connection) => computeViews(connection, work));
}

export async function computeViews(
  connection: DuckDBConnection,
  { views, interval, files, pathOf }: ViewsWork,
): Promise<ViewsCounts> {
  await connection.run(tableSql(views, files));
  const found = (await connection.runAndReadAll(ROWS_SQL)).getRowObjectsJS();
  const keys: Record<string, number> = {};
  for (const view of views) {
    const { rowsChanged } = await connection.run(viewSql(view, interval, pathOf(view)));
    keys[view.name] = rowsChanged - FRAME_LINES;
  }
  return { rows: new Map(found.map(({ partition, rows }) => [Number(partition), Number(rows)])), keys };
}
