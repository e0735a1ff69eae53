/**
 * Every CQL statement of the project, as functions of the table names. They use only what Amazon Keyspaces supports (CQL 3.11
 * without aggregates, indexes or materialized views); a test of all statements verifies that.
 * @see https://docs.aws.amazon.com/keyspaces/latest/devguide/cassandra-apis.html
 */

/** Quoted, because CloudFormation preserves the case of names. */
export function tableName(keyspace: string, table: string): string {
  return `"${keyspace}"."${table}"`;
}

/** `speed_log`: a row for each batch. The condition makes redelivery and late writers harmless. */
export const readLog = (table: string) =>
  `SELECT from_offset, to_offset, interval_start, as_of, posts FROM ${table} WHERE topic = ? AND kafka_partition = ? AND segment = ? AND from_offset >= ?`;
export const insertLog = (table: string) =>
  `INSERT INTO ${table} (topic, kafka_partition, segment, from_offset, to_offset, interval_start, as_of, posts) VALUES (?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS`;
/** The places of a segment, without what stands there. */
export const listLog = (table: string) =>
  `SELECT from_offset, to_offset FROM ${table} WHERE topic = ? AND kafka_partition = ? AND segment = ?`;
export const deleteLog = (table: string) =>
  `DELETE FROM ${table} WHERE topic = ? AND kafka_partition = ? AND segment = ? AND from_offset = ?`;

/** `speed_head`: how far the log of a partition is folded. */
export const readHead = (table: string) =>
  `SELECT folded_to, state FROM ${table} WHERE topic = ? AND kafka_partition = ?`;
export const insertHead = (table: string) =>
  `INSERT INTO ${table} (topic, kafka_partition, folded_to, state) VALUES (?, ?, ?, ?) IF NOT EXISTS`;
export const updateHead = (table: string) =>
  `UPDATE ${table} SET folded_to = ?, state = ? WHERE topic = ? AND kafka_partition = ? IF folded_to = ?`;
export const deleteHead = (table: string) => `DELETE FROM ${table} WHERE topic = ? AND kafka_partition = ?`;

/** `speed_runs`: what was folded. Equal keys have equal rows, so that it does not matter who writes them, nor how often. */
export const readSpeedChunk = (table: string) =>
  `SELECT chunks, counts FROM ${table} WHERE topic = ? AND kafka_partition = ? AND view_name = ? AND tier = ? AND rest = ? AND interval_start = ? AND from_offset = ? AND to_offset = ? AND chunk = ?`;
/** The first chunks of the runs of some intervals. */
export const listSpeedRuns = (table: string) =>
  `SELECT interval_start, chunks, counts FROM ${table} WHERE topic = ? AND kafka_partition = ? AND view_name = ? AND tier = ? AND rest = ? AND interval_start >= ? AND interval_start <= ?`;
export const putSpeedChunk = (table: string) =>
  `INSERT INTO ${table} (topic, kafka_partition, view_name, tier, rest, interval_start, from_offset, to_offset, chunk, chunks, counts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** `speed_posts`: the posts of what was folded, to recognize repeated ones. As in `speed_runs`, equal keys have equal rows. */
export const readPosts = (table: string) =>
  `SELECT posts FROM ${table} WHERE topic = ? AND kafka_partition = ? AND interval_start = ? AND from_offset >= ?`;
export const putPosts = (table: string) =>
  `INSERT INTO ${table} (topic, kafka_partition, interval_start, from_offset, to_offset, piece, posts) VALUES (?, ?, ?, ?, ?, ?, ?)`;

/** `batch_views`: one pointer row per view and period (interval, day or month), with the run where it fits. */
export const readPointer = (table: string) =>
  `SELECT version, chunks, counts, first_keys FROM ${table} WHERE view_name = ? AND period = ?`;
export const putPointer = (table: string) =>
  `INSERT INTO ${table} (view_name, period, version, chunks, counts, first_keys) VALUES (?, ?, ?, ?, ?, ?)`;

/** `batch_runs`: the chunks of runs that do not fit their pointer row. They are written once, and deleted by the block. */
export const readChunk = (table: string) =>
  `SELECT counts FROM ${table} WHERE view_name = ? AND period = ? AND version = ? AND block = ? AND chunk = ?`;
export const putChunk = (table: string) =>
  `INSERT INTO ${table} (view_name, period, version, block, chunk, counts) VALUES (?, ?, ?, ?, ?, ?)`;
export const deleteBlock = (table: string) =>
  `DELETE FROM ${table} WHERE view_name = ? AND period = ? AND version = ? AND block = ?`;

/** `unreferenced_runs`: versions of runs that no pointer row may name, by topic. What is still named is not deleted. */
export const listUnreferenced = (table: string) =>
  `SELECT view_name, period, version, since FROM ${table} WHERE topic = ?`;
export const putUnreferenced = (table: string) =>
  `INSERT INTO ${table} (topic, view_name, period, version, since) VALUES (?, ?, ?, ?, ?)`;
export const deleteUnreferenced = (table: string) =>
  `DELETE FROM ${table} WHERE topic = ? AND view_name = ? AND period = ? AND version = ?`;

/** `boundary`: one row per topic. */
export const readBoundary = (table: string) =>
  `SELECT interval_start, first_interval, interval_minutes, published_at, drift, reconciled_interval FROM ${table} WHERE name = ?`;
export const startBoundary = (table: string) =>
  `INSERT INTO ${table} (name, interval_start, first_interval, interval_minutes, published_at, reconciled_interval) VALUES (?, ?, ?, ?, ?, ?) IF NOT EXISTS`;
export const moveBoundary = (table: string) =>
  `UPDATE ${table} SET interval_start = ?, published_at = ? WHERE name = ? IF interval_start = ?`;
export const putDrift = (table: string) =>
  `UPDATE ${table} SET drift = ?, reconciled_interval = ? WHERE name = ? IF reconciled_interval = ?`;
