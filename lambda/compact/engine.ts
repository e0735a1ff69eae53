/** Runs a compaction in DuckDB. DuckDB is native and large: it is loaded by the first compaction, from the function's layer. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Resources } from './core';
import { compactionSql, COUNTS_SQL, type BucketOf, type CompactionCounts, type Files, type Outputs } from './sql';

/**
 * @param directory an empty folder for DuckDB's own files, removed at the end
 * @throws Error if the raw objects do not hold exactly the offsets that their names say
 */
export async function runCompaction(
  where: BucketOf & { readonly from: number; readonly to: number },
  files: Files,
  outputs: Outputs,
  directory: string,
  resources: Resources,
): Promise<CompactionCounts> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  // A database in a file: its tables are compressed and need no memory, which is what bounds a large bucket.
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
      for (const statement of compactionSql(where, files, outputs)) await connection.run(statement);
      const counts = (await connection.runAndReadAll(COUNTS_SQL)).getRowObjectsJS()[0];
      const number = (name: string) => Number(counts[name] ?? 0);
      const expected = where.to - where.from;
      const [first, last] = [number('first'), number('last')];
      if (number('records') !== expected || (expected > 0 && (first !== where.from || last !== where.to - 1))) {
        throw new Error(
          `the raw log of partition ${where.partition} must hold offsets ${where.from} to ${where.to - 1} once each, ` +
            `got ${number('records')} records from ${first} to ${last}`,
        );
      }
      return {
        records: expected,
        rows: number('rows'),
        duplicates: number('duplicates'),
        quarantined: number('quarantined'),
        ticks: number('ticks'),
      };
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
    await rm(directory, { recursive: true, force: true });
  }
}
