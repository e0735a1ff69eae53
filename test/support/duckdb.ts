import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/**
 * A DuckDB that reads a file as it is now. By default it keeps blocks of files by name, size and time of the last change, and takes one
 * that is written anew within a clock's heartbeat for the one before: of the old blocks and the new lengths it makes other numbers.
 */
export function openDuckdb(): Promise<DuckDBInstance> {
  return DuckDBInstance.create(':memory:', { enable_external_file_cache: 'false' });
}

export interface SuiteDuckdb {
  /** A folder for the files of the tests, removed at the end. */
  readonly directory: string;
  readonly connection: DuckDBConnection;
}

/** A DuckDB for all tests of a file: there once they begin, and closed after them. */
export function duckdbOfSuite(): SuiteDuckdb {
  const suite = {} as { -readonly [K in keyof SuiteDuckdb]: SuiteDuckdb[K] };
  let instance: DuckDBInstance;
  beforeAll(async () => {
    suite.directory = mkdtempSync(join(tmpdir(), 'duckdb-test-'));
    instance = await openDuckdb();
    suite.connection = await instance.connect();
  });
  afterAll(() => {
    suite.connection.closeSync();
    instance.closeSync();
    rmSync(suite.directory, { recursive: true });
  });
  return suite;
}
