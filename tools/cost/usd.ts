/** Amounts as people read them. */

/** Whole dollars from 100 on, cents below. */
export const usd = (value: number): string =>
  value.toLocaleString('en-US', {
    minimumFractionDigits: value >= 100 ? 0 : 2,
    maximumFractionDigits: value >= 100 ? 0 : 2,
  });

export const perMillion = (value: number): string => value.toFixed(value >= 10 ? 2 : 3);
