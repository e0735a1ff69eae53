/** The decoded rows of both layers, which the query handler reads from the store. */
import { type IntervalStart } from '../domain/intervals';
import { mapConcurrently } from '../runtime/concurrent';
import { sha256 } from '../runtime/digest';
import { decodeCounts } from '../formats/counts-codec';
import { MAX_IN } from '../aws/keyspaces/cql';
import { type Counts } from '../domain/merge';
import { mergeRuns, rowsAfter, type Key, type Row, type Run } from '../domain/sorted-run';
import { type BoundaryRow, type QueryStore } from '../aws/keyspaces/store';
import { openRun } from '../aws/keyspaces/view-runs';
import { type View } from '../domain/views';

export interface SpeedCounts {
  readonly interval: IntervalStart;
  readonly partition: number;
  readonly counts: Counts;
  /** Append time of its newest record, ms. */
  readonly asOf: number;
}

/** The runs that exist of some periods, merged. */
export interface BatchRun {
  /** Names what was read: another value, other rows. */
  readonly version: string;
  /** @param after only rows with greater keys. @throws RunReplacedError */
  rows(after?: Key): Run;
}

/** Promises reject on an outage of the store. */
export interface QueryReader {
  boundary(): Promise<BoundaryRow | undefined>;
  /** In bounded memory, however many keys there are. Not trimmed. Callers must not change rows: they may be cached. */
  batchRun(view: View, periods: readonly string[]): Promise<BatchRun>;
  /** The existing rows of `intervals`, of all partitions, in any order. */
  speedCounts(view: View, intervals: readonly IntervalStart[]): Promise<readonly SpeedCounts[]>;
}

/** Enough to hide the store's latency, few enough for one connection. */
const CONCURRENT_READS = 32;

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

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
  readonly keys: number;
}

/**
 * Batch rows change only when an interval is published again, and most requests to a warm function are for the same
 * range. So they are cached for seconds, merged. A boundary that moves leads to other periods, which are another entry.
 */
function batchCache(options: CacheOptions) {
  const entries = new Map<string, Cached>();
  let keys = 0;
  const drop = (name: string) => {
    keys -= entries.get(name)?.keys ?? 0;
    entries.delete(name);
  };
  function add(name: string, entry: Omit<Cached, 'until'>): void {
    drop(name);
    entries.set(name, { ...entry, until: options.now() + options.ttl });
    keys += entry.keys;
    for (const oldest of entries.keys()) {
      if (keys <= options.maxKeys) break;
      drop(oldest);
    }
  }
  return {
    get(name: string): BatchRun | undefined {
      const found = entries.get(name);
      if (!found || found.until <= options.now()) {
        drop(name);
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
      if (read <= options.maxKeys) add(name, { version, blocks, keys: read });
    },
  };
}

/** @param topic the name of the boundary */
export function queryReader(store: QueryStore, topic: string, cacheOptions: CacheOptions = CACHE): QueryReader {
  const cache = batchCache(cacheOptions);

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
    async speedCounts(view, intervals) {
      const found = await mapConcurrently(chunks(intervals, MAX_IN), CONCURRENT_READS, (some) =>
        store.scanSpeedRows(view.name, some),
      );
      return found.flat().flatMap(({ counts: blob, ...row }) => {
        const counts = decodeCounts(view, blob);
        return counts ? [{ ...row, counts }] : [];
      });
    },
  };
}
