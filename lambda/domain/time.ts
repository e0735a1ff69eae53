/** Units of time in milliseconds: every duration is in milliseconds unless its name states another unit. */
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
