/**
 * The handlers' typed interfaces to the view store. Tests pass fakes of them; {@link keyspacesStore} is the real one.
 * Offsets are 64-bit integers in the store and numbers here: a Kafka partition does not reach 2^53 records.
 */
import { type IntervalStart } from '../../domain/intervals';
import * as cql from './cql';
import { blockOf, type RunPointer } from '../../formats/view-run';
import { ENV, requireEnv } from '../../runtime/env';
import { reportThrottled, type StoreStep } from '../../runtime/metrics';
import { type CqlSession, sharedSession } from './keyspaces';

/** The counts of one view, interval and partition in the speed layer. */
export interface SpeedRow {
  /** The counts contain every record up to this offset, and none beyond it. */
  readonly appliedOffset: number;
  /** Log append time (ms) of the newest counted record. */
  readonly asOf: number;
  /** {@link encodeCounts} */
  readonly counts: Buffer;
}

export interface FoundSpeedRow extends SpeedRow {
  readonly interval: IntervalStart;
  readonly partition: number;
}

export interface StateRow {
  readonly appliedOffset: number;
  readonly state: Buffer;
}

/** The time boundary. All instants in ms. */
export interface BoundaryRow {
  /** The newest interval that the batch layer serves. */
  readonly interval: IntervalStart;
  /** The oldest interval that the batch layer serves. */
  readonly firstInterval: IntervalStart;
  /** Length of the intervals. */
  readonly intervalMinutes: number;
  readonly publishedAt: number;
  /** Sum of the differences between the layers in the last run of `reconcile`; null before the first run. */
  readonly drift: number | null;
  readonly reconciledInterval: IntervalStart | null;
}

export interface SpeedRowKey {
  readonly view: string;
  readonly interval: IntervalStart;
  readonly partition: number;
}

export interface StateReader {
  readState(topic: string, partition: number): Promise<StateRow | undefined>;
}

/**
 * Conditional writes take the offset they expect, undefined for no row; they return false if they found another value.
 */
export interface AggregateStore extends StateReader {
  readSpeedRow(key: SpeedRowKey): Promise<SpeedRow | undefined>;
  casSpeedRow(key: SpeedRowKey, expected: number | undefined, row: SpeedRow): Promise<boolean>;
  casState(topic: string, partition: number, expected: number | undefined, row: StateRow): Promise<boolean>;
}

export interface SpeedReader {
  /** All rows of the view in these intervals, in no particular order. At most {@link cql.MAX_IN} intervals. */
  scanSpeedRows(view: string, intervals: readonly IntervalStart[]): Promise<FoundSpeedRow[]>;
}

/** A run of the batch layer. */
export interface RunKey {
  readonly view: string;
  /** An interval's name, a day `2026-11-22` or a month `2026-11`. */
  readonly period: string;
  readonly version: string;
}

export interface ChunkKey extends RunKey {
  readonly chunk: number;
}

export interface UnreferencedRun extends RunKey {
  /** Since when no pointer row may name it, ms. */
  readonly since: number;
}

export interface BatchReader {
  readRun(view: string, period: string): Promise<RunPointer | undefined>;
  readChunk(key: ChunkKey): Promise<Buffer | undefined>;
}

export interface RunStore extends BatchReader {
  putRun(view: string, period: string, pointer: RunPointer): Promise<void>;
  putChunk(key: ChunkKey, counts: Buffer): Promise<void>;
  /** Deletes the chunks of a block, of which there may be none. */
  deleteBlock(key: RunKey & { readonly block: number }): Promise<void>;
  listUnreferenced(topic: string): Promise<UnreferencedRun[]>;
  /** Writes or replaces. */
  putUnreferenced(topic: string, run: UnreferencedRun): Promise<void>;
  deleteUnreferenced(topic: string, run: RunKey): Promise<void>;
}

export interface BoundaryReader {
  readBoundary(name: string): Promise<BoundaryRow | undefined>;
}

export interface PublishStore extends RunStore, BoundaryReader {
  /** Sets the first interval. Returns false if a boundary exists already. */
  startBoundary(name: string, interval: IntervalStart, intervalMinutes: number, now: number): Promise<boolean>;
  /** Moves the boundary from one interval to another. Returns false if it was not at `from`. */
  moveBoundary(name: string, from: IntervalStart, to: IntervalStart, now: number): Promise<boolean>;
}

export interface ReconcileStore extends SpeedReader, StateReader, BatchReader, BoundaryReader {
  readAppliedOffset(topic: string, partition: number): Promise<number | undefined>;
  /** Returns false if there is no boundary. */
  putDrift(name: string, drift: number, reconciledInterval: IntervalStart): Promise<boolean>;
}

export interface QueryStore extends SpeedReader, BatchReader, BoundaryReader {}

export type Store = AggregateStore & PublishStore & ReconcileStore & QueryStore;

/** Names of the tables, quoted and with their keyspace. A function is given those that it is bound to. */
export interface Tables {
  readonly speedViews: string;
  readonly speedState: string;
  readonly batchViews: string;
  readonly batchRuns: string;
  readonly unreferencedRuns: string;
  readonly boundary: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** The driver returns bigint columns as objects. */
const integer = (value: unknown) => Number(String(value));
const instant = (value: unknown) => (value as Date).getTime();
const optional = <T>(value: unknown, read: (value: unknown) => T): T | null =>
  value === null || value === undefined ? null : read(value);

const speedRow = (row: Fields): SpeedRow => ({
  appliedOffset: integer(row.applied_offset),
  asOf: instant(row.as_of),
  counts: row.counts as Buffer,
});

export function keyspacesStore(session: CqlSession, tables: Tables): Store {
  const run = (statement: string, ...values: Parameters<CqlSession['execute']>[1]) =>
    session.execute(statement, values);
  const first = async (result: Promise<{ readonly rows: readonly Fields[] }>) => (await result).rows.at(0);
  const applied = async (result: Promise<{ readonly applied: boolean }>) => (await result).applied;
  const at = (ms: number) => new Date(ms);
  return {
    async readSpeedRow({ view, interval, partition }) {
      const row = await first(run(cql.speedViews.read(tables.speedViews), view, at(interval), partition));
      return row && speedRow(row);
    },
    casSpeedRow({ view, interval, partition }, expected, { appliedOffset, asOf, counts }) {
      const key = [view, at(interval), partition] as const;
      const values = [appliedOffset, at(asOf), counts] as const;
      return applied(
        expected === undefined
          ? run(cql.speedViews.insert(tables.speedViews), ...key, ...values)
          : run(cql.speedViews.update(tables.speedViews), ...values, ...key, expected),
      );
    },
    async readState(topic, partition) {
      const row = await first(run(cql.speedState.read(tables.speedState), topic, partition));
      return row && { appliedOffset: integer(row.applied_offset), state: row.state as Buffer };
    },
    async readAppliedOffset(topic, partition) {
      const row = await first(run(cql.speedState.readOffset(tables.speedState), topic, partition));
      return row && integer(row.applied_offset);
    },
    casState(topic, partition, expected, { appliedOffset, state }) {
      return applied(
        expected === undefined
          ? run(cql.speedState.insert(tables.speedState), topic, partition, appliedOffset, state)
          : run(cql.speedState.update(tables.speedState), appliedOffset, state, topic, partition, expected),
      );
    },
    async scanSpeedRows(view, intervals) {
      if (intervals.length > cql.MAX_IN)
        throw new Error(`intervals of a scan must be at most ${cql.MAX_IN}, got ${intervals.length}`);
      if (intervals.length === 0) return [];
      const { rows } = await run(cql.speedViews.scan(tables.speedViews, intervals.length), view, ...intervals.map(at));
      return rows.map((row) => ({
        ...speedRow(row),
        interval: instant(row.interval_start),
        partition: integer(row.kafka_partition),
      }));
    },
    async readRun(view, period) {
      const row = await first(run(cql.batchViews.read(tables.batchViews), view, period));
      return (
        row && {
          version: row.version as string,
          chunks: integer(row.chunks),
          counts: (row.counts as Buffer | null) ?? undefined,
          firstKeys: (row.first_keys as Buffer | null) ?? undefined,
        }
      );
    },
    async readChunk({ view, period, version, chunk }) {
      const key = [view, period, version, blockOf(chunk), chunk] as const;
      const row = await first(run(cql.batchRuns.read(tables.batchRuns), ...key));
      return row && (row.counts as Buffer);
    },
    async putRun(view, period, { version, chunks, counts, firstKeys }) {
      const values = [version, chunks, counts ?? null, firstKeys ?? null] as const;
      await run(cql.batchViews.put(tables.batchViews), view, period, ...values);
    },
    async putChunk({ view, period, version, chunk }, counts) {
      await run(cql.batchRuns.put(tables.batchRuns), view, period, version, blockOf(chunk), chunk, counts);
    },
    async deleteBlock({ view, period, version, block }) {
      await run(cql.batchRuns.remove(tables.batchRuns), view, period, version, block);
    },
    async listUnreferenced(topic) {
      const { rows } = await run(cql.unreferencedRuns.list(tables.unreferencedRuns), topic);
      return rows.map((row) => ({
        view: row.view_name as string,
        period: row.period as string,
        version: row.version as string,
        since: instant(row.since),
      }));
    },
    async putUnreferenced(topic, { view, period, version, since }) {
      await run(cql.unreferencedRuns.put(tables.unreferencedRuns), topic, view, period, version, at(since));
    },
    async deleteUnreferenced(topic, { view, period, version }) {
      await run(cql.unreferencedRuns.remove(tables.unreferencedRuns), topic, view, period, version);
    },
    async readBoundary(name) {
      const row = await first(run(cql.boundary.read(tables.boundary), name));
      return (
        row && {
          interval: instant(row.interval_start),
          firstInterval: instant(row.first_interval),
          intervalMinutes: integer(row.interval_minutes),
          publishedAt: instant(row.published_at),
          drift: optional(row.drift, integer),
          reconciledInterval: optional(row.reconciled_interval, instant),
        }
      );
    },
    startBoundary: (name, interval, intervalMinutes, now) =>
      applied(run(cql.boundary.first(tables.boundary), name, at(interval), at(interval), intervalMinutes, at(now))),
    moveBoundary: (name, from, to, now) =>
      applied(run(cql.boundary.move(tables.boundary), at(to), at(now), name, at(from))),
    putDrift: (name, drift, reconciledInterval) =>
      applied(run(cql.boundary.reconciled(tables.boundary), drift, at(reconciledInterval), name)),
  };
}

const VARIABLES = {
  speedViews: ENV.speedViews,
  speedState: ENV.speedState,
  batchViews: ENV.batchViews,
  batchRuns: ENV.batchRuns,
  unreferencedRuns: ENV.unreferencedRuns,
  boundary: ENV.boundary,
} as const;

/**
 * The store over this process's session, with the table names from the function's environment. A function is bound only
 * to the tables it uses, so each name is looked up on first use, and an error names the missing variable.
 * @param step the one that reports throttled statements
 */
export function storeFromEnvironment(step: StoreStep): Store {
  const session = sharedSession(() => reportThrottled(step));
  const keyspace = requireEnv(ENV.keyspace);
  const tables = {} as Record<keyof Tables, string>;
  for (const [table, variable] of Object.entries(VARIABLES)) {
    Object.defineProperty(tables, table, { get: () => cql.tableName(keyspace, requireEnv(variable)) });
  }
  return keyspacesStore(session, tables);
}
