/** Every metric that a widget or an alarm of the templates names, and who names it. */
import { type LocalPlan } from '../../local/assembly/local-plan';
import { keyOf, type MetricId } from '../../local/cloud/data-points';

export interface NamedMetric extends MetricId {
  /** Names of alarms, `dashboard: title` of widgets. */
  readonly namedBy: readonly string[];
}

interface Widget {
  readonly type: string;
  readonly properties: { readonly title?: string; readonly metrics?: readonly (readonly unknown[])[] };
}

/**
 * A line of a widget: `[namespace, name, dimension, value …, options]`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */
function metricOf(line: readonly unknown[]): MetricId[] {
  const texts = line.filter((part): part is string => typeof part === 'string');
  // An expression is an object alone; what it is of stands in other lines.
  if (texts.length === 0) return [];
  const [namespace, name, ...pairs] = texts;
  if (texts.includes('.') || texts.includes('...')) throw new Error(`shortened line ${JSON.stringify(line)}`);
  if (name === undefined || pairs.length % 2 !== 0) throw new Error(`no metric: ${JSON.stringify(line)}`);
  const dimensions = Array.from({ length: pairs.length / 2 }, (_, i) => [pairs[2 * i], pairs[2 * i + 1]]);
  return [{ namespace, name, dimensions: Object.fromEntries(dimensions) }];
}

/** In the order in which they are first named. */
export function namedMetrics({ alarms, dashboards }: Pick<LocalPlan, 'alarms' | 'dashboards'>): NamedMetric[] {
  const found = new Map<string, MetricId & { namedBy: string[] }>();
  const note = ({ namespace, name, dimensions }: MetricId, by: string) => {
    const metric = { namespace, name, dimensions };
    const entry = found.get(keyOf(metric)) ?? { ...metric, namedBy: [] };
    found.set(keyOf(metric), entry);
    entry.namedBy.push(by);
  };
  for (const alarm of alarms) for (const metric of alarm.metrics) note(metric, alarm.name);
  for (const { name, body } of dashboards) {
    for (const { properties } of (JSON.parse(body) as { widgets: Widget[] }).widgets) {
      for (const metric of (properties.metrics ?? []).flatMap(metricOf)) note(metric, `${name}: ${properties.title}`);
    }
  }
  return [...found.values()];
}
