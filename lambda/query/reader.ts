/** The rows of both layers, decoded: what the query handler reads, over the store. */
import { type BucketStart } from '../shared/buckets';
import { mapConcurrently } from '../shared/concurrent';
import { decodeCounts } from '../shared/counts-codec';
import { MAX_IN } from '../shared/cql';
import { type Counts } from '../shared/merge';
import { type BoundaryRow, type QueryStore } from '../shared/store';
import { type View } from '../shared/views';

export interface SpeedCounts {
  readonly counts: Counts;
  /** Append time of the newest record in it, ms. */
  readonly asOf: number;
}

/** An outage of the store rejects. */
export interface QueryReader {
  boundary(): Promise<BoundaryRow | undefined>;
  /** The rows that exist of `periods`, in any order. */
  batchCounts(view: View, periods: readonly string[]): Promise<readonly Counts[]>;
  /** The rows that exist of `buckets`, of all partitions, in any order. */
  speedCounts(view: View, buckets: readonly BucketStart[]): Promise<readonly SpeedCounts[]>;
}

/** Enough to hide the store's latency, few enough for one connection. */
const CONCURRENT_READS = 32;

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** @param topic names the boundary */
export function queryReader(store: QueryStore, topic: string): QueryReader {
  return {
    boundary: () => store.readBoundary(topic),
    async batchCounts(view, periods) {
      const blobs = await mapConcurrently(periods, CONCURRENT_READS, (period) => store.readBatchRow(view.name, period));
      return blobs.flatMap((blob) => (blob ? [decodeCounts(view, blob)] : []));
    },
    async speedCounts(view, buckets) {
      const found = await mapConcurrently(chunks(buckets, MAX_IN), CONCURRENT_READS, (some) =>
        store.scanSpeedRows(view.name, some),
      );
      return found.flat().map(({ counts, asOf }) => ({ counts: decodeCounts(view, counts), asOf }));
    },
  };
}
