/**
 * The tables of CloudWatch's documentation: 0 is a point within the threshold, X one beyond, - none.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
import { type Condition, MISSING_DATA } from '../../../../../tools/assembly/alarm-terms';
import { type AlarmState, evaluate, retrievedPeriods } from '../../../../../tools/local/alarms/evaluate';

const VALUES: Readonly<Record<string, number | undefined>> = { '0': 1, X: 11, '-': undefined };
const valuesOf = (points: string) => points.split(' ').map((point) => VALUES[point]);

const BEYOND_TEN: Condition = {
  comparison: 'GreaterThanThreshold',
  threshold: 10,
  periods: 3,
  datapoints: 3,
  missing: 'missing',
};

/** Evaluated from each state; `retained` if the state before decides. */
function stateOf(condition: Condition, points: string): AlarmState | 'retained' {
  const found = (['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const).map((before) =>
    evaluate(condition, valuesOf(points), before),
  );
  if (new Set(found).size === 1) return found[0];
  expect(found).toEqual(['OK', 'ALARM', 'INSUFFICIENT_DATA']);
  return 'retained';
}

const all = (condition: Partial<Condition>, points: string) =>
  MISSING_DATA.map((missing) => stateOf({ ...BEYOND_TEN, ...condition, missing }, points));

test('three points are evaluated of the five that are retrieved', () => {
  expect(retrievedPeriods(3)).toBe(5);
});

// Missing data treated as missing, ignore, breaching, notBreaching.
test.each([
  ['0 - X - X', ['OK', 'OK', 'OK', 'OK']],
  ['- - - - 0', ['OK', 'OK', 'OK', 'OK']],
  ['0 - - - -', ['OK', 'OK', 'OK', 'OK']],
  ['- - - - -', ['INSUFFICIENT_DATA', 'retained', 'ALARM', 'OK']],
  ['0 X X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  ['- - X - -', ['ALARM', 'retained', 'ALARM', 'OK']],
  ['- - - - X', ['INSUFFICIENT_DATA', 'retained', 'ALARM', 'OK']],
  ['X X X X 0', ['OK', 'OK', 'OK', 'OK']],
])('3 of 3: %s', (points, states) => {
  expect(all({ datapoints: 3 }, points)).toEqual(states);
});

test.each([
  ['0 - X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  ['0 0 X 0 X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  ['0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
  ['- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
  ['- - - X -', ['ALARM', 'retained', 'ALARM', 'OK']],
  // What was retrieved beyond the three is not looked at.
  ['X X 0 0 0', ['OK', 'OK', 'OK', 'OK']],
])('2 of 3: %s', (points, states) => {
  expect(all({ datapoints: 2 }, points)).toEqual(states);
});

test.each([
  ['GreaterThanThreshold', 10, 'OK'],
  ['GreaterThanOrEqualToThreshold', 10, 'ALARM'],
  ['LessThanThreshold', 10, 'OK'],
  ['LessThanOrEqualToThreshold', 10, 'ALARM'],
  ['LessThanThreshold', 9, 'ALARM'],
] as const)('%s than 10: %d', (comparison, value, state) => {
  expect(evaluate({ ...BEYOND_TEN, comparison, periods: 1, datapoints: 1 }, [value], 'OK')).toBe(state);
});
