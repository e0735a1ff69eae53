/**
 * What to read for a question, and what to answer from what was read: batch rows for intervals up to the boundary, speed
 * rows for those after it, each interval from exactly one layer.
 */
import { intervalEnd, intervalOf, type IntervalStart } from '../domain/intervals';
import { add, type Counts, splitKey, trim } from '../domain/merge';
import { type View } from '../domain/views';
import { countRows, type StandardAnswer, type Table } from './answers';
import { type Layer } from './api';
import { intervalsIn, cover, type Period } from '../domain/periods';
import { type Selection } from './request';

/** How far the batch layer serves. */
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
  /** How long speed rows live, ms: nothing older is there to be read. */
  readonly speedTtl: number;
}

/** The rows to read. With `layer` speed, those of intervals that are published too, as long as they live. */
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
  // An interval that ended a time to live ago has lost its first rows; one ahead allows for a broker's clock ahead of ours.
  const oldest = intervalEnd(intervalOf(clock.now - clock.speedTtl, intervalMinutes), intervalMinutes);
  const newest = intervalEnd(intervalEnd(intervalOf(clock.now, intervalMinutes), intervalMinutes), intervalMinutes);
  // The speed layer alone is asked for published intervals too, but none is older than the first of all.
  const unserved = selection.layer === 'merged' ? served : (published?.first ?? -Infinity);
  const speed =
    selection.layer === 'batch'
      ? []
      : intervalsIn(Math.max(from, unserved, oldest), Math.min(to, newest), intervalMinutes);
  return { periods, speed };
}

/** Merges rows into one map, leaving out keys that the filters exclude. */
export function mergeFiltered(
  view: View,
  rows: Iterable<ReadonlyMap<string, number>>,
  filters: Selection['filters'],
): Counts {
  const wanted = view.dimensions.map((name) => filters[name]);
  const filtered = wanted.some((value) => value !== undefined);
  const merged: Counts = new Map();
  for (const row of rows) {
    for (const [key, value] of row) {
      if (filtered) {
        const values = splitKey(view, key);
        if (wanted.some((want, i) => want !== undefined && want !== values[i])) continue;
      }
      add(view, merged, key, value);
    }
  }
  return trim(view, merged);
}

/** The rows with the largest values, largest first; ties in the order they came. The value is the last column. */
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

/** Up to when an answer is complete. */
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
