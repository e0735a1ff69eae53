/** Generates docs/cost-and-scale.md from the model. */
import { markdownTable } from '../kit/table';
import { loadConfig } from '../../lib/config';
import { ASSUMPTIONS, LEFT_OUT, UPPER_BOUNDS } from './assumptions';
import { BROKER_GB, CONNECT_UNIT, PUBLISHED_PARTS } from './clickstream';
import { type Estimate, estimate } from './estimate';
import { MEASURED, ROWS, RUNS } from './measured';
import { perMillion, PRICES, usd } from './prices';
import { speedWrites, unitsOf } from './speed';
import { asMarkdown } from './text';
import { type Generator } from '../docgen/generator';

const FILE = 'docs/cost-and-scale.md';

const BATCH = 100;
const RATES = [10, 100, 1_000];
const STAGES = ['dev', 'lean', 'prod'];

const of = (stage: string, rate: number) => estimate(loadConfig({ stage }), { rate, batch: BATCH });

function summary(): string {
  const rows = STAGES.flatMap((stage) =>
    RATES.map((rate) => {
      const { monthly, fixed, perMillionPosts, usagePerMillionPosts, levers } = of(stage, rate);
      const lever = `${levers[0].name} (−${usd(levers[0].saves)})`;
      const numbers = [usd(monthly), usd(fixed), perMillion(perMillionPosts), perMillion(usagePerMillionPosts)];
      return [stage, String(rate), ...numbers, lever];
    }),
  );
  const head = [
    'stage',
    'posts/s',
    'USD a month',
    'fixed part',
    'USD per million posts',
    'without fixed',
    'largest lever',
  ];
  return markdownTable(head, rows);
}

function goals(): string {
  const goal = (name: string, wanted: number, result: Estimate) => {
    const budget = (wanted * result.posts) / 1e6;
    return [
      ...[
        name,
        wanted.toFixed(2),
        perMillion(result.perMillionPosts),
        usd(budget),
        usd(result.fixed),
        usd(result.usage),
      ],
      result.monthly <= budget ? 'met' : `missed by ${usd(result.monthly - budget)} a month`,
    ];
  };
  const rows = [
    goal('`prod`, 1,000/s', 0.42, of('prod', 1_000)),
    goal('`dev`, 1,000/s', 0.42, of('dev', 1_000)),
    goal('`lean`, 1,000/s', 0.42, of('lean', 1_000)),
    goal('`lean`, 100/s', 1.41, of('lean', 100)),
  ];
  const head = ['case', 'goal, USD per million', 'computed', 'goal a month', 'fixed', 'posts add', 'result'];
  return markdownTable(head, rows);
}

const detail = (result: Estimate): string =>
  [
    `### ${result.stage} at ${result.rate} posts a second`,
    asMarkdown(result),
    ...result.warnings.map((warning) => `Warning: ${warning}.`),
  ].join('\n\n');

function levers(): string {
  const rows = of('prod', 1_000).levers.map(({ name, saves, givesUp }) => [name, usd(saves), givesUp]);
  return markdownTable(['change', 'USD a month', 'gives up'], rows);
}

function measurements(): string {
  const m = MEASURED;
  const rows = [
    ['bytes of a post in Kafka', m.postBytes.toFixed(0)],
    ['bytes of a post in the event of a function', String(m.eventBytes)],
    ['bytes of a post in the raw log', m.rawBytes.toFixed(0)],
    ['bytes of a post in Parquet', m.parquetBytes.toFixed(0)],
    ['ms of `ingest` at 50 posts', m.ingest(50).toFixed(0)],
    ['ms of `archive` at 100 and 1,000 records', `${m.archive(100).toFixed(0)}, ${m.archive(1_000).toFixed(0)}`],
    ['ms of `aggregate` at 100 and 1,000 records', `${m.aggregate(100).toFixed(0)}, ${m.aggregate(1_000).toFixed(0)}`],
    ['ms of `compact` at 10,000 records', m.compact(10_000).toFixed(0)],
    ['start of a Spark job, s', m.spark.start.toFixed(1)],
    ['core-seconds of Spark per million rows', (m.spark.coreSecondsPerRow * 1e6).toFixed(0)],
  ];
  return markdownTable(['what', 'value'], rows);
}

const POSTS = 1_000;
const fixedTo = (digits: number) => (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: digits });

const speedTable = () =>
  markdownTable(
    ['posts of a batch', 'batches', 'bytes of a batch', 'log', 'runs', 'posts', 'head', 'together', 'by the model'],
    ROWS.intervals.map(({ batch, batches, logBytes, units }) => [
      ...[batch, batches, logBytes].map(fixedTo(0)),
      ...[units.log, units.runs, units.posts, units.head].map(fixedTo(1)),
      ...[
        unitsOf(units),
        (unitsOf(speedWrites(MEASURED.speed, batch * batches, batches)) / (batch * batches)) * POSTS,
      ].map(fixedTo(0)),
    ]),
  );

const prices = () =>
  markdownTable(
    ['USD', 'per', 'region', 'date', 'source'],
    Object.values(PRICES).map(({ usd: value, per, region, date, source }) => [
      ...[String(value), per, region, date, source],
    ]),
  );

const published = () =>
  markdownTable(
    ['part', 'requests/s', 'published', 'here', 'difference'],
    PUBLISHED_PARTS.map(({ name, requestsPerSecond, published: theirs, computed }) => [
      ...[name, String(requestsPerSecond), usd(theirs), usd(computed)],
      `${((computed / theirs - 1) * 100).toFixed(1)} %`,
    ]),
  );

function document(): string {
  return `<!-- Generated: npm run generate -- cost -->

# Cost and scale

\`npm run cost -- --stage prod --rate 1000\` prints the cost of a stage at a rate, component by component; \`--json\` prints it
for programs. The model has three inputs: prices (\`tools/cost/prices.ts\`), measurements of real runs (\`tools/cost/measurements/\`), and
assumptions (\`tools/cost/assumptions.ts\`). Measured values are not estimated, and all assumptions are listed below.

All tables: ${BATCH} posts a request, constant rate through a month of ${ASSUMPTIONS.hours.value} hours, USD.

${summary()}

The fixed part is billed even if no post arrives.

## Goals

With all costs, including the fixed ones.

${goals()}

\`lean\` pays for task time of MWAA Serverless, at a price that was read for Tokyo only.

Where the fixed part alone exceeds the goal, lower costs of posts can't meet it: Airflow's environment and its NAT,
the poller unit and the brokers must become cheaper first.

## Levers

For \`prod\` at 1,000 posts a second, each change alone. Their savings can't be added.

${levers()}

The speed layer appends each batch once and writes it again when it is folded ([ADR 29](adr/0029-a-log-of-deltas.md)). Small batches pay a
write unit each, however small they are: there a longer window saves. A batch ends with its window or at 6 MB, whichever is first.

## Components

${STAGES.flatMap((stage) => RATES.map((rate) => detail(of(stage, rate)))).join('\n\n')}

## Measured

${RUNS.map(({ command, date, machine }) => `- \`${command}\` on ${date}: ${machine}, shared with other work.`).join('\n')}
- \`${ROWS.command}\` on ${ROWS.date}: sizes depend on the code and the seed (${ROWS.seed}), not on the machine.

To measure again: \`npm run pipeline -- measure-run FILE --exit --posts 40000 --rate 600 --data DIR\`.

${measurements()}

Write units per 1,000 posts of a partition, from its first batch until its interval is closed:

${speedTable()}

## Assumed

${Object.values(ASSUMPTIONS)
  .map(({ value, text }) => `- ${value.toLocaleString('en-US')} ${text}`)
  .join('\n')}

Assumed at the upper bound:

${UPPER_BOUNDS.map((text) => `- ${text}`).join('\n')}

Left out:

${LEFT_OUT.map((text) => `- ${text}`).join('\n')}

## A published table, recomputed

[Clickstream Analytics on AWS](https://github.com/awslabs/clickstream-analytics-on-aws) publishes its cost at three rates (USD a month,
\`plan-deployment/cost.md\` of its guide). Its brokers, their volumes and its traffic between zones are priced like those of this pipeline:

${published()}

One input is fitted: the page does not state the size of the volumes, for which ${BROKER_GB} GB fit. One price is of that pipeline only:
${CONNECT_UNIT} USD an hour of an MSK Connect unit (from memory). So this shows only that these prices agree with that page.

## Prices

On demand, before free tier, discounts and tax. "From memory" means that nobody read the price on a page: check it before quoting.

${prices()}
`;
}

export const costDocument: Generator = { files: [FILE], render: () => ({ [FILE]: document() }) };
