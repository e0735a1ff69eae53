/**
 * The value below which a share of the values lies; undefined without values.
 * @param sorted ascending
 * @param share 0 to 1
 */
export const nearestRank = (sorted: readonly number[], share: number): number | undefined =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
