import { DuckDBInstance } from '@duckdb/node-api';

/**
 * A DuckDB that reads a file as it is now. By default it keeps blocks of files by name, size and time of the last change, and takes one
 * that is written anew within a clock's heartbeat for the one before: of the old blocks and the new lengths it makes other numbers.
 */
export function openDuckdb(): Promise<DuckDBInstance> {
  return DuckDBInstance.create(':memory:', { enable_external_file_cache: 'false' });
}
