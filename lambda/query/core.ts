/**
 * What to read for a query, and the response from what was read: batch rows for intervals up to the time boundary,
 * speed rows for later intervals, each interval from exactly one layer.
 */
import { intervalEnd, intervalOf, type IntervalStart } from '../domain/intervals';
import { add, type Counts, splitKey, trim } from '../domain/merge';
import { type Key } from '../domain/sorted-run';
import { type View } from '../domain/views';
import { countRows, type StandardAnswer, type Table } from './answers';
import { type Layer } from './api';
import { intervalsIn, cover, type Period } from '../domain/periods';
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
  const oldest = intervalEnd(intervalOf(clock.now - clock.speedTtl, intervalMinutes), intervalMinutes);
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

/** Merges rows into one map, without keys that the filters exclude. */
export function mergeFiltered(
  view: View,
  rows: Iterable<ReadonlyMap<string, number>>,
  filters: Selection['filters'],
): Counts {
  const includes = keyFilter(view, filters);
  const merged: Counts = new Map();
  for (const row of rows) {
    for (const [key, value] of row) {
      if (includes && !includes(splitKey(view, key))) continue;
      add(view, merged, key, value);
    }
  }
  return trim(view, merged);
}

/** The rows with the largest values, largest first; ties retain their order. The value is the last column. */
function best({ columns, rows }: Table, top: number | undefined): Table {
  if (top === undefined) return { columns, rows };
  const value = columns[columns.length - 1];
  const sorted = [...rows].sort((a, b) => Number(b[value]) - Number(a[value]));
  return { columns, rows: sorted.slice(0, top) };
}

export function shapeCounts(view: View, counts: Counts, top?: number): Table {
  return best(countRows(view, counts), top);
}

export function shapeAnswer(answer: StandardAnswer, counts: Counts, top?: number): Table {
  return best({ columns: answer.columns, rows: answer.rows(counts) }, top);
}

/** Up to when a response is complete. */
export function asOf(
  layer: Layer,
  published: Published | undefined,
  newestSpeed: number | undefined,
  intervalMinutes: number,
): number | undefined {
  const served = published ? intervalEnd(published.boundary, intervalMinutes) : undefined;
  if (layer === 'batch') return served;
  if (layer === 'speed') return newestSpeed;
  return newestSpeed === undefined ? served : Math.max(newestSpeed, served ?? -Infinity);
}
