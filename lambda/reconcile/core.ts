/** The comparison of the layers: pure, over decoded counts. */
import { type PartitionRange } from '../formats/interval-metadata';
import { type IntervalStart } from '../domain/intervals';

/** The sum of the absolute differences over all keys; 0 if and only if the counts are the same. */
export function difference(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [key, value] of a) sum += Math.abs(value - (b.get(key) ?? 0));
  for (const [key, value] of b) if (!a.has(key)) sum += Math.abs(value);
  return sum;
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
