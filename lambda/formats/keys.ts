/** Every S3 key of the lake, here and nowhere else. Keys follow from what they hold, so a rerun overwrites itself. */
import { bucketName, type BucketStart } from '../domain/intervals';

/** Widths chosen so that keys sort as numbers do: 2^63 has 19 digits. */
const OFFSET_DIGITS = 20;
const PARTITION_DIGITS = 4;

const offset = (value: number) => String(value).padStart(OFFSET_DIGITS, '0');
const partitionFolder = (partition: number) => `partition=${String(partition).padStart(PARTITION_DIGITS, '0')}`;
const bucketFolder = (bucket: BucketStart) => `bucket=${bucketName(bucket)}`;

export const PREFIXES = {
  raw: 'raw/',
  posts: 'posts/',
  seen: 'carry/seen/',
  pending: 'carry/pending/',
  seals: 'seals/',
  manifests: 'manifests/',
  views: 'views/',
  published: 'published/',
  drift: 'drift/',
  quarantine: 'quarantine/',
  jobs: 'jobs/',
} as const;

/** One object a partition and batch: the offsets `[first, last]`, both included. */
export function rawKey(topic: string, partition: number, first: number, last: number): string {
  return `${rawPrefix(topic, partition)}${offset(first)}-${offset(last)}.ndjson.zst`;
}

export function rawPrefix(topic: string, partition: number): string {
  return `${PREFIXES.raw}${topic}/${partitionFolder(partition)}/`;
}

/** The S3 `StartAfter` that lists every object whose first offset is at least `first`. */
export function rawStartAfter(topic: string, partition: number, first: number): string {
  return `${rawPrefix(topic, partition)}${offset(Math.max(0, first))}`;
}

/** The inverse of {@link rawKey}; undefined for a key that is none. */
export function parseRawKey(key: string): { partition: number; first: number; last: number } | undefined {
  const match = /partition=(\d+)\/(\d+)-(\d+)\.ndjson\.zst$/.exec(key);
  return match ? { partition: Number(match[1]), first: Number(match[2]), last: Number(match[3]) } : undefined;
}

export function quarantineKey(topic: string, partition: number, at: number): string {
  return `${PREFIXES.quarantine}${topic}/${partitionFolder(partition)}/${offset(at)}.json`;
}

/** What `seal` fixes for a bucket: its offset range in every partition. Written once. */
export const sealKey = (bucket: BucketStart) => `${PREFIXES.seals}${bucketFolder(bucket)}.json`;

/** The posts of a bucket and partition, Parquet. */
export const postsKey = (bucket: BucketStart, partition: number) =>
  `${PREFIXES.posts}${bucketFolder(bucket)}/${partitionFolder(partition)}.parquet`;

export const seenPrefix = (partition: number) => `${PREFIXES.seen}${partitionFolder(partition)}/`;

/** Which sections of which posts arrived first in this bucket and partition (identity horizon), Parquet. */
export const seenKey = (bucket: BucketStart, partition: number) =>
  `${PREFIXES.seen}${partitionFolder(partition)}/${bucketFolder(bucket)}.parquet`;

/** The posts that still wait for sections at the end of this bucket, with the columns known so far, Parquet. */
export const pendingKey = (bucket: BucketStart, partition: number) =>
  `${PREFIXES.pending}${partitionFolder(partition)}/${bucketFolder(bucket)}.parquet`;

/** What compaction did with this bucket and partition, from which the manifest is put together. Written after its files. */
export const summaryKey = (bucket: BucketStart, partition: number) =>
  `${PREFIXES.pending}${partitionFolder(partition)}/${bucketFolder(bucket)}.json`;

/** Written last of a bucket's compaction: a reader that finds it finds every file it names. */
export const manifestKey = (bucket: BucketStart) => `${PREFIXES.manifests}${bucketFolder(bucket)}.json`;

/** A view of a bucket as the Spark job computed it. */
export const viewKey = (bucket: BucketStart, view: string) => `${PREFIXES.views}${bucketFolder(bucket)}/${view}.json`;

/** Written last of a bucket's views: a reader that finds it finds every view. */
export const viewsDoneKey = (bucket: BucketStart) => `${PREFIXES.views}${bucketFolder(bucket)}/_SUCCESS`;

/** Begins the keys of the manifests of all buckets of a day. @param day `2026-11-22` */
export const manifestsOfDayPrefix = (day: string) => `${PREFIXES.manifests}bucket=${day}T`;

/** The bucket's name in a key of its manifest, undefined for a key that is none. */
export const bucketNameOfManifest = (key: string) => /^manifests\/bucket=([^/]+)\.json$/.exec(key)?.[1];

/** Says that a bucket went all the way: the boundary has passed it. */
export const publishedKey = (bucket: BucketStart) => `${PREFIXES.published}${bucketFolder(bucket)}.json`;

/** What `reconcile` found for a bucket. */
export const driftKey = (bucket: BucketStart) => `${PREFIXES.drift}${bucketFolder(bucket)}.json`;

export const SPARK_JOB_KEY = `${PREFIXES.jobs}batch_views.py`;
export const SPARK_VIEWS_KEY = `${PREFIXES.jobs}views.json`;
