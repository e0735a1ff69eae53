/**
 * The step that computes views where DuckDB is the views engine, in place of the Spark job: of each interval of the plan that has a
 * manifest and is not published, unless its views are current. It writes what the job writes, byte for byte.
 */
import { join } from 'node:path';
import { intervalName, parseIntervalName, type IntervalStart } from '../domain/intervals';
import { VIEWS, viewsAsJson, type View } from '../domain/views';
import { type Manifest, parseStored, serialize, type ViewsDone } from '../formats/interval-metadata';
import { manifestKey, postsKey, viewKey, viewsDoneKey } from '../formats/keys';
import { parseRunEvent } from '../formats/run-event';
import { planStore, unlessSuperseded, type PlanObjects } from '../aws/plan';
import { areViewsCurrent } from '../aws/views';
import { type ObjectStore } from '../aws/s3';
import { startBudget, type StepResponse } from '../runtime/budget';
import { mapConcurrently } from '../runtime/concurrent';
import { sha256 } from '../runtime/digest';
import { DISK, type Disk } from './disk';
import { type ViewsEngine } from './views-engine';

export interface ViewsDeps {
  readonly intervalMinutes: number;
  readonly store: Pick<ObjectStore, 'get' | 'download' | 'upload'> & PlanObjects;
  readonly engine: ViewsEngine;
  /** @default - all views */
  readonly views?: readonly View[];
  /** @default - the machine's */
  readonly disk?: Disk;
  /** Folder under which each interval makes and removes one of its own. */
  readonly temporary: string;
  now(): number;
}

export interface ViewsResponse extends StepResponse {
  /** Intervals that this call computed. */
  readonly computed?: number;
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

/** Whether an event is of this step, and not of compaction. */
export const isViewsCall = (event: unknown): boolean => (event as { step?: unknown } | null)?.step === 'views';

export function makeViewsHandler(deps: ViewsDeps): (event: unknown) => Promise<ViewsResponse> {
  const { store, intervalMinutes, views = VIEWS, disk = DISK } = deps;
  const plans = planStore(store, intervalMinutes, deps.now);

  async function compute(interval: IntervalStart): Promise<void> {
    const key = manifestKey(interval);
    const text = (await store.get(key)).toString('utf8');
    const manifest = parseStored<Manifest>(key, text, intervalName(interval), intervalMinutes);
    const directory = await disk.makeTemporary(join(deps.temporary, 'views-'));
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
      const { rows, keys } = await deps.engine({ views, interval: manifest.interval, files, pathOf }, own);
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

  async function viewsRun(run: string): Promise<ViewsResponse> {
    const budget = startBudget(deps.now);
    const { intervals, manifests, published } = await plans.hold(run);
    let computed = 0;
    for (let i = published; i < manifests.length; i++) {
      const interval = parseIntervalName(intervals[i], intervalMinutes);
      if (await areViewsCurrent(store, interval, manifests[i], views)) continue;
      if (!budget.allows()) return { state: 'more', computed };
      await budget.unit(() => compute(interval));
      computed++;
    }
    return { state: 'done', computed };
  }

  return async (event) => {
    const call = parseRunEvent(event);
    if (!call) throw new Error('step views must have a run, as in {"step":"views","run":"…"}');
    return unlessSuperseded<ViewsResponse>(() => viewsRun(call.run));
  };
}
