/** Writes docs/metrics.md from the list of metrics: `npm run metrics`. A test holds the committed file equal to what this generates. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownSeries } from '../cost/watching';
import { dimensionsOf, METRIC_LIST, metricNamespace, prometheusName, STEPS } from '../lambda/shared/metrics';

export const FILE = join(__dirname, 'metrics.md');

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const code = (text: string) => `\`${text}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map(row).join('\n');
}

/** The document, before prettier. */
export function document(): string {
  const accounting = METRIC_LIST.filter(({ accounts }) => accounts).map(({ name }) => name);
  return `# Metrics

Generated from \`lambda/shared/metrics.ts\` by \`npm run metrics\`: change it there.

Functions write their metrics as log lines in CloudWatch's embedded metric format, namespace
\`${metricNamespace({ project: '<project>', stage: '<stage>' })}\`: no API call, and
nothing is lost when a function is frozen. Prometheus has the same under the names of the third column, times in seconds.

${table(
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
\`dropped = received − ${accounting.join(' − ')}\`. Each of these is counted where the thing happens, none is the rest of the others, so
a record that is lost on the way shows as a number that is not 0.

**Lag.** A function does not see the high watermark of its partition, so none of ours reports how far behind it is. Lambda's own
\`OffsetLag\` does (namespace \`AWS/Lambda\`, the event source mappings report Kafka metrics), in records; \`freshness\` says the same in
time. \`lag\` is what is not sealed yet.

**Boundary.** \`publish\` reports the boundary's age when it moves it. A batch layer that stands still reports nothing, so the canary
reports the age every few minutes too, and the alarm is on that.

**Cost.** These are ${ownSeries({ canaryMinutes: 1, metrics: 'all' })} custom metrics, a step and a view counted apart, ${ownSeries({ canaryMinutes: 1, metrics: 'watched' })} where only those are that an alarm or
the overview looks at (\`metrics=watched\`). CloudWatch bills a metric by the hours in which it is
reported. The logs hold every single report, so a metric that nobody looks at can be taken out of the list and still be found by a query.
`;
}

async function write(): Promise<void> {
  const { format, resolveConfig } = await import('prettier');
  writeFileSync(FILE, await format(document(), { ...(await resolveConfig(FILE)), parser: 'markdown' }));
}

if (require.main === module) void write();
