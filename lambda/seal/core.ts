/** Which buckets are due, and what a seal says: pure, with Kafka's offset look-up handed in. */
import { bucketName, type BucketStart } from '../domain/intervals';
import { type PartitionRange, type Seal } from '../formats/interval-metadata';

/** An offset for each partition. */
export type Offsets = ReadonlyMap<number, number>;

export interface DueBucket {
  readonly bucket: BucketStart;
  /** For every partition, the first offset after the bucket. */
  readonly to: Offsets;
}

export interface DueOptions {
  /** Start of the newest sealed bucket; of any bucket before the first record if none is sealed. */
  readonly after: BucketStart;
  /** The newest bucket wanted; all its ends must be witnessed. */
  readonly upTo: BucketStart;
  /** Length of a bucket, ms. */
  readonly length: number;
  /** Where each partition's chain has come to. A partition that is not named starts at 0. */
  readonly from: Offsets;
  /** For every partition, the first offset whose record is not before the end of the bucket; never falls from bucket to bucket. */
  readonly endOf: (bucket: BucketStart) => Promise<Offsets>;
  /** The most buckets to give. */
  readonly limit: number;
}

/** Both ends of one step of the search: what the bucket's end is, counted from where the chain has come to. */
interface Edge {
  readonly bucket: BucketStart;
  readonly to: Offsets;
}

function sameOffsets(a: Offsets, b: Offsets): boolean {
  for (const partition of new Set([...a.keys(), ...b.keys()])) {
    if ((a.get(partition) ?? 0) !== (b.get(partition) ?? 0)) return false;
  }
  return true;
}

/** The chain never goes back, whatever a look-up says (retention may have removed what it looked for). */
function atLeast(offsets: Offsets, floor: Offsets): Offsets {
  return new Map([...offsets].map(([partition, offset]) => [partition, Math.max(offset, floor.get(partition) ?? 0)]));
}

/**
 * The non-empty buckets after `after` up to `upTo`, oldest first. Bisects: where the ends of two buckets are equal in every
 * partition, all between is empty and needs no look-up. So n buckets among m cost about n·log₂(m) look-ups.
 */
export async function dueBuckets(options: DueOptions): Promise<{ due: DueBucket[]; more: boolean }> {
  const { after, upTo, length, from, endOf, limit } = options;
  const due: DueBucket[] = [];
  let more = false;
  if (upTo <= after) return { due, more };

  const edge = async (bucket: BucketStart): Promise<Edge> => ({ bucket, to: atLeast(await endOf(bucket), from) });
  const search = async (low: Edge, high: Edge): Promise<void> => {
    if (more || sameOffsets(low.to, high.to)) return;
    if (high.bucket - low.bucket === length) {
      if (due.length === limit) more = true;
      else due.push({ bucket: high.bucket, to: high.to });
      return;
    }
    const steps = (high.bucket - low.bucket) / length;
    const middle = await edge(low.bucket + Math.floor(steps / 2) * length);
    await search(low, middle);
    await search(middle, high);
  };
  await search({ bucket: after, to: from }, await edge(upTo));
  return { due, more };
}

/**
 * A bucket before the first record, for a chain that has not begun: goes back in doubling steps until the end of a bucket
 * is where the log starts.
 * @param lows the first offset that each partition still has
 */
export async function beforeFirst(
  upTo: BucketStart,
  length: number,
  lows: Offsets,
  endOf: DueOptions['endOf'],
): Promise<BucketStart> {
  for (let step = 1; ; step *= 2) {
    const bucket = upTo - step * length;
    if (bucket <= 0) return 0;
    const end = await endOf(bucket);
    if ([...end].every(([partition, offset]) => offset <= (lows.get(partition) ?? 0))) return bucket;
  }
}

export function offsetsOf(seal: Seal | undefined): Offsets {
  return new Map(seal?.partitions.map(({ partition, to }) => [partition, to]) ?? []);
}

/** The next link of the chain: in every partition it starts where the previous one ended. */
export function nextSeal(topic: string, previous: Seal | undefined, due: DueBucket): Seal {
  const from = offsetsOf(previous);
  const partitions: PartitionRange[] = [...due.to]
    .map(([partition, to]) => ({ partition, from: from.get(partition) ?? 0, to }))
    .sort((a, b) => a.partition - b.partition);
  return { bucket: bucketName(due.bucket), previous: previous?.bucket ?? null, topic, partitions };
}
