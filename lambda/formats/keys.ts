/** Every S3 key of the lake, here and nowhere else. Keys follow from what they hold, so a rerun overwrites itself. */
import { intervalName, type IntervalStart } from '../domain/intervals';
import { type Range } from '../domain/ranges';

/** Widths chosen so that keys sort as numbers do: 2^63 has 19 digits. */
const OFFSET_DIGITS = 20;
const PARTITION_DIGITS = 4;

const offset = (value: number) => String(value).padStart(OFFSET_DIGITS, '0');
const partitionFolder = (partition: number) => `partition=${String(partition).padStart(PARTITION_DIGITS, '0')}`;
const intervalFolder = (interval: IntervalStart) => `interval=${intervalName(interval)}`;

export const PREFIXES = {
  raw: 'raw/',
  posts: 'posts/',
  dedupIndex: 'dedup-index/',
  incompletePosts: 'incomplete-posts/',
  seals: 'seals/',
  plan: 'plan/',
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

/** An object of the raw log, and the offsets that it holds. */
export interface RawRange extends Range {
  readonly key: string;
}

/** The inverse of {@link rawKey}; undefined for a key that is none. */
export function parseRawKey(key: string): { partition: number; first: number; last: number } | undefined {
  const match = /partition=(\d+)\/(\d+)-(\d+)\.ndjson\.zst$/.exec(key);
  return match ? { partition: Number(match[1]), first: Number(match[2]), last: Number(match[3]) } : undefined;
}

export function quarantineKey(topic: string, partition: number, at: number): string {
  return `${PREFIXES.quarantine}${topic}/${partitionFolder(partition)}/${offset(at)}.json`;
}

/** What `seal` fixes for an interval: its offset range in every partition. Written once. */
export const sealKey = (interval: IntervalStart) => `${PREFIXES.seals}${intervalFolder(interval)}.json`;

/** The posts of an interval and partition, Parquet. */
export const postsKey = (interval: IntervalStart, partition: number) =>
  `${PREFIXES.posts}${intervalFolder(interval)}/${partitionFolder(partition)}.parquet`;

export const dedupIndexPrefix = (partition: number) => `${PREFIXES.dedupIndex}${partitionFolder(partition)}/`;

/** Which sections of which posts arrived first in this interval and partition (identity horizon), Parquet. */
export const dedupIndexKey = (interval: IntervalStart, partition: number) =>
  `${PREFIXES.dedupIndex}${partitionFolder(partition)}/${intervalFolder(interval)}.parquet`;

/** The posts that still wait for sections at the end of this interval, with the columns known so far, Parquet. */
export const incompletePostsKey = (interval: IntervalStart, partition: number) =>
  `${PREFIXES.incompletePosts}${partitionFolder(partition)}/${intervalFolder(interval)}.parquet`;

/** What compaction did with this interval and partition, from which the manifest is put together. Written after its files. */
export const summaryKey = (interval: IntervalStart, partition: number) =>
  `${PREFIXES.incompletePosts}${partitionFolder(partition)}/${intervalFolder(interval)}.json`;

/** Written last of an interval's compaction: a reader that finds it finds every file it names. */
export const manifestKey = (interval: IntervalStart) => `${PREFIXES.manifests}${intervalFolder(interval)}.json`;

/** A view of an interval as the views engine computed it. */
export const viewKey = (interval: IntervalStart, view: string) =>
  `${PREFIXES.views}${intervalFolder(interval)}/${view}.ndjson`;

/** Written last of an interval's views: a reader that finds it finds every view. */
export const viewsDoneKey = (interval: IntervalStart) => `${PREFIXES.views}${intervalFolder(interval)}/_SUCCESS`;

/** Begins the keys of the manifests of all intervals of a day. @param day `2026-11-22` */
export const manifestsOfDayPrefix = (day: string) => `${PREFIXES.manifests}interval=${day}T`;

/** The interval's name in a key of its manifest, undefined for a key that is none. */
export const intervalNameOfManifest = (key: string) => /^manifests\/interval=([^/]+)\.json$/.exec(key)?.[1];

/** Says that an interval went all the way: the boundary has passed it. */
export const publishedKey = (interval: IntervalStart) => `${PREFIXES.published}${intervalFolder(interval)}.json`;

/** What `reconcile` found for an interval. */
export const driftKey = (interval: IntervalStart) => `${PREFIXES.drift}${intervalFolder(interval)}.json`;

/** What the run that holds the lease works on. */
export const planKey = `${PREFIXES.plan}current.json`;

/** The intervals whose views the run wants computed. */
export const viewsListKey = `${PREFIXES.plan}views.json`;

/** The heartbeat records since the newest sealed interval. */
export const heartbeatsKey = `${PREFIXES.plan}heartbeats.json`;

export const SPARK_JOB_KEY = `${PREFIXES.jobs}batch_views.py`;
export const SPARK_VIEWS_KEY = `${PREFIXES.jobs}views.json`;
