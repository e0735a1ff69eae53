/**
 * Buckets cut the log by append time. A bucket is named by the instant it starts at; internally it is that instant in
 * milliseconds since the epoch.
 */

export type BucketStart = number;

const MINUTE = 60_000;

/** The bucket (start, in ms) that holds the instant `timestamp` (ms). */
export function bucketOf(timestamp: number, bucketMinutes: number): BucketStart {
  const length = bucketMinutes * MINUTE;
  return Math.floor(timestamp / length) * length;
}

export function bucketEnd(bucket: BucketStart, bucketMinutes: number): number {
  return bucket + bucketMinutes * MINUTE;
}

/** `2026-11-22T21-00`: sorts as time does and is safe in S3 keys, partition values and file names. */
export function bucketName(bucket: BucketStart): string {
  return new Date(bucket).toISOString().slice(0, 16).replace(':', '-');
}

/**
 * @throws Error if `name` is not a bucket name, or not the start of a bucket of `bucketMinutes`
 */
export function parseBucketName(name: string, bucketMinutes: number): BucketStart {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})$/.exec(name);
  const bucket = match ? Date.parse(`${match[1]}T${match[2]}:${match[3]}:00.000Z`) : NaN;
  if (Number.isNaN(bucket) || bucketOf(bucket, bucketMinutes) !== bucket) {
    throw new Error(
      `bucket must be like 2026-11-22T21-00 and start a bucket of ${bucketMinutes} minutes, got '${name}'`,
    );
  }
  return bucket;
}

/**
 * The monotone rule: a record belongs to the larger of its own timestamp's bucket and the bucket of the record before it
 * in its partition. So a bucket is one offset range, whatever the brokers' clocks do.
 */
export function nextBucket(previous: BucketStart, timestamp: number, bucketMinutes: number): BucketStart {
  return Math.max(previous, bucketOf(timestamp, bucketMinutes));
}
