/** Times as people read them. */

export const inSeconds = (seconds: number): string => `${seconds.toFixed(1)} s`;

/** Today in UTC, `2026-11-22`. */
export const today = (): string => new Date().toISOString().slice(0, 10);
