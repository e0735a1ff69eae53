/**
 * What to read for a query: batch rows for intervals up to the time boundary, speed rows for later intervals, each interval from
 * exactly one layer.
 */
import { intervalEnd, intervalOf, type IntervalStart } from '../domain/intervals';
import { type Key } from '../domain/sorted-run';
import { type View } from '../domain/views';
import { type Layer } from './api';
import { intervalsIn, cover, type Period } from '../domain/periods';
import { MOST_AHEAD } from '../domain/time';
import { type Selection } from './request';

/** The intervals that the batch layer serves. */
export interface Published {
  readonly first: IntervalStart;
  readonly boundary: IntervalStart;
}

export interface ReadPlan {
  readonly periods: readonly Period[];
  readonly speed: readonly IntervalStart[];
}

export interface Clock {
  /** ms */
  readonly now: number;
  readonly intervalMinutes: number;
  /** Lifetime of speed rows, ms: older ones cannot be read. */
  readonly speedTtl: number;
}

/** The rows to read. Layer `speed` includes rows of published intervals as long as they live. */
export function planRead(
  selection: Pick<Selection, 'from' | 'to' | 'layer'>,
  published: Published | undefined,
  clock: Clock,
): ReadPlan {
  const { intervalMinutes } = clock;
  const served = published ? intervalEnd(published.boundary, intervalMinutes) : -Infinity;
  const from = selection.from ?? -Infinity;
  const to = selection.to ?? Infinity;
  const periods =
    selection.layer === 'speed' || !published
      ? []
      : cover(Math.max(from, published.first), Math.min(to, served), served, intervalMinutes);
  // An interval that ended one time to live ago has lost its first rows. One interval ahead allows for a broker's
  // faster clock.
  const alive = clock.now - clock.speedTtl + MOST_AHEAD;
  const oldest = intervalEnd(intervalOf(alive, intervalMinutes), intervalMinutes);
  const newest = intervalEnd(intervalEnd(intervalOf(clock.now, intervalMinutes), intervalMinutes), intervalMinutes);
  // The speed layer alone is read for published intervals too, but no earlier than the very first interval.
  const unserved = selection.layer === 'merged' ? served : (published?.first ?? -Infinity);
  const speed =
    selection.layer === 'batch'
      ? []
      : intervalsIn(Math.max(from, unserved, oldest), Math.min(to, newest), intervalMinutes);
  return { periods, speed };
}

/** Whether the filters include a key; undefined if they include every key. */
export function keyFilter(view: View, filters: Selection['filters']): ((key: Key) => boolean) | undefined {
  const wanted = view.dimensions.map((name) => filters[name]);
  if (wanted.every((value) => value === undefined)) return undefined;
  return (key) => wanted.every((want, i) => want === undefined || want === key[i]);
}

/**
 * Up to when a response is complete: every partition is, as far as it is known. A partition of which the speed layer has no record may
 * lag, so it counts as complete up to the time boundary only.
 * @param applied by partition, the append time of its newest record in the speed layer
 * @param partitions of the topic
 */
export function asOf(
  layer: Layer,
  published: Published | undefined,
  applied: ReadonlyMap<number, number>,
  { partitions, intervalMinutes }: { readonly partitions: number; readonly intervalMinutes: number },
): number | undefined {
  const served = published ? intervalEnd(published.boundary, intervalMinutes) : -Infinity;
  const floor = layer === 'speed' ? -Infinity : served;
  // Partitions that were added since this function was deployed have rows, too; those before them are there, with or without one.
  const all = Math.max(partitions, ...[...applied.keys()].map((partition) => partition + 1));
  const known = Array.from({ length: all }, (_, partition) => partition).map((partition) =>
    Math.max(floor, applied.get(partition) ?? floor),
  );
  const complete = layer === 'batch' ? served : Math.min(...known);
  return complete === -Infinity ? undefined : complete;
}
