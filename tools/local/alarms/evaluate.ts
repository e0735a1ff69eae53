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
 * The number of retrieved periods. AWS retrieves more than it evaluates, so that a late point does not count as missing. It does
 * not document how many; in its examples five are retrieved where three are evaluated.
 */
export const retrievedPeriods = (periods: number): number => periods + 2;

/**
 * The state of an alarm after the periods that were retrieved.
 *
 * The newest real points count first; only periods beyond them are filled as the alarm's setting for missing data says.
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
      // An old breach with no good point after it also counts for the missing periods since.
      const age = values.length - values.findIndex((value) => value !== undefined);
      return real.length > 0 && age >= datapoints ? 'ALARM' : 'INSUFFICIENT_DATA';
    }
  }
}
