/**
 * Publishing's decisions: which moves the boundary makes, and which roll-ups those complete. The periods are those that the
 * query API's `cover` reads.
 *
 * Invariants: the boundary moves forward only, along the chain of seals; when it reaches an interval, the runs of the interval and of
 * each day and month that ends with it exist; a day is made of its intervals and a month of its days, so a rerun can't count twice.
 */
import { intervalEnd, intervalName, parseIntervalName, type IntervalStart } from '../domain/intervals';
import { type Seal } from '../formats/interval-metadata';
import { dayName, monthName, nextMonth, startOfMonth } from '../domain/periods';
import { DAY } from '../domain/time';

const startOfDay = (at: number) => Math.floor(at / DAY) * DAY;

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
