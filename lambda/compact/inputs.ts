/**
 * All that the compaction of an interval and partition depends on, as it lies in the lake. The hash of it is stored with the result:
 * a result with the same hash need not be computed again.
 */
import { horizonStart, intervalName, parseIntervalName, type IntervalStart } from '../domain/intervals';
import { type Covered } from '../domain/ranges';
import { type PartitionRange, type PartitionSummary, type Seal } from '../formats/interval-metadata';
import { dedupIndexKey, dedupIndexPrefix, incompletePostsKey, summaryKey } from '../formats/keys';
import { rawObjects, type RawObject } from '../aws/lake';
import { ifFound, NotFoundError, type ObjectStore } from '../aws/s3';
import { sha256 } from '../runtime/digest';
import { POST_FILE_COLUMNS } from '../formats/post-files';
import { COMPACTION_VERSION, rangeOf, sourcesOf } from './core';

/** An object as it was listed. */
interface Stored {
  readonly key: string;
  readonly etag: string;
}

export interface Inputs {
  readonly interval: IntervalStart;
  readonly range: PartitionRange;
  /** Name of the oldest interval that is remembered. */
  readonly horizon: string;
  readonly sources: readonly Covered<RawObject>[];
  /** Dedup index files of the intervals before, within the horizon, oldest first. */
  readonly dedupIndex: readonly Stored[];
  /** Incomplete-posts file of the interval before; none for the first of all. */
  readonly incompletePosts: Stored | undefined;
  /** SHA-256 of all this, of the columns of the result and of the version of the code; hex. */
  readonly hash: string;
}

export interface InputOptions {
  readonly store: Pick<ObjectStore, 'list'>;
  readonly intervalMinutes: number;
  readonly identityHorizonHours: number;
}

/** Lists, and reads no object. @throws Error if the raw log or the incomplete posts of the interval before are not there */
export async function inputsOf(
  { store, intervalMinutes, identityHorizonHours }: InputOptions,
  partition: number,
  seal: Seal,
  previous: Seal | undefined,
): Promise<Inputs> {
  const interval = parseIntervalName(seal.interval, intervalMinutes);
  const range = rangeOf(seal, partition);
  const oldest = horizonStart(interval, identityHorizonHours);
  const sources = sourcesOf(await rawObjects(store, seal.topic, range), range);
  const inputs = {
    interval,
    range,
    horizon: intervalName(oldest),
    sources,
    dedupIndex: await dedupIndexOf(store, partition, oldest, interval),
    incompletePosts: await incompletePostsOf(store, partition, previous, intervalMinutes),
  };
  const { horizon, dedupIndex, incompletePosts } = inputs;
  const all = {
    version: COMPACTION_VERSION,
    columns: POST_FILE_COLUMNS.map(({ name, type }) => [name, type]),
    topic: seal.topic,
    interval: seal.interval,
    range: [range.partition, range.from, range.to],
    horizon,
    sources: sources.map(({ item: { key, etag }, from, to }) => [key, etag, from, to]),
    dedupIndex: dedupIndex.map(({ key, etag }) => [key, etag]),
    incompletePosts: incompletePosts ? [incompletePosts.key, incompletePosts.etag] : null,
  };
  return { ...inputs, hash: sha256(JSON.stringify(all)) };
}

/** The horizon as it lies in the lake. That is what the chain says: a sealed interval is never taken back. */
async function dedupIndexOf(
  store: InputOptions['store'],
  partition: number,
  oldest: IntervalStart,
  interval: IntervalStart,
): Promise<Stored[]> {
  const first = dedupIndexKey(oldest, partition);
  const end = dedupIndexKey(interval, partition);
  const found: Stored[] = [];
  // "After" the key without its ending, so that the oldest interval that counts is among them.
  const startAfter = first.slice(0, first.lastIndexOf('.'));
  for await (const { key, etag } of store.list({ prefix: dedupIndexPrefix(partition), startAfter })) {
    if (key >= end) break;
    found.push({ key, etag });
  }
  return found;
}

async function incompletePostsOf(
  store: InputOptions['store'],
  partition: number,
  previous: Seal | undefined,
  intervalMinutes: number,
): Promise<Stored | undefined> {
  // A partition that was added later has no past.
  if (!previous?.partitions.some((each) => each.partition === partition)) return undefined;
  const wanted = incompletePostsKey(parseIntervalName(previous.interval, intervalMinutes), partition);
  for await (const { key, etag } of store.list({ prefix: wanted })) if (key === wanted) return { key, etag };
  throw new NotFoundError(wanted);
}

/** What was stored of an interval and partition, undefined if it is not compacted yet. */
export async function storedSummary(
  store: Pick<ObjectStore, 'get'>,
  interval: IntervalStart,
  partition: number,
): Promise<PartitionSummary | undefined> {
  const text = (await ifFound(store.get(summaryKey(interval, partition))))?.toString('utf8');
  return text === undefined ? undefined : (JSON.parse(text) as PartitionSummary);
}

/** @param plan of a run that computes everything again: only what it computed itself is valid */
export function isValid(
  summary: PartitionSummary | undefined,
  { hash }: Inputs,
  plan: string | undefined,
): summary is PartitionSummary {
  return summary?.inputs === hash && (plan === undefined || summary.plan === plan);
}
