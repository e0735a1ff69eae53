/** CloudWatch's GetMetricData for what the functions of the run have reported, and for the lag of their event sources. */
import { type GetMetricDataOutput, type GetMetricDataRequest } from '../../../lambda/query/cloudwatch';
import { type MetricSeries } from './metric-series';

/** Period of the stored series, seconds. */
const PERIOD = 60;
const LAMBDA = 'AWS/Lambda';
const OFFSET_LAG = 'OffsetLag';

export interface MetricSources {
  /** ms */
  now(): number;
  /** Records that a function's event source has not yet delivered; undefined if it has no event source. May reject. */
  lag(functionName: string): Promise<number | undefined>;
}

type Query = GetMetricDataRequest['MetricDataQueries'][number];

/**
 * Values of a metric are newest first, as in CloudWatch. Lag is measured on request, unlike in AWS, which measures it every
 * minute: a run whose page is closed does not have to.
 */
export function metricData(
  series: MetricSeries,
  { now, lag }: MetricSources,
): (request: GetMetricDataRequest) => Promise<GetMetricDataOutput> {
  const measure = async ({ MetricStat: { Metric } }: Query) => {
    const { Namespace, MetricName, Dimensions } = Metric;
    const functionName = Dimensions.find(({ Name }) => Name === 'FunctionName')?.Value;
    if (Namespace !== LAMBDA || MetricName !== OFFSET_LAG || functionName === undefined) return;
    // There is no value while Kafka does not respond, as in AWS.
    const records = await lag(functionName).catch(() => undefined);
    if (records !== undefined) series.add(LAMBDA, OFFSET_LAG, { FunctionName: functionName }, records, now());
  };
  return async ({ MetricDataQueries, StartTime, EndTime }) => {
    for (const { Id, MetricStat } of MetricDataQueries) {
      if (MetricStat.Period !== PERIOD) {
        throw new Error(`Period of ${Id} must be ${PERIOD} in a local run, got ${MetricStat.Period}`);
      }
    }
    await Promise.all(MetricDataQueries.map(measure));
    return {
      MetricDataResults: MetricDataQueries.map(({ Id, MetricStat: { Metric, Stat } }) => {
        const dimensions = Object.fromEntries(Metric.Dimensions.map(({ Name, Value }) => [Name, Value]));
        const minutes = series
          .read(Metric.Namespace, Metric.MetricName, dimensions, StartTime * 1000, EndTime * 1000)
          .reverse();
        return {
          Id,
          Timestamps: minutes.map(([start]) => start / 1000),
          Values: minutes.map(([, { sum, max }]) => (Stat === 'Sum' ? sum : max)),
          StatusCode: 'Complete',
        };
      }),
    };
  };
}
