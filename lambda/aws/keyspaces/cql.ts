/**
 * Every CQL statement of the project, as functions of the table names. They use only what Amazon Keyspaces supports (CQL 3.11
 * without aggregates, indexes or materialized views); a test of all statements verifies that.
 * @see https://docs.aws.amazon.com/keyspaces/latest/devguide/cassandra-apis.html
 */

/** Quoted, because CloudFormation preserves the case of names. */
export function tableName(keyspace: string, table: string): string {
  return `"${keyspace}"."${table}"`;
}

/**
 * `speed_views`: one row per view, interval and partition. The condition makes redelivery and late writers harmless.
 */
export const speedViews = {
  read: (table: string) =>
    `SELECT applied_offset, as_of, counts FROM ${table} WHERE view_name = ? AND interval_start = ? AND kafka_partition = ?`,
  /**
   * Reads 1 to {@link MAX_IN} intervals. The result is not ordered by interval. Keyspaces documents IN with a list of values, and no
   * bound list as one value.
   */
  scan: (table: string, intervals = 1) =>
    `SELECT interval_start, kafka_partition, applied_offset, as_of, counts FROM ${table} WHERE view_name = ? AND interval_start IN (${Array(intervals).fill('?').join(', ')})`,
  insert: (table: string) =>
    `INSERT INTO ${table} (view_name, interval_start, kafka_partition, applied_offset, as_of, counts) VALUES (?, ?, ?, ?, ?, ?) IF NOT EXISTS`,
  update: (table: string) =>
    `UPDATE ${table} SET applied_offset = ?, as_of = ?, counts = ? WHERE view_name = ? AND interval_start = ? AND kafka_partition = ? IF applied_offset = ?`,
};

/** `speed_state`: what a partition's aggregation must know about the log before the next record. */
export const speedState = {
  read: (table: string) => `SELECT applied_offset, state FROM ${table} WHERE topic = ? AND kafka_partition = ?`,
  readOffset: (table: string) => `SELECT applied_offset FROM ${table} WHERE topic = ? AND kafka_partition = ?`,
  insert: (table: string) =>
    `INSERT INTO ${table} (topic, kafka_partition, applied_offset, state) VALUES (?, ?, ?, ?) IF NOT EXISTS`,
  update: (table: string) =>
    `UPDATE ${table} SET applied_offset = ?, state = ? WHERE topic = ? AND kafka_partition = ? IF applied_offset = ?`,
};

/** `batch_views`: one pointer row per view and period (interval, day or month), with the run where it fits. */
export const batchViews = {
  read: (table: string) =>
    `SELECT version, chunks, counts, first_keys FROM ${table} WHERE view_name = ? AND period = ?`,
  put: (table: string) =>
    `INSERT INTO ${table} (view_name, period, version, chunks, counts, first_keys) VALUES (?, ?, ?, ?, ?, ?)`,
};

/** `batch_runs`: the chunks of runs that do not fit their pointer row. They are written once, and deleted by the block. */
export const batchRuns = {
  read: (table: string) =>
    `SELECT counts FROM ${table} WHERE view_name = ? AND period = ? AND version = ? AND block = ? AND chunk = ?`,
  put: (table: string) =>
    `INSERT INTO ${table} (view_name, period, version, block, chunk, counts) VALUES (?, ?, ?, ?, ?, ?)`,
  remove: (table: string) => `DELETE FROM ${table} WHERE view_name = ? AND period = ? AND version = ? AND block = ?`,
};

/** `unreferenced_runs`: versions of runs that no pointer row may name, by topic. What is still named is not deleted. */
export const unreferencedRuns = {
  list: (table: string) => `SELECT view_name, period, version, since FROM ${table} WHERE topic = ?`,
  put: (table: string) => `INSERT INTO ${table} (topic, view_name, period, version, since) VALUES (?, ?, ?, ?, ?)`,
  remove: (table: string) => `DELETE FROM ${table} WHERE topic = ? AND view_name = ? AND period = ? AND version = ?`,
};

/** `boundary`: one row per topic. */
export const boundary = {
  read: (table: string) =>
    `SELECT interval_start, first_interval, interval_minutes, published_at, drift, reconciled_interval FROM ${table} WHERE name = ?`,
  first: (table: string) =>
    `INSERT INTO ${table} (name, interval_start, first_interval, interval_minutes, published_at) VALUES (?, ?, ?, ?, ?) IF NOT EXISTS`,
  move: (table: string) =>
    `UPDATE ${table} SET interval_start = ?, published_at = ? WHERE name = ? IF interval_start = ?`,
  reconciled: (table: string) => `UPDATE ${table} SET drift = ?, reconciled_interval = ? WHERE name = ? IF EXISTS`,
};

/** Keyspaces accepts up to 100 values in an IN. Results are paged, so a quarter of that costs nothing. */
export const MAX_IN = 25;
