/** Runs a compaction in DuckDB. DuckDB is native and large: it is loaded by the first compaction, from the function's layer. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection } from '@duckdb/node-api';
import { type Range } from '../domain/ranges';
import { type Resources } from './core';
import {
  handOverSql,
  COUNTS_SQL,
  isDone,
  postsSql,
  readingSql,
  type IntervalOf,
  type CompactionCounts,
  type Files,
  type Outputs,
} from './sql';

interface IntervalRange extends IntervalOf, Range {}

function requireOffsets({ partition, from, to }: IntervalRange, records: number, first: number, last: number): void {
  if (records === to - from && (records === 0 || (first === from && last === to - 1))) return;
  throw new Error(
    `the raw log of partition ${partition} must hold offsets ${from} to ${to - 1} once each, ` +
      `got ${records} records from ${first} to ${last}`,
  );
}

/**
 * Computes the files of an interval and partition.
 * @param directory an empty folder for the engine's own files, removed at the end
 * @throws Error if the raw objects do not hold exactly the offsets that their names say
 */
export type Compaction = (
  where: IntervalRange,
  files: Files,
  outputs: Outputs,
  directory: string,
) => Promise<CompactionCounts>;

export function compactionWith(resources: Resources): Compaction {
  return (where, files, outputs, directory) => runCompaction(where, files, outputs, directory, resources);
}

/**
 * Opens a database for `use`.
 * @param directory an empty folder for the engine's own files, removed at the end
 */
export async function withDuckdb<T>(
  directory: string,
  resources: Resources,
  use: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  // A database in a file: its tables are compressed and need no memory, which is what bounds a large interval.
  const instance = await DuckDBInstance.create(join(directory, 'work.duckdb'), {
    memory_limit: `${resources.memoryMb}MB`,
    threads: String(resources.threads),
    temp_directory: join(directory, 'spill'),
    // Nothing is fetched and nothing outside is read: all it needs is in the build.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  try {
    const connection = await instance.connect();
    try {
      return await use(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
    await rm(directory, { recursive: true, force: true });
  }
}

export function runCompaction(
  where: IntervalRange,
  files: Files,
  outputs: Outputs,
  directory: string,
  resources: Resources,
): Promise<CompactionCounts> {
  return withDuckdb(directory, resources, async (connection) => {
    const runAll = async (statements: readonly string[]) => {
      for (const statement of statements) await connection.run(statement);
    };
    await runAll(readingSql(where, files, outputs));
    const row = (await connection.runAndReadAll(COUNTS_SQL)).getRowObjectsJS()[0];
    const number = (name: string) => Number(row[name] ?? 0);
    requireOffsets(where, number('records'), number('first'), number('last'));
    const counts: CompactionCounts = {
      records: number('records'),
      rows: number('rows'),
      resumed: number('resumed'),
      duplicates: number('duplicates'),
      accepted: number('accepted'),
      repeated: number('posts') - number('accepted'),
      quarantined: number('quarantined'),
      controlRecords: number('controlRecords'),
    };
    if (isDone(counts)) await rename(outputs.records, outputs.posts);
    else await runAll(postsSql(where, outputs));
    await runAll(handOverSql(where, outputs));
    return counts;
  });
}
