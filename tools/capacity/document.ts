/** docs/capacity.md, from the model. */
import { sceneOf, numberText } from '../../lib/capacity/capacity';
import { FIGURES } from '../../lib/capacity/figures';
import { VOLUME_SHARE } from '../../lib/capacity/topic';
import { loadConfig } from '../../lib/config';
import { type Generator } from '../docgen/generator';
import { markdownTable } from '../kit/table';
import { DESIGN_HEAD, type Design, designFor, designRow } from './design';
import { capacityReport, cellsOf, firstText, HEAD, unknown } from './report';

const FILE = 'docs/capacity.md';
const STAGES = ['dev', 'lean', 'prod'] as const;
const TIMES = [1, 10];
const RATES = [10, 100, 1_000, 10_000, 100_000, 1_000_000];

/** Cells of a page of AWS become a link: an address would be most of the table. */
const linked = (cell: string): string => (cell.startsWith('https://') ? `[AWS](${cell})` : cell);

function stageSection(stage: string): string {
  const config = loadConfig({ stage });
  const tables = TIMES.map((times) => {
    const report = capacityReport(config, config.postsPerSecond * times);
    const title = times === 1 ? 'the rate that it is built for' : `${times} times that rate`;
    return `### ${stage} at ${numberText(report.rate)} posts a second, ${title}

${markdownTable(
  HEAD,
  report.components.map((row) => cellsOf(row).map(linked)),
)}`;
  });
  const report = capacityReport(config);
  const sentence = firstText(report);
  return `## Stage ${stage}

${sentence[0].toUpperCase()}${sentence.slice(1)}.

${tables.join('\n\n')}`;
}

const quotas = (design: Design): string[] => [
  numberText(design.rate),
  design.quotas.length === 0 ? 'none' : design.quotas.map(({ name }) => name).join('; '),
];

function figures(): string {
  const single = Object.values(FIGURES).flatMap((figure) => ('value' in figure ? [figure] : []));
  return markdownTable(
    ['measured', 'value', 'document'],
    single.map(({ unit, value, source }) => [unit, numberText(value), source]),
  );
}

function document(): string {
  const designs = RATES.map(designFor);
  const { batch } = sceneOf(loadConfig({ stage: 'prod' }));
  return `<!-- Generated: npm run generate -- capacity -->

# Capacity

\`npm run capacity -- --stage prod\` prints what a stage carries: load, limit and share of each component; \`--rate\`
asks about another rate than
the one that the stage is built for, \`--json\` prints it for programs. A stage is built for \`postsPerSecond\` posts
of \`postBytes\` bytes and
for outages of \`outageHours\` hours. What they need and nobody set is raised from the stage's default; a stage that
can't carry them stops synth with one
line: the component, its limit and the smallest change that carries it.

Limits are those of a page of AWS, of the configuration, of the templates, or measured here. Quotas are the defaults
of an account: \`npm run preflight\`
asks for yours. Where no page states a limit and nobody measured one, it is unknown, and the model does not guess. All
tables: ${batch} posts a request.

## By rate

The first stage that is built for the rate, grown by the smallest changes that carry it; above what prod is built for, on the smallest
Standard brokers of which AWS states the throughput. With more than one deployment, each has an equal part of the
posts, and the other columns are of one.
Express brokers are what would carry the same posts; the configuration does not offer them.

${markdownTable(DESIGN_HEAD, designs.map(designRow))}

Default quotas that have to be raised for one deployment:

${markdownTable(['posts/s', 'quotas'], designs.map(quotas))}

${STAGES.map(stageSection).join('\n\n')}

## What an outage needs

The oldest record that anything waits for is as old as the outage; while the layers catch up, faster than time passes,
it gets younger. So speed rows,
Kafka's retention by time and its retention by bytes each cover \`outageHours\`, an interval and the publish delay. Retention by bytes is
${numberText(VOLUME_SHARE * 100)} % of a broker's volume, divided by its replicas, less the segment that is being
written: above the rate that a stage is built for, the
oldest records go earlier, and no volume fills up.

## Unknown

${unknown(capacityReport(loadConfig({ stage: 'prod' })))
  .map((name) => `- ${name}`)
  .join('\n')}

## Measured

Generated into \`lib/capacity/figures.json\` from the documents named; the sizes of rows are in [cost and
scale](cost-and-scale.md).
The throughput of a partition is CPU of the function alone; durations were measured with all engines on two cores, so they are upper bounds.

${figures()}
`;
}

export const capacityDocument: Generator = { files: [FILE], render: () => ({ [FILE]: document() }) };
