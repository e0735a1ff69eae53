/**
 * The handlers' typed interfaces to the view store. Tests pass fakes of them; {@link keyspacesReader} is the real one of who only reads,
 * keyspacesStore that of all others.
 * Offsets are 64-bit integers in the store and numbers here: a Kafka partition does not reach 2^53 records.
 */
import { type IntervalStart } from '../../domain/intervals';
import * as cql from './cql';
import { type LogRow } from '../../formats/speed-log';
import { CLOSED } from '../../formats/speed-run';
import { blockOf, type RunPointer } from '../../formats/view-run';
import { ENV, requireEnv } from '../../runtime/env';
import { reportThrottled, type StoreStep } from '../../runtime/metrics';
import { type CqlSession, sharedSession } from './keyspaces';

/** The head of a partition's log. */
export interface HeadRow {
  readonly foldedTo: number;
  /** {@link encodeHead} */
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

/** A partition of the topic. */
export interface LogKey {
  readonly topic: string;
  readonly partition: number;
}

/** A run of the speed layer. */
export interface SpeedRunKey extends LogKey {
  /** {@link storedName} */
  readonly view: string;
  readonly tier: number;
  readonly interval: IntervalStart;
  readonly from: number;
  readonly to: number;
}

export interface SpeedChunk {
  /** Of the run. */
  readonly chunks: number;
  readonly counts: Buffer;
}

export interface SpeedReader {
  readHead(key: LogKey): Promise<HeadRow | undefined>;
  /** The rows of a segment from an offset on, in order. */
  readLog(key: LogKey, segment: number, from: number): Promise<LogRow[]>;
  readSpeedChunk(key: SpeedRunKey, chunk: number): Promise<SpeedChunk | undefined>;
  /** The first chunks of the runs of tier 0 from one interval to another. */
  listClosed(
    key: Pick<SpeedRunKey, 'topic' | 'partition' | 'view'>,
    first: IntervalStart,
    last: IntervalStart,
  ): Promise<(SpeedChunk & { readonly interval: IntervalStart })[]>;
}

/** Posts of a range of offsets, of which there may be several pieces. */
export interface PostsKey extends LogKey {
  readonly interval: IntervalStart;
  readonly from: number;
  readonly to: number;
  readonly piece: number;
}

/** Conditional writes return false if their condition did not hold. */
export interface AggregateStore extends SpeedReader {
  /** Appends, unless there is a row at its place. */
  appendLog(key: LogKey, row: LogRow): Promise<boolean>;
  /** @param expected `foldedTo` of the stored head; undefined if none is stored */
  casHead(key: LogKey, expected: number | undefined, head: HeadRow): Promise<boolean>;
  putSpeedChunk(key: SpeedRunKey, chunk: number, row: SpeedChunk): Promise<void>;
  /** Those of ranges that begin at an offset or behind it, in log order. */
  readPosts(key: LogKey, interval: IntervalStart, from: number): Promise<Buffer[]>;
  putPosts(key: PostsKey, posts: Buffer): Promise<void>;
}

/** Deletes what is of a partition, while no function writes it. */
export interface ChainStore extends Pick<SpeedReader, 'readHead'> {
  listLog(key: LogKey, segment: number): Promise<Pick<LogRow, 'from' | 'to'>[]>;
  deleteLog(key: LogKey, from: number): Promise<void>;
  deleteHead(key: LogKey): Promise<void>;
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

export interface ReconcileStore extends SpeedReader, BatchReader, BoundaryReader {
  /**
   * Moves the newest reconciled interval from one to another, or leaves it where it is. Returns false if it was not at `from`, or if there
   * is no boundary.
   */
  putDrift(name: string, drift: number, from: IntervalStart | null, to: IntervalStart): Promise<boolean>;
}

export interface QueryStore extends SpeedReader, BatchReader, BoundaryReader {}

export type Store = AggregateStore & ChainStore & PublishStore & ReconcileStore & QueryStore;

/** Names of the tables, quoted and with their keyspace. A function is given those that it is bound to. */
export interface Tables {
  readonly speedLog: string;
  readonly speedHead: string;
  readonly speedRuns: string;
  readonly speedPosts: string;
  readonly batchViews: string;
  readonly batchRuns: string;
  readonly unreferencedRuns: string;
  readonly boundary: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** The driver returns bigint columns as objects. */
export const integer = (value: unknown) => Number(String(value));
export const instant = (value: unknown) => (value as Date).getTime();
/** Stands for no interval in the boundary: a condition compares with a value, and not with null. */
export const NONE_RECONCILED = 0;

const speedChunk = (row: Fields): SpeedChunk => ({
  chunks: integer(row.chunks),
  counts: row.counts as Buffer,
});

/** Key of a chunk, in the order of the columns. */
export const chunkKey = ({ topic, partition, view, tier, interval, from, to }: SpeedRunKey, chunk: number) =>
  [topic, partition, view, tier, Math.min(chunk, 1), new Date(interval), from, to, chunk] as const;

const first = async (result: Promise<{ readonly rows: readonly Fields[] }>) => (await result).rows.at(0);

/** Runs a statement with its values. */
export const runOn =
  (session: CqlSession) =>
  (statement: string, ...values: Parameters<CqlSession['execute']>[1]) =>
    session.execute(statement, values);

export function keyspacesReader(session: CqlSession, tables: Tables): QueryStore {
  const run = runOn(session);
  return {
    async readHead({ topic, partition }) {
      const row = await first(run(cql.readHead(tables.speedHead), topic, partition));
      return row && { foldedTo: integer(row.folded_to), state: row.state as Buffer };
    },
    async readLog({ topic, partition }, segment, from) {
      const { rows } = await run(cql.readLog(tables.speedLog), topic, partition, segment, from);
      return rows.map((row) => ({
        from: integer(row.from_offset),
        to: integer(row.to_offset),
        interval: instant(row.interval_start),
        asOf: instant(row.as_of),
        posts: row.posts as Buffer,
      }));
    },
    async readSpeedChunk(key, chunk) {
      const row = await first(run(cql.readSpeedChunk(tables.speedRuns), ...chunkKey(key, chunk)));
      return row && speedChunk(row);
    },
    async listClosed({ topic, partition, view }, oldest, newest) {
      const key = [topic, partition, view, CLOSED, 0] as const;
      const { rows } = await run(cql.listSpeedRuns(tables.speedRuns), ...key, new Date(oldest), new Date(newest));
      return rows.map((row) => ({ ...speedChunk(row), interval: instant(row.interval_start) }));
    },
    async readRun(view, period) {
      const row = await first(run(cql.readPointer(tables.batchViews), view, period));
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
      const row = await first(run(cql.readChunk(tables.batchRuns), ...key));
      return row && (row.counts as Buffer);
    },
    async readBoundary(name) {
      const row = await first(run(cql.readBoundary(tables.boundary), name));
      if (!row) return undefined;
      const reconciled = instant(row.reconciled_interval);
      return {
        interval: instant(row.interval_start),
        firstInterval: instant(row.first_interval),
        intervalMinutes: integer(row.interval_minutes),
        publishedAt: instant(row.published_at),
        drift: row.drift === null || row.drift === undefined ? null : integer(row.drift),
        reconciledInterval: reconciled === NONE_RECONCILED ? null : reconciled,
      };
    },
  };
}

const VARIABLES = {
  speedLog: ENV.speedLog,
  speedHead: ENV.speedHead,
  speedRuns: ENV.speedRuns,
  speedPosts: ENV.speedPosts,
  batchViews: ENV.batchViews,
  batchRuns: ENV.batchRuns,
  unreferencedRuns: ENV.unreferencedRuns,
  boundary: ENV.boundary,
} as const;

/**
 * The store over this process's session, with the table names from the function's environment. A function is bound only
 * to the tables it uses, so each name is looked up on first use, and an error names the missing variable.
 * @param step the one that reports throttled statements
 * @param make {@link keyspacesReader}, or keyspacesStore
 */
export function storeFromEnvironment<T>(step: StoreStep, make: (session: CqlSession, tables: Tables) => T): T {
  const session = sharedSession(() => reportThrottled(step));
  const keyspace = requireEnv(ENV.keyspace);
  const tables = {} as Record<keyof Tables, string>;
  for (const [table, variable] of Object.entries(VARIABLES)) {
    Object.defineProperty(tables, table, { get: () => cql.tableName(keyspace, requireEnv(variable)) });
  }
  return make(session, tables);
}
