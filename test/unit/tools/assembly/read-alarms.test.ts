import { namedMetrics } from '../../../../tools/assembly/named-metrics';
import { readAlarms, readCompositeAlarms, readDashboards } from '../../../../tools/assembly/read-alarms';
import { resourcesOf } from '../../../../tools/assembly/read-plan';

const ALARM = {
  AlarmName: 'late',
  Namespace: 'N',
  MetricName: 'freshness',
  Dimensions: [{ Name: 'step', Value: 'archive' }],
  ExtendedStatistic: 'p99',
  Period: 300,
  EvaluationPeriods: 3,
  ComparisonOperator: 'GreaterThanThreshold',
  Threshold: 1_000,
};

const query = (id: string, stat: object) => ({
  Id: id,
  ReturnData: false,
  MetricStat: { Period: 60, Stat: 'Sum', ...stat },
});
const MATH = {
  ...{ AlarmName: 'share', EvaluationPeriods: 3, DatapointsToAlarm: 2, TreatMissingData: 'breaching', Threshold: 5 },
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  Metrics: [
    { Id: 'share', Expression: 'bad / all' },
    query('bad', { Metric: { Namespace: 'N', MetricName: 'quarantined' } }),
    query('all', { Metric: { Namespace: 'N', MetricName: 'received' } }),
  ],
};

const read = (resources: Readonly<Record<string, { readonly Type: string; readonly Properties: object }>>) =>
  resourcesOf({
    directory: '/',
    stacks: [{ name: 'stack', template: { Resources: resources as never } }],
    assets: new Map(),
  });
const alarm = (properties: object) => read({ A: { Type: 'AWS::CloudWatch::Alarm', Properties: properties } });

test('an alarm on one metric; by default all periods must breach, and missing data is missing', () => {
  expect(readAlarms(alarm(ALARM))).toEqual([
    {
      path: 'stack/A',
      name: 'late',
      arn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:late',
      periodSeconds: 300,
      metrics: [{ id: 'metric', namespace: 'N', name: 'freshness', dimensions: { step: 'archive' }, statistic: 'p99' }],
      expression: undefined,
      comparison: 'GreaterThanThreshold',
      threshold: 1_000,
      periods: 3,
      datapoints: 3,
      missing: 'missing',
    },
  ]);
});

test('an alarm on an expression', () => {
  expect(readAlarms(alarm(MATH))).toEqual([
    expect.objectContaining({
      periodSeconds: 60,
      expression: 'bad / all',
      metrics: [
        { id: 'bad', namespace: 'N', name: 'quarantined', dimensions: {}, statistic: 'Sum' },
        { id: 'all', namespace: 'N', name: 'received', dimensions: {}, statistic: 'Sum' },
      ],
      comparison: 'GreaterThanOrEqualToThreshold',
      datapoints: 2,
      missing: 'breaching',
    }),
  ]);
});

test.each([
  [{ ...ALARM, ComparisonOperator: 'LessThanLowerThreshold' }, 'does not implement ComparisonOperator LessThanLower'],
  [{ ...ALARM, TreatMissingData: 'perhaps' }, 'TreatMissingData must be missing, ignore, breaching, notBreaching'],
  [{ ...ALARM, EvaluateLowSampleCountPercentile: 'ignore' }, 'does not implement EvaluateLowSampleCountPercentile'],
  [{ ...ALARM, ExtendedStatistic: 'TM(10%:90%)' }, "does not implement the statistic 'TM(10%:90%)'"],
  [{ ...MATH, Metrics: [...MATH.Metrics, { Id: 'e', Expression: 'bad' }] }, 'metrics of one period and one expression'],
  [{ ...MATH, Metrics: [{ Id: 'share', Expression: 'SELECT 1' }] }, 'metrics of one period and one expression'],
])('what is not evaluated is rejected: %#', (properties, problem) => {
  expect(() => readAlarms(alarm(properties))).toThrow(problem);
});

test('a composite alarm names its members by ARN', () => {
  const rule = { 'Fn::Join': ['', ['ALARM("', { 'Fn::GetAtt': ['A', 'Arn'] }, '")']] };
  const all = read({
    A: { Type: 'AWS::CloudWatch::Alarm', Properties: ALARM },
    C: { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: { AlarmName: 'any', AlarmRule: rule } },
  });
  const [{ arn }] = readAlarms(all);
  expect(readCompositeAlarms(all)).toEqual([expect.objectContaining({ name: 'any', rule: `ALARM("${arn}")` })]);
});

test('the metrics of alarms and widgets are one list, whatever the order of dimensions', () => {
  const metrics = [
    ['N', 'received', 'view', 'v', 'step', 'archive', { stat: 'Sum' }],
    ['N', 'freshness', 'step', 'archive'],
    [{ expression: 'a + b' }],
  ];
  const body = (lines: unknown) =>
    JSON.stringify({ widgets: [{ type: 'text', properties: {} }, { properties: { metrics: lines } }] });
  const dashboard = (name: string, lines: unknown) => ({
    Type: 'AWS::CloudWatch::Dashboard',
    Properties: { DashboardName: name, DashboardBody: body(lines) },
  });
  const all = read({
    A: { Type: 'AWS::CloudWatch::Alarm', Properties: ALARM },
    D: dashboard('one', metrics),
    E: dashboard('two', [['N', 'received', 'step', 'archive', 'view', 'v']]),
  });
  const named = () => namedMetrics({ alarms: readAlarms(all), dashboards: readDashboards(all) });
  expect(named()).toEqual([
    { namespace: 'N', name: 'freshness', dimensions: { step: 'archive' }, alarms: ['late'], dashboards: ['one'] },
    {
      namespace: 'N',
      name: 'received',
      dimensions: { view: 'v', step: 'archive' },
      alarms: [],
      dashboards: ['one', 'two'],
    },
  ]);
  const short = readDashboards(
    read({
      D: dashboard('one', [
        ['N', 'a'],
        ['.', 'b'],
      ]),
    }),
  );
  expect(() => namedMetrics({ alarms: [], dashboards: short })).toThrow('shortened line [".","b"]');
});
