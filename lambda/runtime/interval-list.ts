/** The event of the steps that take a list of intervals: `{"intervals": ["2026-11-22T21-00", …]}`. */
import { parseIntervalName, type IntervalStart } from '../domain/intervals';

/**
 * @returns the intervals, oldest first, each once
 * @throws Error naming the field or the interval, and what is allowed
 */
export function parseIntervals(event: unknown, intervalMinutes: number): IntervalStart[] {
  const intervals = (event as { intervals?: unknown } | null | undefined)?.intervals;
  if (!Array.isArray(intervals) || !intervals.every((name) => typeof name === 'string')) {
    throw new Error(`event must be {"intervals": [names]}, got ${JSON.stringify(event)?.slice(0, 100)}`);
  }
  const parsed = intervals.map((name) => parseIntervalName(name, intervalMinutes));
  return [...new Set(parsed)].sort((a, b) => a - b);
}
