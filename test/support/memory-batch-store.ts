/** The batch side of the view store in memory, with conditions as the real one has them. */
import {
  type BoundaryRow,
  type FoundSpeedRow,
  type PublishStore,
  type ReconcileStore,
} from '../../lambda/aws/keyspaces/store';

export interface MemoryBatchStore extends PublishStore, ReconcileStore {
  /** By `view|period`. */
  readonly rows: Map<string, Buffer>;
  readonly speedRows: (FoundSpeedRow & { readonly view: string })[];
  /** By partition. */
  readonly applied: Map<number, number>;
  boundary: BoundaryRow | undefined;
  /** What was written, in order: `row VIEW|PERIOD`, `boundary INTERVAL`. */
  readonly writes: string[];
  beforeWrite: () => void;
}

export function memoryBatchStore(): MemoryBatchStore {
  const move = (interval: number, change: () => BoundaryRow) => {
    store.beforeWrite();
    store.writes.push(`boundary ${new Date(interval).toISOString()}`);
    store.boundary = change();
    return true;
  };
  const store: MemoryBatchStore = {
    rows: new Map(),
    speedRows: [],
    applied: new Map(),
    boundary: undefined,
    writes: [],
    beforeWrite: () => undefined,
    readBatchRow: async (view, period) => store.rows.get(`${view}|${period}`),
    putBatchRow: async (view, period, counts) => {
      store.beforeWrite();
      store.writes.push(`row ${view}|${period}`);
      store.rows.set(`${view}|${period}`, counts);
    },
    readBoundary: async () => store.boundary,
    startBoundary: async (_, interval, now) =>
      store.boundary === undefined &&
      move(interval, () => ({
        interval,
        firstInterval: interval,
        publishedAt: now,
        drift: null,
        reconciledInterval: null,
      })),
    moveBoundary: async (_, from, to, now) =>
      store.boundary?.interval === from && move(to, () => ({ ...store.boundary!, interval: to, publishedAt: now })),
    scanSpeedRows: async (view, intervals) =>
      store.speedRows.filter((row) => row.view === view && intervals.includes(row.interval)),
    readAppliedOffset: async (_, partition) => store.applied.get(partition),
    putDrift: async (_, drift, reconciledInterval) => {
      if (store.boundary) store.boundary = { ...store.boundary, drift, reconciledInterval };
      return store.boundary !== undefined;
    },
  };
  return store;
}
