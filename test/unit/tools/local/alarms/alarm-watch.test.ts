import { AlarmWatch } from '../../../../../tools/local/alarms/alarm-watch';
import { parseRule } from '../../../../../tools/local/alarms/rule';
import { statisticOf } from '../../../../../tools/local/alarms/statistics';
import { type AlarmPlan } from '../../../../../tools/assembly/local-plan';
import { DataPoints } from '../../../../../tools/local/aws/data-points';

const MINUTE = 60_000;
const FIRST = { namespace: 'N', name: 'first', dimensions: { step: 'a', view: 'b' } };
const SECOND = { ...FIRST, name: 'second' };

const alarm = (name: string, more: Partial<AlarmPlan>): AlarmPlan => ({
  path: `stack/${name}`,
  name,
  arn: `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${name}`,
  periodSeconds: 60,
  metrics: [{ id: 'metric', statistic: 'Sum', ...FIRST }],
  comparison: 'GreaterThanThreshold',
  threshold: 0,
  periods: 2,
  datapoints: 2,
  missing: 'notBreaching',
  ...more,
});
const composite = (name: string, rule: string) => ({ ...alarm(name, {}), rule });

let points: DataPoints;
beforeEach(() => void (points = new DataPoints()));

describe('an alarm', () => {
  test('is in ALARM while enough periods are breaching, and OK afterwards', () => {
    const watch = new AlarmWatch([alarm('a', {})], [], points, 0);
    const states = [5, 7, 0, 0].map((value, minute) => {
      points.add(FIRST, value, minute * MINUTE + 1);
      watch.evaluate((minute + 1) * MINUTE);
      return watch.states().a;
    });
    expect(states).toEqual(['INSUFFICIENT_DATA', 'ALARM', 'OK', 'OK']);
    expect(watch.transitions.map(({ from, to, at }) => [from, to, at / MINUTE])).toEqual([
      ['INSUFFICIENT_DATA', 'ALARM', 2],
      ['ALARM', 'OK', 3],
    ]);
  });

  test('reads its own metric only: the order of dimensions does not matter, their values do', () => {
    const metrics = [{ id: 'm', statistic: 'Sum', ...FIRST, dimensions: { view: 'b', step: 'a' } }];
    const watch = new AlarmWatch([alarm('a', { metrics, periods: 1, datapoints: 1 })], [], points, 0);
    points.add({ ...FIRST, dimensions: { step: 'a', view: 'c' } }, 9, 1);
    points.add({ ...FIRST, namespace: 'M' }, 9, 1);
    watch.evaluate(MINUTE);
    expect(watch.states()).toEqual({ a: 'OK' });
    points.add(FIRST, 9, 2);
    watch.evaluate(MINUTE);
    expect(watch.states()).toEqual({ a: 'ALARM' });
  });

  test('is computed from its expression', () => {
    const metrics = [
      { id: 'bad', statistic: 'Sum', ...FIRST },
      { id: 'batches', statistic: 'SampleCount', ...SECOND },
    ];
    const expression = '100 * bad / MAX([batches, 1])';
    const plan = alarm('a', { metrics, expression, threshold: 49, periods: 1, datapoints: 1 });
    const watch = new AlarmWatch([plan], [], points, 0);
    points.add(FIRST, 1, 1);
    for (const at of [1, 2, 3]) points.add(SECOND, 0, at);
    watch.evaluate(MINUTE);
    expect(watch.states().a).toBe('OK');
    points.add(FIRST, 1, 2);
    watch.evaluate(MINUTE);
    expect(watch.states().a).toBe('ALARM');
  });

  test('that is new has no missing data from before it existed, and does once its periods have passed', () => {
    const watch = new AlarmWatch([alarm('a', { missing: 'breaching' })], [], points, 0);
    points.add(FIRST, 1, 1);
    watch.evaluate(MINUTE);
    expect(watch.states().a).toBe('INSUFFICIENT_DATA');
    watch.evaluate(2 * MINUTE);
    expect(watch.states().a).toBe('ALARM');
  });

  test('whose expression is not supported is named in the error', () => {
    expect(() => new AlarmWatch([alarm('a', { expression: 'RATE(metric)' })], [], points, 0)).toThrow(
      "stack/a: metric math 'RATE(metric)': function RATE is not evaluated here",
    );
  });
});

describe('a composite alarm', () => {
  test('follows the alarms in its rule, by name or ARN', () => {
    const members = ['a', 'b'].map((name) => alarm(name, { metrics: [{ id: 'm', statistic: 'Sum', ...FIRST, name }] }));
    const either = composite('either', `(ALARM("${members[0].arn}") OR ALARM("b"))`);
    const both = composite('both', 'ALARM("a") AND ALARM("b")');
    const watch = new AlarmWatch(members, [either, both], points, 0);
    for (const at of [1, MINUTE + 1]) points.add({ ...FIRST, name: 'b' }, 1, at);
    watch.evaluate(2 * MINUTE);
    expect(watch.states()).toEqual({ a: 'OK', b: 'ALARM', either: 'ALARM', both: 'OK' });
  });

  test.each([
    ['NOT ALARM("x")', true],
    ['OK("x") AND NOT INSUFFICIENT_DATA("y")', false],
    ['ALARM("x") OR OK("x") AND ALARM("y")', false],
    ['(ALARM("x") OR OK("x")) AND INSUFFICIENT_DATA("y")', true],
  ])('%s', (rule, holds) => {
    expect(parseRule(rule)((name) => (name === 'x' ? 'OK' : 'INSUFFICIENT_DATA'))).toBe(holds);
  });

  test.each(['TRUE', 'ALARM(x)', 'ALARM("x") + OK("y")', 'BROKEN("x")'])('%s is not a supported rule', (rule) => {
    expect(() => parseRule(rule)).toThrow('alarm rule must be');
  });

  test('that refers to an unknown alarm is an error', () => {
    const watch = new AlarmWatch([], [composite('c', 'ALARM("gone")')], points, 0);
    expect(() => watch.evaluate(1)).toThrow("refers to 'gone', which is not in the templates");
  });
});

test.each([
  ['Sum', 10],
  ['Average', 2.5],
  ['Minimum', 1],
  ['Maximum', 4],
  ['SampleCount', 4],
  ['p50', 2],
  ['p99', 4],
  ['p99.9', 4],
])('%s of 4, 1, 3, 2 is %d', (name, value) => {
  expect(statisticOf(name, [4, 1, 3, 2])).toBe(value);
  expect(statisticOf(name, [])).toBeUndefined();
});

test('an unsupported statistic is an error', () => {
  expect(() => statisticOf('TM(10%:90%)', [1])).toThrow("statistic 'TM(10%:90%)' is not supported here");
});

test('points are retained for an hour', () => {
  for (let minute = 0; minute <= 200; minute++) points.add(FIRST, minute, minute * MINUTE);
  const retained = points.values(FIRST, 0, Infinity);
  expect(retained.length).toBeLessThanOrEqual(121);
  expect(retained.at(-1)).toBe(200);
  expect(points.values(FIRST, 140 * MINUTE, 200 * MINUTE)).toHaveLength(60);
});
