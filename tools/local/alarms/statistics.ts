/**
 * CloudWatch's statistics for the values of one period.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
 */

import { nearestRank } from '../../kit/nearest-rank';

type Values = readonly [number, ...number[]];

const sum = (values: Values) => values.reduce((total, value) => total + value, 0);

const STATISTICS: Readonly<Record<string, (values: Values) => number>> = {
  Sum: sum,
  SampleCount: ({ length }) => length,
  Average: (values) => sum(values) / values.length,
  Minimum: (values) => values.reduce((least, value) => Math.min(least, value)),
  Maximum: (values) => values.reduce((most, value) => Math.max(most, value)),
};

/** The nearest value; CloudWatch interpolates between two. */
function percentile(values: Values, percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return nearestRank(sorted, percent / 100)!;
}

const percentOf = (statistic: string) => /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(statistic)?.[1];

export const isStatistic = (name: string): boolean => Object.hasOwn(STATISTICS, name) || percentOf(name) !== undefined;

/**
 * The statistic of a period's values; undefined without values.
 * @throws Error if the statistic is not supported here
 */
export function statisticOf(name: string, values: readonly number[]): number | undefined {
  const percent = percentOf(name);
  const compute = percent === undefined ? STATISTICS[name] : (some: Values) => percentile(some, Number(percent));
  if (compute === undefined) throw new Error(`statistic '${name}' is not supported here`);
  return values.length === 0 ? undefined : compute(values as Values);
}
