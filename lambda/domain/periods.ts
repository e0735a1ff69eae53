/**
 * Which rows hold a range of buckets. Days and months are rolled up once they are complete, so a long range is read from
 * few rows: the months it holds entirely, then days, then single buckets.
 */
import { bucketEnd, bucketName, bucketOf, type BucketStart } from './intervals';

export type PeriodKind = 'month' | 'day' | 'bucket';

export interface Period {
  readonly kind: PeriodKind;
  /** `2026-11`, `2026-11-22` or a bucket's name. */
  readonly name: string;
  /** The buckets that start in `[from, to)`, ms. */
  readonly from: number;
  readonly to: number;
}

const DAY = 86_400_000;

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

/** The first bucket that starts at or after the instant. */
export function bucketAtOrAfter(at: number, bucketMinutes: number): BucketStart {
  const bucket = bucketOf(at, bucketMinutes);
  return bucket === at ? bucket : bucketEnd(bucket, bucketMinutes);
}

/**
 * The fewest periods that hold exactly the buckets starting in `[from, to)`, oldest first.
 * @param to at most the end of the newest published bucket: what is later has no rows
 * @param published the end of the newest published bucket: a day or month is rolled up only if it ends there or before
 */
export function cover(from: number, to: number, published: number, bucketMinutes: number): Period[] {
  const periods: Period[] = [];
  for (let at = bucketAtOrAfter(from, bucketMinutes); at < to;) {
    const period = largestAt(at, to, published, bucketMinutes);
    periods.push(period);
    at = period.to;
  }
  return periods;
}

function largestAt(at: number, to: number, published: number, bucketMinutes: number): Period {
  const fits = (end: number) => end <= to && end <= published;
  if (at === startOfMonth(at) && fits(nextMonth(at))) {
    return { kind: 'month', name: monthName(at), from: at, to: nextMonth(at) };
  }
  if (at === startOfDay(at) && fits(at + DAY)) return { kind: 'day', name: dayName(at), from: at, to: at + DAY };
  return { kind: 'bucket', name: bucketName(at), from: at, to: bucketEnd(at, bucketMinutes) };
}

/** Every bucket that starts in `[from, to)`, oldest first. */
export function bucketsIn(from: number, to: number, bucketMinutes: number): BucketStart[] {
  const buckets: BucketStart[] = [];
  for (let at = bucketAtOrAfter(from, bucketMinutes); at < to; at = bucketEnd(at, bucketMinutes)) buckets.push(at);
  return buckets;
}
