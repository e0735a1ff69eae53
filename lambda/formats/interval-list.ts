/** The event of the steps that take a list of buckets: `{"buckets": ["2026-11-22T21-00", …]}`. */
import { parseBucketName, type BucketStart } from '../domain/intervals';

/**
 * @returns the buckets, oldest first, each once
 * @throws Error naming the field or the bucket, and what is allowed
 */
export function parseBuckets(event: unknown, bucketMinutes: number): BucketStart[] {
  const buckets = (event as { buckets?: unknown } | null | undefined)?.buckets;
  if (!Array.isArray(buckets) || !buckets.every((name) => typeof name === 'string')) {
    throw new Error(`event must be {"buckets": [names]}, got ${JSON.stringify(event)?.slice(0, 100)}`);
  }
  const parsed = buckets.map((name) => parseBucketName(name, bucketMinutes));
  return [...new Set(parsed)].sort((a, b) => a - b);
}
