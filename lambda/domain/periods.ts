/**
 * Which rows hold a range of intervals. Days and months are rolled up once they are complete, so a long range is read from
 * few rows: the months it holds entirely, then days, then single intervals.
 */
import { intervalEnd, intervalName, intervalOf, type IntervalStart } from './intervals';
import { DAY } from './time';

export type PeriodKind = 'month' | 'day' | 'interval';

export interface Period {
  readonly kind: PeriodKind;
  /** `2026-11`, `2026-11-22` or an interval's name. */
  readonly name: string;
  /** The intervals that start in `[from, to)`, ms. */
  readonly from: number;
  readonly to: number;
}

const startOfDay = (at: number) => Math.floor(at / DAY) * DAY;

export const dayName = (at: number) => new Date(at).toISOString().slice(0, 10);
export const monthName = (at: number) => new Date(at).toISOString().slice(0, 7);

export function startOfMonth(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

export function nextMonth(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

/** The first interval that starts at or after the instant. */
export function intervalAtOrAfter(at: number, intervalMinutes: number): IntervalStart {
  const interval = intervalOf(at, intervalMinutes);
  return interval === at ? interval : intervalEnd(interval, intervalMinutes);
}

/**
 * The fewest periods that hold exactly the intervals starting in `[from, to)`, oldest first.
 * @param to at most the end of the newest published interval: what is later has no rows
 * @param published the end of the newest published interval: a day or month is rolled up only if it ends there or before
 */
export function cover(from: number, to: number, published: number, intervalMinutes: number): Period[] {
  const periods: Period[] = [];
  for (let at = intervalAtOrAfter(from, intervalMinutes); at < to;) {
    const period = largestAt(at, to, published, intervalMinutes);
    periods.push(period);
    at = period.to;
  }
  return periods;
}

function largestAt(at: number, to: number, published: number, intervalMinutes: number): Period {
  const fits = (end: number) => end <= to && end <= published;
  if (at === startOfMonth(at) && fits(nextMonth(at))) {
    return { kind: 'month', name: monthName(at), from: at, to: nextMonth(at) };
  }
  if (at === startOfDay(at) && fits(at + DAY)) return { kind: 'day', name: dayName(at), from: at, to: at + DAY };
  return { kind: 'interval', name: intervalName(at), from: at, to: intervalEnd(at, intervalMinutes) };
}

/** Every interval that starts in `[from, to)`, oldest first. */
export function intervalsIn(from: number, to: number, intervalMinutes: number): IntervalStart[] {
  const intervals: IntervalStart[] = [];
  for (let at = intervalAtOrAfter(from, intervalMinutes); at < to; at = intervalEnd(at, intervalMinutes))
    intervals.push(at);
  return intervals;
}
