/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
import { type DashboardPlan } from '../../assembly/local-plan';
import { type Layout, type Panel } from './panel';

interface Widget {
  readonly type: 'metric' | 'text' | 'alarm' | 'log';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly metrics?: readonly (readonly unknown[])[];
    readonly alarms?: readonly string[];
    readonly query?: string;
  };
}

const SHOWN = { metric: 'chart', text: 'text', alarm: 'states of alarms', log: 'query of logs' } as const;

/** A line of a chart by its label, or by the name of its metric. */
function seriesOf(line: readonly unknown[]): string {
  const options = line.find((each): each is { label?: string } => typeof each === 'object');
  return options?.label ?? String(line[1]);
}

/** The text of links without their addresses, and headings without their sign. */
const plain = (markdown: string) => markdown.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/^#+ |[*`]/g, '');

function panelOf({ type, x, y, width, height, properties }: Widget): Panel {
  const { title, markdown = '', metrics = [], alarms = [], query = '' } = properties;
  const lines = {
    metric: metrics.map(seriesOf),
    text: [],
    // An alarm's name is the last part of its ARN.
    alarm: [alarms.map((arn) => arn.replace(/^.*:/, '')).join(' · ')],
    log: query
      .split('\n')
      .map((line) => line.replace(/^\| /, ''))
      .filter((line) => !line.startsWith('SOURCE')),
  }[type];
  return { x, y, width, height, title: title ?? plain(markdown), shown: SHOWN[type], lines };
}

/** A dashboard of the templates. */
export function cloudwatchLayout({ name, body }: DashboardPlan): Layout {
  const { widgets } = JSON.parse(body) as { readonly widgets: readonly Widget[] };
  return { name: `cloudwatch-${name.replace(/^.*-/, '')}`, title: `CloudWatch: ${name}`, panels: widgets.map(panelOf) };
}
