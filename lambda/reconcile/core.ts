/** Compares the layers: pure functions over decoded counts. */
import { joinKey } from '../domain/merge';
import { type Run } from '../domain/sorted-run';
import { type PartitionRange } from '../formats/interval-metadata';
import { type IntervalStart } from '../domain/intervals';

export interface Compared {
  /** The sum of the absolute differences over all keys; 0 if and only if both are the same. */
  readonly drift: number;
  /** Keys of the batch layer. */
  readonly batch: number;
  /** Keys of the speed layer. */
  readonly speed: number;
}

/** @param batch is not held in memory */
export async function difference(batch: Run, speed: ReadonlyMap<string, number>): Promise<Compared> {
  const unmatched = new Set(speed.keys());
  let drift = 0;
  let keys = 0;
  for await (const rows of batch) {
    for (const { key, value } of rows) {
      const joined = joinKey(key);
      drift += Math.abs(value - (speed.get(joined) ?? 0));
      unmatched.delete(joined);
    }
    keys += rows.length;
  }
  for (const key of unmatched) drift += Math.abs(speed.get(key)!);
  return { drift, batch: keys, speed: speed.size };
}

/**
 * Whether speed rows of the interval may have expired. Their time to live starts at their last write, so for rows
 * written late this is early, never late.
 */
export function isExpired(interval: IntervalStart, speedTtl: number, now: number): boolean {
  return interval + speedTtl <= now;
}

/** The partitions in which the speed layer has not applied all offsets of the seal yet. */
export function behind(
  ranges: readonly PartitionRange[],
  applied: ReadonlyMap<number, number | undefined>,
): PartitionRange[] {
  // An empty range counts too: it ends where the partition's earlier intervals end.
  return ranges.filter(({ partition, to }) => to > 0 && (applied.get(partition) ?? -1) < to - 1);
}
