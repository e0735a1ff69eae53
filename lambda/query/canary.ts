/** What both layers show of the canaries, for the function that sends them. */
import { bucketEnd, bucketOf, type BucketStart } from '../domain/intervals';
import { MAX_IN } from '../aws/keyspaces/cql';
import { CANARY_VIEW } from '../domain/views';
import { type QueryReader } from './reader';

/** All instants in ms. */
export interface CanaryAnswer {
  /** When the newest canary in the speed layer was sent; where there is none, the start of the buckets looked through. */
  readonly speed: number;
  /** The same of the published buckets; null if none is published. */
  readonly batch: number | null;
  /** End of the newest published bucket; null if none is. */
  readonly boundary: number | null;
}

/**
 * Speed rows outlive their bucket's publication, so they also tell which canaries are in the published ones: a bucket is
 * published with every record of its offsets or not at all.
 */
export async function readCanary(reader: QueryReader, now: number, bucketMinutes: number): Promise<CanaryAnswer> {
  const length = bucketEnd(0, bucketMinutes);
  const newestIn = async (last: BucketStart) => {
    const buckets = Array.from({ length: MAX_IN }, (_, i) => last - i * length);
    const rows = await reader.speedCounts(CANARY_VIEW, buckets);
    return Math.max(last - (MAX_IN - 1) * length, ...rows.flatMap(({ counts }) => [...counts.values()]));
  };
  const published = await reader.boundary();
  const [speed, batch] = await Promise.all([
    newestIn(bucketOf(now, bucketMinutes)),
    published ? newestIn(published.bucket) : null,
  ]);
  return { speed, batch, boundary: published ? bucketEnd(published.bucket, bucketMinutes) : null };
}
