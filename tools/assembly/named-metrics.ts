/** Every metric in a widget or an alarm of the templates, with its alarms and dashboards. */
import { keyOf, type MetricId } from './alarm-terms';
import { type LocalPlan } from './local-plan';

export interface NamedMetric extends MetricId {
  /** Names of the alarms and dashboards that use it, once per use. */
  readonly alarms: readonly string[];
  readonly dashboards: readonly string[];
}

interface Widget {
  readonly type: string;
  readonly properties: { readonly metrics?: readonly (readonly unknown[])[] };
}

/**
 * A line of a widget: `[namespace, name, dimension, value …, options]`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */
export function metricsOfLine(line: readonly unknown[]): MetricId[] {
  const texts = line.filter((part): part is string => typeof part === 'string');
  // An expression is an object only; its metrics are in other lines.
  if (texts.length === 0) return [];
  const [namespace, name, ...pairs] = texts;
  if (texts.includes('.') || texts.includes('...')) throw new Error(`shortened line ${JSON.stringify(line)}`);
  if (name === undefined || pairs.length % 2 !== 0) throw new Error(`no metric: ${JSON.stringify(line)}`);
  const dimensions = Array.from({ length: pairs.length / 2 }, (_, i) => [pairs[2 * i], pairs[2 * i + 1]]);
  return [{ namespace, name, dimensions: Object.fromEntries(dimensions) }];
}

/** In the order of their first use. */
export function namedMetrics({ alarms, dashboards }: Pick<LocalPlan, 'alarms' | 'dashboards'>): NamedMetric[] {
  const found = new Map<string, MetricId & { alarms: string[]; dashboards: string[] }>();
  const of = ({ namespace, name, dimensions }: MetricId) => {
    const metric = { namespace, name, dimensions };
    const entry = found.get(keyOf(metric)) ?? { ...metric, alarms: [], dashboards: [] };
    found.set(keyOf(metric), entry);
    return entry;
  };
  for (const { name, metrics } of alarms) for (const metric of metrics) of(metric).alarms.push(name);
  for (const { name, body } of dashboards) {
    const { widgets } = JSON.parse(body) as { widgets: Widget[] };
    const lines = widgets.flatMap(({ properties }) => properties.metrics ?? []);
    for (const metric of lines.flatMap(metricsOfLine)) of(metric).dashboards.push(name);
  }
  return [...found.values()];
}
