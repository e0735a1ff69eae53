/** The view store in memory, with conditions as the real one has them: the batch side, over {@link memoryStore} for the speed side. */
import {
  type BoundaryRow,
  type ChunkKey,
  type PublishStore,
  type ReconcileStore,
  type RunKey,
  type UnreferencedRun,
} from '../../lambda/aws/keyspaces/store';
import { openRun } from '../../lambda/aws/keyspaces/view-runs';
import { type View } from '../../lambda/domain/views';
import { blockOf, type RunPointer } from '../../lambda/formats/view-run';
import { memoryStore, type MemoryStore } from './memory-store';
import { countsOf } from './view-runs';
import { type Counts } from '../../tools/kit/counts';

const runName = ({ view, period, version }: RunKey) => `${view}|${period}|${version}`;
const chunkName = ({ chunk, ...run }: ChunkKey) => `${runName(run)}|${chunk}`;

export interface MemoryBatchStore extends PublishStore, ReconcileStore {
  /** By `view|period`. */
  readonly runs: Map<string, RunPointer>;
  /** By `view|period|version|chunk`. */
  readonly chunks: Map<string, Buffer>;
  /** By `view|period|version`. */
  readonly unreferenced: Map<string, UnreferencedRun>;
  /** What the speed layer has; an aggregate handler over it fills it. */
  readonly speed: MemoryStore;
  boundary: BoundaryRow | undefined;
  /** What was written, in order: `chunk VIEW|PERIOD|VERSION|CHUNK`, `run VIEW|PERIOD`, `boundary INTERVAL`. */
  readonly writes: string[];
  beforeWrite: () => void;
}

export function memoryBatchStore(speed: MemoryStore = memoryStore()): MemoryBatchStore {
  const { readHead, readLog, readSpeedChunk, listClosed } = speed;
  const move = (interval: number, change: () => BoundaryRow) => {
    store.beforeWrite();
    store.writes.push(`boundary ${new Date(interval).toISOString()}`);
    store.boundary = change();
    return true;
  };
  const store: MemoryBatchStore = {
    runs: new Map(),
    chunks: new Map(),
    unreferenced: new Map(),
    speed,
    ...{ readHead, readLog, readSpeedChunk, listClosed },
    boundary: undefined,
    writes: [],
    beforeWrite: () => undefined,
    readRun: async (view, period) => store.runs.get(`${view}|${period}`),
    readChunk: async (key) => store.chunks.get(chunkName(key)),
    putRun: async (view, period, pointer) => {
      store.beforeWrite();
      store.writes.push(`run ${view}|${period}`);
      store.runs.set(`${view}|${period}`, pointer);
    },
    putChunk: async (key, counts) => {
      store.beforeWrite();
      store.writes.push(`chunk ${chunkName(key)}`);
      store.chunks.set(chunkName(key), counts);
    },
    deleteBlock: async ({ block, ...run }) => {
      store.beforeWrite();
      const inBlock = (name: string) =>
        name.startsWith(`${runName(run)}|`) && blockOf(Number(name.split('|').at(-1))) === block;
      for (const name of [...store.chunks.keys()].filter(inBlock)) store.chunks.delete(name);
    },
    listUnreferenced: async () => [...store.unreferenced.values()],
    putUnreferenced: async (_, run) => void store.unreferenced.set(runName(run), run),
    deleteUnreferenced: async (_, run) => void store.unreferenced.delete(runName(run)),
    readBoundary: async () => store.boundary,
    startBoundary: async (_, interval, intervalMinutes, now) =>
      store.boundary === undefined &&
      move(interval, () => ({
        interval,
        firstInterval: interval,
        intervalMinutes,
        publishedAt: now,
        drift: null,
        reconciledInterval: null,
      })),
    moveBoundary: async (_, from, to, now) =>
      store.boundary?.interval === from && move(to, () => ({ ...store.boundary!, interval: to, publishedAt: now })),
    putDrift: async (_, drift, from, to) => {
      if (store.boundary?.reconciledInterval !== from) return false;
      store.boundary = { ...store.boundary, drift, reconciledInterval: to };
      return true;
    },
  };
  return store;
}

/** The counts of a view and period, undefined if there is no run. */
export async function publishedCounts(
  store: MemoryBatchStore,
  view: View,
  period: string,
): Promise<Counts | undefined> {
  const run = await openRun(store, view, period);
  return run && countsOf(run.rows());
}
