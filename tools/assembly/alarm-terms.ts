/** The terms of CloudWatch alarms that are evaluated locally, and how a metric is identified. */

export const MISSING_DATA = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;
export type MissingData = (typeof MISSING_DATA)[number];

export const COMPARISONS = [
  'GreaterThanThreshold',
  'GreaterThanOrEqualToThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
] as const;
export type Comparison = (typeof COMPARISONS)[number];
export const isComparison = (name: string): name is Comparison => (COMPARISONS as readonly string[]).includes(name);

export const STATISTICS = ['Sum', 'SampleCount', 'Average', 'Minimum', 'Maximum'] as const;
export type Statistic = (typeof STATISTICS)[number];
/** The percent of a percentile, as text; undefined for other statistics. */
export const percentOf = (statistic: string) => /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(statistic)?.[1];
export const isStatistic = (name: string): boolean =>
  (STATISTICS as readonly string[]).includes(name) || percentOf(name) !== undefined;

/** When an alarm goes off. */
export interface Condition {
  readonly comparison: Comparison;
  readonly threshold: number;
  /** Periods that are evaluated. */
  readonly periods: number;
  /** Of these, how many must be breaching. */
  readonly datapoints: number;
  readonly missing: MissingData;
}

export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Equal for two ids of the same metric: the order of dimensions does not count. */
export function keyOf({ namespace, name, dimensions }: MetricId): string {
  const sorted = Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([namespace, name, sorted]);
}
