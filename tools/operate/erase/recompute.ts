/** Which buckets are compacted again, and what is asked of the pipeline for it. */
import { parseBucketName, type BucketStart } from '../../../lambda/domain/intervals';

/** A file of `posts/` or `carry/pending/`. */
export interface BucketFile {
  readonly bucket: string;
  readonly partition: number;
}

/** @throws Error if the key is none of theirs */
export function parseFileKey(key: string): BucketFile {
  const bucket = /bucket=(\d{4}-\d{2}-\d{2}T\d{2}-\d{2})/.exec(key)?.[1];
  const partition = /partition=(\d+)/.exec(key)?.[1];
  if (bucket === undefined || partition === undefined) {
    throw new Error(`key must name a bucket and a partition, got '${key}'`);
  }
  return { bucket, partition: Number(partition) };
}

/** Buckets are aligned to the length that the pipeline has; any length of minutes reads their names. */
export const startOf = (bucket: string): BucketStart => parseBucketName(bucket, 1);

/** Buckets in one call of compaction, which must end within the time of a function. */
const BUCKETS_PER_CALL = 6;

export interface CompactCall {
  readonly step: 'compact';
  readonly partition: number;
  readonly buckets: readonly string[];
}

/**
 * The calls that compute the files anew. A bucket takes what waits from the one before it, so the buckets of a partition
 * rise; one whose files hold nothing of the target has nothing to pass on, and stays as it is.
 */
export function callsFor(keys: readonly string[]): CompactCall[] {
  const byPartition = new Map<number, Set<string>>();
  for (const { partition, bucket } of keys.map(parseFileKey)) {
    byPartition.set(partition, (byPartition.get(partition) ?? new Set()).add(bucket));
  }
  return [...byPartition].flatMap(([partition, names]) => {
    // Names sort as time does.
    const buckets = [...names].sort();
    const calls: CompactCall[] = [];
    for (let at = 0; at < buckets.length; at += BUCKETS_PER_CALL) {
      calls.push({ step: 'compact', partition, buckets: buckets.slice(at, at + BUCKETS_PER_CALL) });
    }
    return calls;
  });
}

/** A range of buckets, as the conf of a run of the DAG `pipeline` has it. */
export interface RunConf {
  readonly from: string;
  readonly to: string;
}

/**
 * The runs that compute the views of some buckets again: neighbours share one.
 * @param all the names of all compacted buckets, sorted
 * @param limit buckets that a run takes
 */
export function runsFor(buckets: ReadonlySet<string>, all: readonly string[], limit: number): RunConf[] {
  const runs: { from: string; to: string }[] = [];
  let length = 0;
  for (const name of all) {
    if (!buckets.has(name)) {
      length = 0;
    } else if (length === 0 || length === limit) {
      runs.push({ from: name, to: name });
      length = 1;
    } else {
      runs[runs.length - 1].to = name;
      length++;
    }
  }
  return runs;
}
