/** Units of time in milliseconds: every duration is in milliseconds unless its name states another unit. */
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** No broker's clock is further ahead of that of a function. A record may be written so long before its append time. */
export const MOST_AHEAD = 60 * MINUTE;
