import { LogQueryVisualizationType, LogQueryWidget, Stats, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { type Construct } from 'constructs';
import { type Step } from '../../../lambda/runtime/metrics';
import { VIEWS } from '../../../lambda/domain/views';
import { type Alarms } from '../alarms';
import { consumerLag, FIVE_MINUTES, functionOf, viewMetric, type Monitored } from '../metrics';
import { type PipelineFunction } from '../pipeline-function';
import { alarmStatus, chart, heading, links, stepCharts } from './widgets';

/** The metrics that Lambda reports about a function. */
function functionCharts({ function: fn }: PipelineFunction): IWidget[] {
  const choice = { statistic: Stats.SUM, period: FIVE_MINUTES };
  return [
    chart('Invocations', 'count', [fn.metricInvocations(choice)], 3),
    chart('Errors and throttles', 'count', [fn.metricErrors(choice), fn.metricThrottles(choice)], 3),
    chart(
      'Concurrent instances',
      'count',
      [fn.metric('ConcurrentExecutions', { ...choice, statistic: Stats.MAXIMUM })],
      3,
    ),
  ];
}

function newestErrors({ logGroup }: PipelineFunction): IWidget {
  return new LogQueryWidget({
    title: 'Newest warnings and errors',
    logGroupNames: [logGroup.logGroupName],
    view: LogQueryVisualizationType.TABLE,
    queryLines: [
      'fields @timestamp, level, message, error.message, topic, partition, offset',
      "filter level in ['warn', 'error', 'WARN', 'ERROR'] or @type = 'platform.report' and status != 'success'",
      'sort @timestamp desc',
      'limit 20',
    ],
    width: 24,
    height: 6,
  });
}

/** The rows of a step's dashboard. */
export function stepRows(scope: Construct, monitored: Monitored, alarms: Alarms, step: Step): IWidget[][] {
  const { config } = monitored;
  const fn = functionOf(monitored, step)!;
  const about = [...alarms.alarms.values()].filter(({ spec }) => spec.step === step).map(({ alarm }) => alarm);
  const rows: IWidget[][] = [[links(scope, config, step)]];
  if (about.length > 0) rows.push([alarmStatus('Alarms', about)]);
  rows.push([heading('Metrics of the step')], [...stepCharts(config, step)]);
  if (step === 'archive' || step === 'aggregate') {
    rows.push([
      chart('Lag behind the end of the log, partition with the most', 'records', [consumerLag(monitored, step)], 1),
    ]);
  }
  if (step === 'reconcile') {
    const drift = VIEWS.map(({ name }) => viewMetric(config, step, name, 'drift', { label: name }));
    rows.push([chart('Drift of each view', 'count', drift, 1)]);
  }
  return [...rows, [heading('The function')], functionCharts(fn), [newestErrors(fn)]];
}
