/** Formats numbers and instants for people. */
import { DAY, HOUR, MINUTE } from '../lambda/domain/time';

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** `12,345.6`; a dash for an unknown value. */
export function number(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : NUMBER.format(value);
}

/** `12.3K`, for axes and narrow spaces. */
export function compact(value: number): string {
  return COMPACT.format(value);
}

/** `850 ms`, `12 s`, `4 min`, `3.5 h`, `2 d`: two digits suffice to assess it. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${NUMBER.format(ms / 1_000)} s`;
  if (ms < 100_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 100 * MINUTE) return `${Math.round(ms / MINUTE)} min`;
  if (ms < 48 * HOUR) return `${NUMBER.format(ms / HOUR)} h`;
  return `${Math.round(ms / DAY)} d`;
}

/** `21:07` for an instant in UTC, with the day if it differs from the day of `now`. */
export function time(instant: string | null, now: string, seconds = false): string {
  if (instant === null) return '–';
  const clock = instant.slice(11, seconds ? 19 : 16);
  return instant.slice(0, 10) === now.slice(0, 10) ? clock : `${instant.slice(0, 10)} ${clock}`;
}

/** `post_year` → `post year` */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}
