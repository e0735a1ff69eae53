/** The decoded rows of both layers, which the query handler reads from the store. */
import { type IntervalStart } from '../domain/intervals';
import { mapConcurrently } from '../runtime/concurrent';
import { sha256 } from '../runtime/digest';
import { decodeCounts } from '../formats/counts-codec';
import { MAX_IN } from '../aws/keyspaces/cql';
import { add, joinKey, trim, type Counts } from '../domain/merge';
import { mergeRuns, type Key, type Run } from '../domain/sorted-run';
import { type BoundaryRow, type QueryStore } from '../aws/keyspaces/store';
import { openRun } from '../aws/keyspaces/view-runs';
import { type View } from '../domain/views';

export interface SpeedCounts {
  readonly interval: IntervalStart;
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
  /** In bounded memory, however many keys there are. Not trimmed. */
  batchRun(view: View, periods: readonly string[]): Promise<BatchRun>;
  /** Counts that add up to the existing rows of `periods`, in any order. Callers must not change them: they may be cached. */
  batchCounts(view: View, periods: readonly string[]): Promise<readonly Counts[]>;
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
  readonly counts: Counts;
}

/**
 * Batch rows change only when an interval is published again, and most requests to a warm function are for the same
 * range. So their sum is cached for seconds. A boundary that moves leads to other periods, which are another entry.
 */
function batchCache(options: CacheOptions) {
  const entries = new Map<string, Cached>();
  let keys = 0;
  const drop = (name: string) => {
    keys -= entries.get(name)?.counts.size ?? 0;
    entries.delete(name);
  };
  return {
    get(name: string): Counts | undefined {
      const found = entries.get(name);
      if (found && found.until > options.now()) return found.counts;
      drop(name);
      return undefined;
    },
    set(name: string, counts: Counts): void {
      drop(name);
      if (counts.size > options.maxKeys) return;
      entries.set(name, { until: options.now() + options.ttl, counts });
      keys += counts.size;
      for (const oldest of entries.keys()) {
        if (keys <= options.maxKeys) break;
        drop(oldest);
      }
    },
  };
}

/** @param topic the name of the boundary */
export function queryReader(store: QueryStore, topic: string, cacheOptions: CacheOptions = CACHE): QueryReader {
  const cache = batchCache(cacheOptions);

  async function batchRun(view: View, periods: readonly string[]): Promise<BatchRun> {
    const opened = await mapConcurrently(periods, CONCURRENT_READS, (period) => openRun(store, view, period));
    const found = opened.filter((run) => run !== undefined);
    return {
      version: sha256(JSON.stringify([periods, opened.map((run) => run?.version ?? null)])),
      rows: (after) =>
        mergeRuns(
          view,
          found.map((run) => run.rows(after)),
        ),
    };
  }

  return {
    boundary: () => store.readBoundary(topic),
    batchRun,
    async batchCounts(view, periods) {
      const name = `${view.name} ${periods.join()}`;
      const cached = cache.get(name);
      if (cached) return [cached];
      const sum: Counts = new Map();
      const { rows } = await batchRun(view, periods);
      for await (const block of rows()) for (const { key, value } of block) add(view, sum, joinKey(key), value);
      cache.set(name, trim(view, sum));
      return [sum];
    },
    async speedCounts(view, intervals) {
      const found = await mapConcurrently(chunks(intervals, MAX_IN), CONCURRENT_READS, (some) =>
        store.scanSpeedRows(view.name, some),
      );
      return found.flat().flatMap(({ interval, counts: blob, asOf }) => {
        const counts = decodeCounts(view, blob);
        return counts ? [{ interval, counts, asOf }] : [];
      });
    },
  };
}
