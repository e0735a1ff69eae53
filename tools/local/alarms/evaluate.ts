/**
 * CloudWatch's evaluation of one alarm, plain values in and out.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
 */
import { type Comparison, type Condition } from '../../assembly/alarm-terms';

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

const BREACHES: Readonly<Record<Comparison, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

/**
 * How many periods are retrieved. AWS retrieves more than it evaluates, so that a point that is late does not count as
 * missing, and does not say how many more: in its examples five where three are evaluated.
 */
export const retrievedPeriods = (periods: number): number => periods + 2;

/**
 * The state of an alarm after the periods that were retrieved.
 *
 * Real points count first, the newest of them; only what they leave open is filled as the alarm says.
 * @param values of {@link retrievedPeriods} periods, oldest first; undefined for one without data
 * @param before the state it was in
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
export function evaluate(
  condition: Condition,
  values: readonly (number | undefined)[],
  before: AlarmState,
): AlarmState {
  const { comparison, threshold, periods, datapoints, missing } = condition;
  const breaches = (value: number) => BREACHES[comparison](value, threshold);
  const real = values.filter((value) => value !== undefined).slice(-periods);
  const breaching = real.filter(breaches).length;
  if (breaching >= datapoints) return 'ALARM';
  if (real.length === periods) return 'OK';
  switch (missing) {
    case 'notBreaching':
      return 'OK';
    case 'breaching':
      return breaching + periods - real.length >= datapoints ? 'ALARM' : 'OK';
    case 'ignore':
      return real.length > breaching ? 'OK' : before;
    case 'missing': {
      if (real.length > breaching) return 'OK';
      // A breach that is old enough, with nothing good after it, counts for those that are missing since.
      const age = values.length - values.findIndex((value) => value !== undefined);
      return real.length > 0 && age >= datapoints ? 'ALARM' : 'INSUFFICIENT_DATA';
    }
  }
}
