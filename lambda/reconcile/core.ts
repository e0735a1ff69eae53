/** Compares the layers: pure functions over decoded counts. */
import { type PartitionRange } from '../formats/interval-metadata';
import { type IntervalStart } from '../domain/intervals';

/** The sum of the absolute differences over all keys; 0 if and only if the counts are equal. */
export function difference(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [key, value] of a) sum += Math.abs(value - (b.get(key) ?? 0));
  for (const [key, value] of b) if (!a.has(key)) sum += Math.abs(value);
  return sum;
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

/** The stored result of `reconcile` for an interval. */
export interface DriftReport {
  readonly interval: string;
  /** The speed rows are past their time to live, so nothing was compared. */
  readonly expired: boolean;
  /** Sum over the views. */
  readonly drift: number;
  readonly views: Readonly<Record<string, { readonly drift: number; readonly batch: number; readonly speed: number }>>;
}
