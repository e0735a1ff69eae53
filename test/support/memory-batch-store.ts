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
  /** What was written, in order: `row VIEW|PERIOD`, `boundary BUCKET`. */
  readonly writes: string[];
  beforeWrite: () => void;
}

export function memoryBatchStore(): MemoryBatchStore {
  const move = (bucket: number, change: () => BoundaryRow) => {
    store.beforeWrite();
    store.writes.push(`boundary ${new Date(bucket).toISOString()}`);
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
    startBoundary: async (_, bucket, now) =>
      store.boundary === undefined &&
      move(bucket, () => ({ bucket, firstBucket: bucket, publishedAt: now, drift: null, reconciledBucket: null })),
    moveBoundary: async (_, from, to, now) =>
      store.boundary?.bucket === from && move(to, () => ({ ...store.boundary!, bucket: to, publishedAt: now })),
    scanSpeedRows: async (view, buckets) =>
      store.speedRows.filter((row) => row.view === view && buckets.includes(row.bucket)),
    readAppliedOffset: async (_, partition) => store.applied.get(partition),
    putDrift: async (_, drift, reconciledBucket) => {
      if (store.boundary) store.boundary = { ...store.boundary, drift, reconciledBucket };
      return store.boundary !== undefined;
    },
  };
  return store;
}
