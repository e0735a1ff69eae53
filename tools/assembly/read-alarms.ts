/** CloudWatch's alarms and dashboards. */
import { isComparison, isStatistic, MISSING_DATA, type MissingData } from './alarm-terms';
import { type Found, number, rejectSet, type Resources, text } from './found';
import { type AlarmMetric, type AlarmPlan, type CompositeAlarmPlan, type DashboardPlan } from './local-plan';

interface Dimension {
  readonly Name: string;
  readonly Value: string;
}

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudwatch-alarm-metricdataquery.html */
interface MetricDataQuery {
  readonly Id: string;
  readonly Expression?: string;
  readonly MetricStat?: {
    readonly Metric: {
      readonly Namespace: string;
      readonly MetricName: string;
      readonly Dimensions?: readonly Dimension[];
    };
    readonly Period: number;
    readonly Stat: string;
  };
}

/** These change when an alarm of AWS goes off, and the local evaluation ignores them. */
const NOT_IMPLEMENTED = ['EvaluateLowSampleCountPercentile', 'ThresholdMetricId', 'Unit', 'EvaluationCriteria'];

export const readAlarms = (all: Resources): AlarmPlan[] => all.ofType('AWS::CloudWatch::Alarm').map(readAlarm);

function readAlarm(found: Found): AlarmPlan {
  rejectSet(found, NOT_IMPLEMENTED);
  const comparison = text(found, 'ComparisonOperator');
  if (!isComparison(comparison)) {
    throw new Error(`${found.path}: the local run does not implement ComparisonOperator ${comparison}`);
  }
  const missing = text(found, 'TreatMissingData', 'missing') as MissingData;
  if (!MISSING_DATA.includes(missing)) {
    throw new Error(`${found.path}: TreatMissingData must be ${MISSING_DATA.join(', ')}, got '${missing}'`);
  }
  const periods = number(found, 'EvaluationPeriods');
  return {
    path: found.path,
    name: text(found, 'AlarmName'),
    arn: found.attribute('Arn'),
    ...readMetrics(found),
    comparison,
    threshold: number(found, 'Threshold'),
    periods,
    datapoints: number(found, 'DatapointsToAlarm', periods),
    missing,
  };
}

/** One metric, or several metrics and an expression. */
function readMetrics(found: Found): Pick<AlarmPlan, 'metrics' | 'expression' | 'periodSeconds'> {
  const given = found.property('Metrics') as readonly MetricDataQuery[] | undefined;
  const queries = given ?? [onlyMetric(found)];
  const expressions = queries.filter(({ Expression }) => Expression !== undefined);
  const metrics = queries.flatMap(({ Id, MetricStat }) => (MetricStat ? [{ Id, ...MetricStat }] : []));
  const periods = new Set(metrics.map(({ Period }) => Number(Period)));
  if (expressions.length > 1 || expressions.length + metrics.length !== queries.length || periods.size !== 1) {
    throw new Error(`${found.path}: the local run evaluates metrics of one period and one expression at most`);
  }
  const unknown = metrics.find(({ Stat }) => !isStatistic(Stat));
  if (unknown) throw new Error(`${found.path}: the local run does not implement the statistic '${unknown.Stat}'`);
  return {
    periodSeconds: [...periods][0],
    metrics: metrics.map(metricOf),
    expression: expressions.at(0)?.Expression,
  };
}

function onlyMetric(found: Found): MetricDataQuery {
  return {
    Id: 'metric',
    MetricStat: {
      Metric: {
        Namespace: text(found, 'Namespace'),
        MetricName: text(found, 'MetricName'),
        Dimensions: (found.property('Dimensions') ?? []) as Dimension[],
      },
      Period: number(found, 'Period'),
      Stat: String(found.property('ExtendedStatistic') ?? found.property('Statistic')),
    },
  };
}

function metricOf({ Id, Metric, Stat }: { Id: string } & NonNullable<MetricDataQuery['MetricStat']>): AlarmMetric {
  const dimensions = Object.fromEntries((Metric.Dimensions ?? []).map(({ Name, Value }) => [Name, Value]));
  return { id: Id, namespace: Metric.Namespace, name: Metric.MetricName, dimensions, statistic: Stat };
}

export function readCompositeAlarms(all: Resources): CompositeAlarmPlan[] {
  return all.ofType('AWS::CloudWatch::CompositeAlarm').map((found) => {
    rejectSet(found, ['ActionsSuppressor']);
    return {
      path: found.path,
      name: text(found, 'AlarmName'),
      arn: found.attribute('Arn'),
      rule: text(found, 'AlarmRule'),
    };
  });
}

export const readDashboards = (all: Resources): DashboardPlan[] =>
  all
    .ofType('AWS::CloudWatch::Dashboard')
    .map((found) => ({ path: found.path, name: text(found, 'DashboardName'), body: text(found, 'DashboardBody') }));
