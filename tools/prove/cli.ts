/** `npm run prove`: what only an account can show, as a dated report; and later its bill. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { STSClient } from '@aws-sdk/client-sts';
import { configOf, DEPLOYMENT, integer, optional, parse, withDefault } from '../kit/options';
import { type Command } from '../kit/command';
import { ROOT } from '../kit/root';
import { today } from '../kit/time';
import { estimate } from '../cost/estimate';
import { signerFor } from '../loadgen/sign';
import { awsAccount } from '../preflight/aws';
import { proofAccount } from './account';
import { compare } from './bill';
import { BATCH, type DataPlane, prove } from './prove';
import { hasReport, readReport, writeReport } from './report';

const DAY_MS = 24 * 3_600_000;
const REPORTS = join(ROOT, 'docs', 'proofs');

const isDay = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));

const OPTIONS = {
  ...DEPLOYMENT,
  hours: withDefault('1', integer('H', 'hours for which posts are sent', 1, 24)),
  rate: optional(integer('R', 'posts a second; without it, the rate that the stage is built for', 1, 1_000_000)),
  bill: optional({
    ...{ value: 'DATE', help: 'adds the bill to the report of that day; nothing is deployed' },
    ...{ allowed: 'a day like 2026-11-29', parse: (text: string) => (isDay(text) ? text : undefined) },
  }),
};

async function run(argv: readonly string[]): Promise<void> {
  const { values } = parse(argv, OPTIONS);
  // What a proof leaves would be billed for ever.
  const context = ['removal=destroy', ...values.context];
  const config = configOf({ ...values, context });
  const { stage, region, removal } = config;
  if (removal !== 'destroy')
    throw new Error(`removal must be destroy, as a proof deletes what it deploys, got ${removal}`);
  const account = proofAccount(config);
  if (values.bill !== undefined) return addBill(values.bill, stage, account);
  if (hasReport(REPORTS, today(), stage))
    throw new Error(`docs/proofs has a report of stage ${stage} of today already`);

  const dir = join(ROOT, '.local', 'prove', stage);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const dataPlane = async (): Promise<DataPlane> => {
    const [ingest, query] = await Promise.all([account.output('IngestUrl'), account.output('QueryUrl')]);
    const sign = signerFor(new URL(ingest), new STSClient({ region }).config.credentials);
    return { ingest, query, sign, drift: (from, to) => account.drift(from, to) };
  };
  const report = await prove({
    ...{ config, dir, account, dataPlane, hours: values.hours, rate: values.rate ?? config.postsPerSecond },
    settings: Object.fromEntries(context.map((pair) => pair.split(/=(.*)/s, 2) as [string, string])),
    region: region ?? (await new STSClient({}).config.region()),
    commit: execFileSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8' }).trim(),
    env: process.env,
    say: console.log,
    preflight: awsAccount(region),
  });
  console.log(`report: ${writeReport(REPORTS, report)}`);
  process.exitCode = report.checks.every(({ problem }) => problem === '') ? 0 : 1;
}

async function addBill(date: string, stage: string, account: Pick<ReturnType<typeof proofAccount>, 'bill'>) {
  const report = readReport(REPORTS, date, stage);
  const { settings, rate, deployedHours: hours, sent, ended } = report;
  const config = configOf({ stage: report.stage as 'dev', context: settings });
  const bill = await account.bill(date, new Date(Date.parse(ended.slice(0, 10)) + DAY_MS).toISOString().slice(0, 10));
  if (bill.length === 0) throw new Error(`Cost Explorer has no costs of ${date} yet: try again later`);
  const costs = compare(estimate(config, { rate, batch: BATCH }), { hours, posts: sent?.posts ?? 0 }, bill);
  console.log(`report: ${writeReport(REPORTS, { ...report, costs })}`);
}

export const command: Command = {
  options: OPTIONS,
  about: `Deploys the stage with your credentials, sends posts, waits until both layers have counted them, fires every alarm that notifies,
updates the stage and deletes it. AWS bills this, and each request of --bill. It takes longer than --hours: stacks are created and deleted,
and the last interval has to end and to be published. It deploys only where no stack of the same project and stage exists.`,
  run,
};
