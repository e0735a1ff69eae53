/**
 * The three forms in which clients send instants. All have their digits at the same places, so they are checked and moved,
 * not parsed by Date, which takes ten times as long and reads zoneless forms in the machine's zone.
 */
import { MINUTE } from './time';

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

let cachedMinute = NaN;
let cachedText = '';

/** The minute that holds `timestamp` (ms), as ISO 8601. Records of a batch share minutes, so the last one is kept. */
export function minuteOf(timestamp: number): string {
  const minute = Math.floor(timestamp / MINUTE);
  if (minute !== cachedMinute) {
    cachedText = new Date(minute * MINUTE).toISOString();
    cachedMinute = minute;
  }
  return cachedText;
}

/** The number of `length` digits at `start`; NaN if one of them is no digit. */
function digits(text: string, start: number, length: number): number {
  let value = 0;
  for (let i = start; i < start + length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

const leap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/** Minutes east of UTC of `Z`, `+02:00`, `+0200`, or nothing (UTC); undefined for anything else. */
function zoneOffset(zone: string): number | undefined {
  if (zone === '' || zone === 'Z' || zone === 'z') return 0;
  const sign = zone[0] === '+' ? 1 : zone[0] === '-' ? -1 : 0;
  const colon = zone[3] === ':' ? 1 : 0;
  if (sign === 0 || zone.length !== 5 + colon) return undefined;
  const hours = digits(zone, 1, 2);
  const minutes = digits(zone, 3 + colon, 2);
  return hours <= 14 && minutes <= 59 ? sign * (hours * 60 + minutes) : undefined;
}

/** What {@link cleanTimestamp} interprets. */
export const TIME_ALLOWED = 'YYYY-MM-DD HH:MM:SS, ISO 8601 or YYYY:MM:DD HH:MM:SS, from 1900 to 9999, or null';

/**
 * `YYYY-MM-DD HH:MM:SS`, ISO 8601 with `T`, or `YYYY:MM:DD HH:MM:SS`; a fraction of a second (cut to milliseconds) and a
 * zone may follow, UTC is assumed where none does. Years 1900 to 9999: earlier ones mean different days in Spark's two calendars.
 * @returns ISO 8601 in UTC with milliseconds; null for null, absent or blank; undefined if it cannot be interpreted
 */
export function cleanTimestamp(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (text === '') return null;
  const dash = text[4];
  const between = text[10];
  if ((dash !== '-' && dash !== ':') || text[7] !== dash || text[13] !== ':' || text[16] !== ':') return undefined;
  if (between !== ' ' && between !== 'T' && between !== 't') return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  // Written so that a NaN fails every comparison.
  if (!(year >= 1900 && month >= 1 && month <= 12 && day >= 1 && hour <= 23 && minute <= 59 && second <= 59)) {
    return undefined;
  }
  if (day > DAYS[month - 1] + (month === 2 && leap(year) ? 1 : 0)) return undefined;
  const date = dash === '-' ? text.slice(0, 10) : `${text.slice(0, 4)}-${text.slice(5, 7)}-${text.slice(8, 10)}`;
  const whole = `${date}T${text.slice(11, 19)}`;
  if (text.length === 19) return `${whole}.000Z`;

  let end = 19;
  let milliseconds = '000';
  if (text[19] === '.') {
    end = 20;
    while (digits(text, end, 1) >= 0) end++;
    if (end === 20) return undefined;
    milliseconds = text.slice(20, Math.min(end, 23)).padEnd(3, '0');
  }
  const offset = zoneOffset(text.slice(end));
  if (offset === undefined) return undefined;
  if (offset === 0) return `${whole}.${milliseconds}Z`;
  const shifted = new Date(Date.parse(`${whole}.${milliseconds}Z`) - offset * MINUTE).toISOString();
  // Beyond the year 9999 Date writes a sign and six digits.
  return shifted.length === 24 && shifted >= '1900' ? shifted : undefined;
}
