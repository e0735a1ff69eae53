/** The comparison of the layers: pure, over decoded counts. */
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
 * Speed rows of the interval may be gone by now. Their time to live runs from their last write, so this is early for rows
 * written late, never late.
 */
export function isExpired(interval: IntervalStart, speedTtl: number, now: number): boolean {
  return interval + speedTtl <= now;
}

/** The partitions of which the speed layer has not yet applied all that the seal holds. */
export function behind(
  ranges: readonly PartitionRange[],
  applied: ReadonlyMap<number, number | undefined>,
): PartitionRange[] {
  // An empty range counts too: it ends where the partition's earlier intervals do.
  return ranges.filter(({ partition, to }) => to > 0 && (applied.get(partition) ?? -1) < to - 1);
}

/** What `reconcile` found for an interval, as it is stored. */
export interface DriftReport {
  readonly interval: string;
  /** The speed rows are past their time to live: there is nothing to compare with. */
  readonly expired: boolean;
  /** Sum over the views. */
  readonly drift: number;
  readonly views: Readonly<Record<string, { readonly drift: number; readonly batch: number; readonly speed: number }>>;
}
