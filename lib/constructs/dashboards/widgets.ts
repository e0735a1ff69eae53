import { Stack } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  GraphWidget,
  LegendPosition,
  Stats,
  TextWidget,
  type IAlarm,
  type IMetric,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { type Construct } from 'constructs';
import { metricsOf, STEPS, type MetricOf, type Step, type ViewMetric } from '../../../lambda/runtime/metrics';
import { type PipelineConfig } from '../../config';
import { stepMetric } from '../metrics';

/** Columns of a CloudWatch dashboard. */
const WIDTH = 24;
const HEIGHT = 6;

export type DashboardId = 'overview' | Step;

/** Name of a dashboard: the same at every deployment of a project and stage. */
export function dashboardName(config: PipelineConfig, id: DashboardId): string {
  return `${config.project}-${config.stage}-${id}`;
}

/** The dashboards of a deployment. A deployment without a canary has none for it. */
export function dashboardIds(config: PipelineConfig): readonly DashboardId[] {
  if (config.dashboards === 'overview') return ['overview'];
  return ['overview', ...STEPS.filter((step) => step !== 'canary' || config.canaryMinutes > 0)];
}

/** Links to all dashboards, in the order in which a post passes the steps. */
export function links(scope: Construct, config: PipelineConfig, here: DashboardId): IWidget {
  const { region } = Stack.of(scope);
  const items = dashboardIds(config).map((id) =>
    id === here
      ? `**${id}**`
      : `[${id}](https://console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboardName(config, id)})`,
  );
  const runbook = config.runbookUrl === undefined ? '`docs/runbook.md`' : `[runbook](${config.runbookUrl})`;
  return new TextWidget({ markdown: `${items.join(' · ')} · ${runbook}`, width: WIDTH, height: 1 });
}

export function heading(text: string): IWidget {
  return new TextWidget({ markdown: `## ${text}`, width: WIDTH, height: 1 });
}

export function alarmStatus(title: string, alarms: readonly IAlarm[]): IWidget {
  return new AlarmStatusWidget({ title, alarms: [...alarms], width: WIDTH, height: 3 });
}

/** A chart that occupies a `share`-th of the width. */
export function chart(title: string, unit: string, metrics: readonly IMetric[], share: 1 | 2 | 3 | 4): IWidget {
  return new GraphWidget({
    title,
    left: [...metrics],
    leftYAxis: { label: unit, showUnits: false, min: 0 },
    legendPosition: LegendPosition.BOTTOM,
    width: WIDTH / share,
    height: HEIGHT,
  });
}

type Listed = ReturnType<typeof metricsOf>[number];

/** The charts of a step's metrics. Each metric of the step is in exactly one of them: the first that matches. */
const CHARTS: readonly {
  readonly title: string;
  readonly unit: string;
  readonly shows: (metric: Listed) => boolean;
}[] = [
  {
    title: 'Results of received records',
    unit: 'count',
    shows: ({ name, accounts }) => accounts === true || isTotal(name),
  },
  { title: 'Time', unit: 'ms', shows: ({ unit }) => unit === 'Milliseconds' },
  { title: 'Volume', unit: 'bytes', shows: ({ unit }) => unit === 'Bytes' },
  { title: 'Effort and exceptions', unit: 'count', shows: () => true },
];

const isTotal = (name: string) => name === 'received' || name === 'dropped';

/** The charts of a step, from the list of metrics. */
export function stepCharts(config: PipelineConfig, step: Step): readonly IWidget[] {
  let rest = metricsOf(step).filter(({ perView }) => !perView);
  const groups = CHARTS.map((each) => {
    const metrics = rest.filter(each.shows);
    rest = rest.filter((metric) => !metrics.includes(metric));
    return { ...each, metrics };
  }).filter(({ metrics }) => metrics.length > 0);
  const share = Math.min(groups.length, 4) as 1 | 2 | 3 | 4;
  return groups.map(({ title, unit, metrics }) =>
    chart(
      title,
      unit,
      metrics.flatMap((metric) => linesOf(config, step, metric)),
      share,
    ),
  );
}

/** A duration is shown as median, 99th percentile and largest. */
function linesOf(config: PipelineConfig, step: Step, { name, kind }: Listed): IMetric[] {
  // `metricsOf` returns only metrics that the step reports.
  const listed = name as Exclude<MetricOf<Step>, ViewMetric>;
  const statistics = kind === 'duration' ? [Stats.p(50), Stats.p(99), Stats.MAXIMUM] : [undefined];
  return statistics.map((statistic) =>
    stepMetric(config, step, listed, { statistic, label: [name, statistic].filter(Boolean).join(' ') }),
  );
}
