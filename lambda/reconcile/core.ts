/** Compares the layers: pure functions over decoded counts. */
import { mergeRuns, type Run } from '../domain/sorted-run';
import { type PartitionRange } from '../formats/interval-metadata';
import { type IntervalStart } from '../domain/intervals';
import { MOST_AHEAD } from '../domain/time';

export interface Compared {
  /** The sum of the absolute differences over all keys; 0 if and only if both are the same. */
  readonly drift: number;
  /** Keys of the batch layer. */
  readonly batch: number;
  /** Keys of the speed layer. */
  readonly speed: number;
}

/** Of two runs, merged and trimmed. They are read block by block, and not held in memory. */
export async function difference(batch: Run, speed: Run): Promise<Compared> {
  const keys = { batch: 0, speed: 0 };
  async function* counted(layer: keyof typeof keys, run: Run, sign: 1 | -1): Run {
    for await (const rows of run) {
      keys[layer] += rows.length;
      yield rows.map(({ key, value }) => ({ key, value: sign * value }));
    }
  }
  let drift = 0;
  for await (const rows of mergeRuns({ merge: 'sum' }, [counted('batch', batch, 1), counted('speed', speed, -1)])) {
    for (const { value } of rows) drift += Math.abs(value);
  }
  return { drift, ...keys };
}

/**
 * Whether speed rows of the interval may have expired. Their time to live starts when they are written, so for rows
 * written late this is early, never late.
 */
export function isExpired(interval: IntervalStart, speedTtl: number, now: number): boolean {
  return interval - MOST_AHEAD + speedTtl <= now;
}

/** The partitions in which the speed layer has not applied all offsets of the seal yet. */
export function behind(
  ranges: readonly PartitionRange[],
  applied: ReadonlyMap<number, number | undefined>,
): PartitionRange[] {
  // An empty range counts too: it ends where the partition's earlier intervals end.
  return ranges.filter(({ partition, to }) => to > 0 && (applied.get(partition) ?? -1) < to - 1);
}
