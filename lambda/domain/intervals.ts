/**
 * Intervals cut the log by append time. An interval is named by the instant it starts at; internally it is that instant in
 * milliseconds since the epoch.
 */
import { HOUR, MINUTE } from './time';

export type IntervalStart = number;

/** The interval (start, in ms) that holds the instant `timestamp` (ms). */
export function intervalOf(timestamp: number, intervalMinutes: number): IntervalStart {
  const length = intervalMinutes * MINUTE;
  return Math.floor(timestamp / length) * length;
}

export function intervalEnd(interval: IntervalStart, intervalMinutes: number): number {
  return interval + intervalMinutes * MINUTE;
}

/** `2026-11-22T21-00`: sorts as time does and is safe in S3 keys, partition values and file names. */
export function intervalName(interval: IntervalStart): string {
  return new Date(interval).toISOString().slice(0, 16).replace(':', '-');
}

/**
 * @throws Error if `name` is not an interval name, or not the start of an interval of `intervalMinutes`
 */
export function parseIntervalName(name: string, intervalMinutes: number): IntervalStart {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})$/.exec(name);
  const interval = match ? Date.parse(`${match[1]}T${match[2]}:${match[3]}:00.000Z`) : NaN;
  if (Number.isNaN(interval) || intervalOf(interval, intervalMinutes) !== interval) {
    throw new Error(
      `interval must be like 2026-11-22T21-00 and start an interval of ${intervalMinutes} minutes, got '${name}'`,
    );
  }
  return interval;
}

/**
 * Stored data means something only with the length of the intervals that it was made for.
 * @param what names the data
 * @throws Error naming both lengths, and what to do
 */
export function requireLength(what: string, stored: number, configured: number): void {
  if (stored === configured) return;
  throw new Error(
    `${what} is of intervals of ${stored} minutes, but intervalMinutes is ${configured}: deploy with -c intervalMinutes=${stored}; ` +
      'docs/how-to/change-a-live-deployment.md says how to get another length',
  );
}

/**
 * The monotone rule: a record belongs to the larger of its own timestamp's interval and the interval of the record before it
 * in its partition. So an interval is one offset range, whatever the brokers' clocks do.
 */
export function nextInterval(previous: IntervalStart, timestamp: number, intervalMinutes: number): IntervalStart {
  return Math.max(previous, intervalOf(timestamp, intervalMinutes));
}

/** The oldest interval that an interval still remembers, in both layers. */
export function horizonStart(interval: IntervalStart, horizonHours: number): IntervalStart {
  return interval - horizonHours * HOUR;
}
