/**
 * Publishing's decisions: what a view object of the Spark job contains, which moves the boundary makes, and which
 * roll-ups those complete. The periods are those that the query API's `cover` reads.
 */
import { intervalEnd, intervalName, parseIntervalName, type IntervalStart } from '../domain/intervals';
import { type Seal } from '../formats/interval-metadata';
import { columnOf } from '../domain/columns';
import { joinKey, trim, type Counts, type DimensionValue } from '../domain/merge';
import { type View } from '../domain/views';
import { dayName, monthName, nextMonth, startOfMonth } from '../domain/periods';
import { DAY } from '../domain/time';

const startOfDay = (at: number) => Math.floor(at / DAY) * DAY;

function dimensionOf(view: View, i: number, value: unknown): DimensionValue | undefined {
  const { type } = columnOf(view.dimensions[i]);
  if (type === 'int' || type === 'long') return Number.isSafeInteger(value) ? (value as number) : undefined;
  if (typeof value !== 'string') return undefined;
  if (type !== 'timestamp') return value;
  const instant = Date.parse(value);
  return Number.isNaN(instant) ? undefined : new Date(instant).toISOString();
}

/**
 * The counts in an object `views/interval=…/<view>.json`.
 * @throws Error naming the object, the row and the value, if the object is not the view of this interval
 */
export function parseViewObject(key: string, text: string, view: View, interval: IntervalStart): Counts {
  const object = parseObject(key, text);
  if (object.view !== view.name || object.interval !== intervalName(interval) || !Array.isArray(object.rows)) {
    throw new Error(
      `object '${key}' must hold rows of view '${view.name}' in interval ${intervalName(interval)}, got view '${String(object.view)}' in interval '${String(object.interval)}'`,
    );
  }
  const counts: Counts = new Map();
  for (const [number, row] of (object.rows as unknown[]).entries()) {
    const cells = Array.isArray(row) ? (row as unknown[]) : [];
    const dimensions = view.dimensions.map((_, i) => dimensionOf(view, i, cells[i]));
    const value = cells[view.dimensions.length];
    const complete = dimensions.every((dimension) => dimension !== undefined);
    if (!complete || !Number.isSafeInteger(value) || cells.length !== dimensions.length + 1) {
      // Without the row: it may contain personal data, and errors are logged.
      throw new Error(
        `object '${key}' must hold rows of ${view.dimensions.join(', ')} and an integer, row ${number} has another form`,
      );
    }
    const joined = joinKey(dimensions);
    if (counts.has(joined)) throw new Error(`object '${key}' must hold each key once, row ${number} repeats a key`);
    counts.set(joined, value as number);
  }
  return trim(view, counts);
}

function parseObject(key: string, text: string): { view?: unknown; interval?: unknown; rows?: unknown } {
  try {
    return JSON.parse(text) as object;
  } catch {
    // The parser's own message quotes the text.
    throw new Error(`object '${key}' must be JSON`);
  }
}

/** One move of the boundary, from a sealed interval to the next. */
export interface Move {
  /** undefined for the very first interval. */
  readonly from: IntervalStart | undefined;
  readonly to: IntervalStart;
}

/**
 * The moves of the boundary for these intervals: forward only, and only along the chain of seals, so that no interval
 * is skipped. An interval at or before the boundary is published again and moves nothing.
 * @param seals of the intervals, oldest first
 * @throws Error naming the preceding interval of the chain, if that is not published
 */
export function planMoves(
  boundary: IntervalStart | undefined,
  seals: readonly Pick<Seal, 'interval' | 'previous'>[],
  intervalMinutes: number,
): Move[] {
  const moves: Move[] = [];
  let at = boundary;
  for (const seal of seals) {
    const interval = parseIntervalName(seal.interval, intervalMinutes);
    if (at !== undefined && interval <= at) continue;
    const expected = at === undefined ? null : intervalName(at);
    if (seal.previous !== expected) {
      throw new Error(
        `interval ${seal.interval} follows ${seal.previous ?? 'nothing'} in the chain of seals, but the boundary is ${expected ?? 'not set'}: publish the intervals between them first`,
      );
    }
    moves.push({ from: at, to: interval });
    at = interval;
  }
  return moves;
}

/** Periods to rewrite: each from the rows of its parts, so a rerun cannot add twice. */
export interface RollUps {
  /** `2026-11-22` */
  readonly days: readonly string[];
  /** `2026-11`, computed from days. */
  readonly months: readonly string[];
}

/** The days and months that end in `(after, until]`. */
export function completedBetween(after: number, until: number): RollUps {
  const days: string[] = [];
  const months: string[] = [];
  for (let day = startOfDay(after); day + DAY <= until; day += DAY) days.push(dayName(day));
  for (let month = startOfMonth(after); nextMonth(month) <= until; month = nextMonth(month)) {
    months.push(monthName(month));
  }
  return { days, months };
}

/**
 * What a move completes: all periods that end after the interval it starts from, up to the end of the one it goes to.
 */
export function completedBy(move: Move, intervalMinutes: number): RollUps {
  const after = move.from === undefined ? move.to : intervalEnd(move.from, intervalMinutes);
  return completedBetween(after, intervalEnd(move.to, intervalMinutes));
}

/** The roll-ups that include an interval already and must be rewritten with it. */
export function rollUpsWith(interval: IntervalStart, boundary: IntervalStart, intervalMinutes: number): RollUps {
  const served = intervalEnd(boundary, intervalMinutes);
  return {
    days: startOfDay(interval) + DAY <= served ? [dayName(interval)] : [],
    months: nextMonth(interval) <= served ? [monthName(interval)] : [],
  };
}

export function union(parts: readonly RollUps[]): RollUps {
  const all = (kind: keyof RollUps) => [...new Set(parts.flatMap((part) => part[kind]))].sort();
  return { days: all('days'), months: all('months') };
}

/** The names of a month's days. @param month `2026-11` */
export function daysOfMonth(month: string): string[] {
  const first = Date.parse(`${month}-01T00:00:00.000Z`);
  const days: string[] = [];
  for (let day = first; day < nextMonth(first); day += DAY) days.push(dayName(day));
  return days;
}
