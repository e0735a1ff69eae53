/**
 * Computes the views of intervals of a run where DuckDB is the views engine, in place of the Spark job. It writes what the job writes,
 * byte for byte.
 */
import { join } from 'node:path';
import { intervalName, parseIntervalName, type IntervalStart } from '../domain/intervals';
import { VIEWS, viewsAsJson, type View } from '../domain/views';
import { type Manifest, parseStored, serialize, type ViewsDone } from '../formats/interval-metadata';
import { manifestKey, postsKey, viewKey, viewsDoneKey } from '../formats/keys';
import { areViewsCurrent } from '../aws/views';
import { type ObjectStore } from '../aws/s3';
import { type Budget } from '../runtime/budget';
import { mapConcurrently } from '../runtime/concurrent';
import { sha256 } from '../runtime/digest';
import { DISK, type Disk } from './disk';
import { type ViewsEngine } from './views-engine';

export interface ViewsDeps {
  readonly engine: ViewsEngine;
  /** Of an interval. Larger ones are left to the Spark job. */
  readonly mostRows: number;
  /** @default - all views */
  readonly views?: readonly View[];
}

interface Shared {
  readonly intervalMinutes: number;
  readonly store: Pick<ObjectStore, 'get' | 'put' | 'download' | 'upload'>;
  /** @default - the machine's */
  readonly disk?: Disk;
  /** Folder under which each interval makes and removes one of its own. */
  readonly temporary: string;
}

/** An interval that has a manifest. */
export interface Committed {
  /** Name of the interval. */
  readonly interval: string;
  /** Digest of its manifest. */
  readonly manifest: string;
}

export interface ViewsComputed {
  readonly state: 'done' | 'more';
  /** How many intervals. */
  readonly computed: number;
  /** Names of the intervals that are too large. */
  readonly left: readonly string[];
}

const CONCURRENT_TRANSFERS = 16;

/** The files must hold what the manifest says: a truncated or replaced file must not become a smaller view. */
function requireRows({ interval, partitions }: Manifest, found: ReadonlyMap<number, number>): void {
  for (const { partition, rows } of partitions) {
    const got = found.get(partition) ?? 0;
    if (got === rows) continue;
    throw new Error(
      `partition ${partition} of interval ${interval} must have ${rows} rows as in its manifest, got ${got}`,
    );
  }
}

/** Computes the views of each of these intervals that are not current, as far as the budget goes. */
export function makeViews(
  { store, intervalMinutes, disk = DISK, temporary }: Shared,
  { engine, mostRows, views = VIEWS }: ViewsDeps,
): (intervals: readonly Committed[], budget: Budget) => Promise<ViewsComputed> {
  async function compute(interval: IntervalStart, manifest: Manifest, text: string): Promise<void> {
    const directory = await disk.makeTemporary(join(temporary, 'views-'));
    try {
      const parts = manifest.partitions.filter(({ rows }) => rows > 0);
      const files = await mapConcurrently(parts, CONCURRENT_TRANSFERS, async ({ partition }) => {
        const path = join(directory, `posts-${partition}.parquet`);
        await store.download(postsKey(interval, partition), path);
        return path;
      });
      const pathOf = ({ name }: View) => join(directory, `${name}.ndjson`);
      const own = join(directory, 'duckdb');
      await disk.makeFolder(own);
      const { rows, keys } = await engine({ views, interval: manifest.interval, files, pathOf }, own);
      requireRows(manifest, rows);
      await mapConcurrently(views, CONCURRENT_TRANSFERS, (view) =>
        store.upload(pathOf(view), viewKey(interval, view.name)),
      );
      const done: ViewsDone = {
        interval: manifest.interval,
        rows: manifest.rows,
        views: keys,
        manifest: sha256(text),
        definition: sha256(viewsAsJson(views)),
      };
      // Last: who finds it finds every view of the interval.
      await store.put(viewsDoneKey(interval), serialize(done));
    } finally {
      await disk.remove(directory);
    }
  }

  return async (intervals, budget) => {
    const left: string[] = [];
    let state: 'done' | 'more' = 'done';
    let computed = 0;
    for (const { interval: name, manifest: digest } of intervals) {
      const interval = parseIntervalName(name, intervalMinutes);
      if (await areViewsCurrent(store, interval, digest, views)) continue;
      const key = manifestKey(interval);
      const text = (await store.get(key)).toString('utf8');
      const manifest = parseStored<Manifest>(key, text, intervalName(interval), intervalMinutes);
      if (manifest.rows > mostRows) {
        left.push(name);
      } else if (state === 'done' && budget.allows()) {
        await budget.unit(() => compute(interval, manifest, text));
        computed++;
      } else {
        state = 'more';
      }
    }
    return { state, computed, left };
  };
}
