/**
 * CloudWatch's statistics for the values of one period.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
 */

import { percentOf, type Statistic } from '../../assembly/alarm-terms';
import { nearestRank } from '../../kit/nearest-rank';

type Values = readonly [number, ...number[]];

const sum = (values: Values) => values.reduce((total, value) => total + value, 0);

const COMPUTE: Readonly<Record<Statistic, (values: Values) => number>> = {
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

/**
 * The statistic of a period's values; undefined without values.
 * @throws Error if the statistic is not supported here
 */
export function statisticOf(name: string, values: readonly number[]): number | undefined {
  const percent = percentOf(name);
  const compute =
    percent === undefined
      ? (COMPUTE as Partial<Record<string, (some: Values) => number>>)[name]
      : (some: Values) => percentile(some, Number(percent));
  if (compute === undefined) throw new Error(`statistic '${name}' is not supported here`);
  return values.length === 0 ? undefined : compute(values as Values);
}
