/** docs/metrics.md, from the list of metrics, the templates and the boards. */
import { ownSeries } from '../cost/watching';
import { dimensionsOf, METRIC_LIST, metricNamespace, prometheusName, STEPS } from '../../lambda/runtime/metrics';
import { BOARDS, contentOf } from '../../observability/grafana';
import { uidOf } from '../../observability/grafana/board';
import { loadConfig } from '../../lib/config';
import { type Resources } from '../assembly/found';
import { namedMetrics } from '../assembly/named-metrics';
import { readAlarms, readDashboards } from '../assembly/read-alarms';
import { resourcesOf } from '../assembly/read-plan';
import { markdownTable } from '../kit/table';
import { type Generator } from './generator';

const FILE = 'docs/metrics.md';

const code = (text: string) => `\`${text}\``;

/** The stage that has everything. */
const CONFIG = loadConfig({ stage: 'prod' });

interface Target {
  readonly metricName?: string;
  readonly namespace?: string;
  readonly dimensions?: Readonly<Record<string, readonly string[]>>;
}

/** A metric of a step: of those that are reported once a view, all views together. */
const idOf = (name: string, step: string) => `${name} of ${step}`;

/** Where each metric of each step is used: alarms, dashboards of CloudWatch, boards of Grafana, by their short names. */
function viewers(all: Resources) {
  const seen = new Map<string, { alarms: Set<string>; dashboards: Set<string>; boards: Set<string> }>();
  const of = (name: string, step: string) => {
    const id = idOf(name, step);
    const entry = seen.get(id) ?? { alarms: new Set(), dashboards: new Set(), boards: new Set() };
    seen.set(id, entry);
    return entry;
  };
  const short = (name: string) => name.replace(`${CONFIG.project}-${CONFIG.stage}-`, '');
  const named = namedMetrics({ alarms: readAlarms(all), dashboards: readDashboards(all) });
  for (const { name, dimensions, namespace, alarms, dashboards } of named) {
    if (namespace !== metricNamespace(CONFIG)) continue;
    for (const alarm of alarms) of(name, dimensions.step).alarms.add(short(alarm));
    for (const dashboard of dashboards) of(name, dimensions.step).dashboards.add(short(dashboard));
  }
  const boards = contentOf('', {}).dashboards as unknown as readonly {
    uid: string;
    panels: { targets?: Target[] }[];
  }[];
  for (const { uid, panels } of boards) {
    const board = BOARDS.find(({ name }) => uidOf(name) === uid)!.name;
    for (const { metricName, dimensions } of panels.flatMap(({ targets = [] }) => targets)) {
      if (metricName !== undefined && dimensions?.step) of(metricName, dimensions.step[0]).boards.add(board);
    }
  }
  return seen;
}

const namesOf = (names: Iterable<string>) => [...new Set(names)].join(', ') || '–';

/** @param all resources of {@link CONFIG} */
function document(all: Resources): string {
  const seen = viewers(all);
  const who = (name: string, steps: readonly string[], what: 'alarms' | 'dashboards' | 'boards') =>
    namesOf(steps.flatMap((step) => [...(seen.get(idOf(name, step))?.[what] ?? [])]));
  const unused = METRIC_LIST.flatMap(({ name, steps }) =>
    steps.map((step) => idOf(name, step)).filter((id) => !seen.has(id)),
  );
  const accounting = METRIC_LIST.filter(({ accounts }) => accounts).map(({ name }) => name);
  return `# Metrics

Generated from \`lambda/runtime/metrics.ts\` by \`npm run generate -- metrics\`: change it there.

Functions write their metrics as log lines in CloudWatch's embedded metric format, namespace
\`${metricNamespace({ project: '<project>', stage: '<stage>' })}\`: no API call, and
nothing is lost when a function is frozen. Prometheus has the same under the names of the third column, times in seconds.

${markdownTable(
  ['Metric', 'Meaning', 'Prometheus', 'Unit', 'Kind', 'Dimensions', 'Steps'],
  METRIC_LIST.map((metric) => [
    code(metric.name),
    metric.description,
    code(prometheusName(metric.name)),
    metric.unit,
    metric.kind,
    dimensionsOf(metric.name).map(code).join(', '),
    metric.steps.length === STEPS.length ? 'all' : metric.steps.join(', '),
  ]),
)}

**Nothing is dropped.** Each step subtracts what it can account for from what it received:
\`dropped = received − ${accounting.join(' − ')}\`. Each of these is counted where it happens, and none is computed from the others, so
a lost record shows as a number that is not 0.

**Lag.** A function does not see the high watermark of its partition, so none of ours reports how far behind it is. Lambda's own
\`OffsetLag\` does (namespace \`AWS/Lambda\`, the event source mappings report Kafka metrics), in records; \`freshness\` is the same in
time. \`lag\` is what is not sealed yet.

**Boundary.** \`publish\` reports the boundary's age when it moves it. A batch layer that makes no progress reports nothing, so the canary
reports the age every few minutes too, and the alarm is on that.

**Where it is used**, in a deployment with everything (stage \`${CONFIG.stage}\`). Every dashboard of a step shows all that the step
reports; the overview and the boards choose.

${markdownTable(
  ['Metric', 'Alarms', 'On the overview', 'Boards of Grafana'],
  METRIC_LIST.map(({ name, steps }) => [
    code(name),
    who(name, steps, 'alarms'),
    steps.some((step) => seen.get(idOf(name, step))?.dashboards.has('overview')) ? 'yes' : '–',
    who(name, steps, 'boards'),
  ]),
)}

Reported, and used by no alarm, dashboard or board: ${namesOf(unused) === '–' ? 'none' : namesOf(unused)}. A test runs the
pipeline with faults (\`npm test -- e2e\`) and finds every metric that a widget or an alarm names reported, with its dimensions.

**Cost.** These are ${ownSeries({ canaryMinutes: 1, metrics: 'all' })} custom metrics, each step and view counted separately, ${ownSeries({ canaryMinutes: 1, metrics: 'alarmed' })} where only those are that an alarm or
the overview looks at (\`metrics=alarmed\`). CloudWatch bills a metric by the hours in which it is
reported. The logs hold every single report, so a metric that nobody uses can be removed from the list and still be found by a query.
`;
}

export const metrics: Generator = {
  files: [FILE],
  render: (assemblyOf) => ({ [FILE]: document(resourcesOf(assemblyOf(CONFIG.stage))) }),
};
