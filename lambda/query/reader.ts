/** The decoded rows of both layers, which the query handler reads from the store. */
import { type IntervalStart } from '../domain/intervals';
import { mapConcurrently } from '../runtime/concurrent';
import { sha256 } from '../runtime/digest';
import { speedSchema } from '../formats/speed-head';
import { endOf } from '../aws/keyspaces/speed-chain';
import { appliedBy, speedViews } from '../aws/keyspaces/speed-reader';
import { mergeRuns, rowsAfter, type Key, type Row, type Run } from '../domain/sorted-run';
import { type BoundaryRow, type QueryStore } from '../aws/keyspaces/store';
import { openRun } from '../aws/keyspaces/view-runs';
import { type View, VIEWS } from '../domain/views';
import { countedViews, type CountedPart } from './counted';
import { Entries } from './entries';

/** The runs that exist of some periods, merged. */
export interface BatchRun {
  /** Names what was read: another value, other rows. */
  readonly version: string;
  /** @param after only rows with greater keys. @throws RunReplacedError */
  rows(after?: Key): Run;
}

export interface SpeedRead {
  /** Names what was read: another value, other rows. */
  readonly version: string;
  /** The rows. Nothing is counted before they are asked for. */
  readonly parts: () => Promise<readonly CountedPart[]>;
  /** As {@link QueryReader.applied}, of the same instant. */
  readonly applied: ReadonlyMap<number, number>;
}

/** Promises reject on an outage of the store. */
export interface QueryReader {
  boundary(): Promise<BoundaryRow | undefined>;
  /** In bounded memory, however many keys there are. Not trimmed. Callers must not change rows: they may be cached. */
  batchRun(view: View, periods: readonly string[]): Promise<BatchRun>;
  /** What the speed layer has of these intervals, which follow one another, in all partitions. */
  speedParts(view: View, intervals: readonly IntervalStart[]): Promise<SpeedRead>;
  /** How far the speed layer is in each partition: append time of the newest record, ms. */
  applied(): Promise<ReadonlyMap<number, number>>;
}

/** Enough to hide the store's latency, few enough for one connection. */
const CONCURRENT_READS = 32;

export interface CacheOptions {
  /** How long merged batch rows are cached, ms. An interval that is published again is visible after that. */
  readonly ttl: number;
  /** Limit for all entries together: a key takes about 100 bytes. */
  readonly maxKeys: number;
  now(): number;
}

const CACHE: CacheOptions = { ttl: 5_000, maxKeys: 300_000, now: Date.now };

interface Cached {
  readonly until: number;
  readonly version: string;
  readonly blocks: readonly (readonly Row[])[];
}

/**
 * Batch rows change only when an interval is published again, and most requests to a warm function are for the same
 * range. So they are cached for seconds, merged. A boundary that moves leads to other periods, which are another entry.
 */
function batchCache(options: CacheOptions) {
  const entries = new Entries<Cached>(options.maxKeys);
  return {
    get(name: string): BatchRun | undefined {
      const found = entries.get(name);
      if (!found || found.until <= options.now()) {
        entries.delete(name);
        return undefined;
      }
      return { version: found.version, rows: (after) => rowsAfter(found.blocks, after) };
    },
    /** Hands the rows on, and caches them if all are read and they are not too many. */
    async *through(name: string, version: string, run: Run): Run {
      const blocks: (readonly Row[])[] = [];
      let read = 0;
      for await (const rows of run) {
        read += rows.length;
        if (read <= options.maxKeys) blocks.push(rows);
        else blocks.length = 0;
        yield rows;
      }
      if (read <= options.maxKeys) entries.set(name, { version, blocks, until: options.now() + options.ttl }, read);
    },
  };
}

export interface ReaderOptions {
  readonly topic: string;
  /** Of the topic, when the function was deployed. */
  readonly partitions: number;
  readonly intervalMinutes: number;
  /** @default - all views */
  readonly views?: readonly View[];
  /** @default CACHE */
  readonly cache?: CacheOptions;
}

export function queryReader(store: QueryStore, options: ReaderOptions): QueryReader {
  const { topic, partitions, intervalMinutes, views = VIEWS } = options;
  const { cache: limits = CACHE } = options;
  const cache = batchCache(limits);
  const speed = speedViews(store, topic, speedSchema(views, intervalMinutes), limits.now);
  const counted = countedViews(speed, limits.maxKeys);

  return {
    boundary: () => store.readBoundary(topic),
    async batchRun(view, periods) {
      const name = `${view.name} ${periods.join()}`;
      const cached = cache.get(name);
      if (cached) return cached;
      const opened = await mapConcurrently(periods, CONCURRENT_READS, (period) => openRun(store, view, period));
      const found = opened.filter((run) => run !== undefined);
      const version = sha256(JSON.stringify([periods, opened.map((run) => run?.version ?? null)]));
      const merged = (after?: Key) =>
        mergeRuns(
          view,
          found.map((run) => run.rows(after)),
        );
      return { version, rows: (after) => (after ? merged(after) : cache.through(name, version, merged())) };
    },
    async speedParts(view, intervals) {
      if (intervals.length === 0) return { version: '', parts: async () => [], applied: new Map() };
      const chains = await speed.allChains(partitions);
      return {
        version: JSON.stringify([...chains.values()].map(endOf)),
        parts: () => counted.parts(view, chains, intervals),
        applied: appliedBy(chains),
      };
    },
    applied: async () => appliedBy(await speed.allChains(partitions)),
  };
}
