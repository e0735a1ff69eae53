/** The report of a proof: what the run saw, as data and as Markdown. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Check } from '../rehearsal/checks';
import { usd } from '../cost/prices';
import { markdownTable } from '../kit/table';
import { inSeconds } from '../kit/time';
import { type Compared } from './bill';

export interface Sent {
  readonly posts: number;
  readonly requests: number;
  readonly retries: number;
  readonly rejected: number;
  readonly quarantined: number;
  /** Posts a second that were acknowledged. */
  readonly rate: number;
  /** Milliseconds until a response. */
  readonly p50: number;
  readonly p99: number;
}

export interface Report {
  readonly stage: string;
  /** Keys of the configuration that differ from the stage. */
  readonly settings: readonly string[];
  readonly region: string;
  /** Version of the project. */
  readonly commit: string;
  /** Asked for: posts a second, hours. */
  readonly rate: number;
  readonly hours: number;
  /** Instants, ISO. */
  readonly started: string;
  readonly ended: string;
  /** Hours between the beginning of the deployment and the end of the deletion; 0 if nothing was deployed. */
  readonly deployedHours: number;
  readonly checks: readonly Check[];
  /** Seconds of each phase. */
  readonly timings: Readonly<Record<string, number>>;
  readonly sent?: Sent;
  /** Alarms whose test notification arrived. */
  readonly alarms: readonly string[];
  /** ARNs of what is left. */
  readonly left: readonly string[];
  /** By the model, and by the bill once it is added. */
  readonly costs: readonly Compared[];
}

const fileOf = (folder: string, date: string, stage: string, ending: 'md' | 'json') =>
  join(folder, `${date}-${stage}.${ending}`);

/** @param date a day, `2026-11-29` */
export const hasReport = (folder: string, date: string, stage: string): boolean =>
  existsSync(fileOf(folder, date, stage, 'json'));

/** @throws Error if there is none */
export function readReport(folder: string, date: string, stage: string): Report {
  const file = fileOf(folder, date, stage, 'json');
  if (!existsSync(file)) throw new Error(`no report of stage ${stage} of ${date}: '${file}' does not exist`);
  return JSON.parse(readFileSync(file, 'utf8')) as Report;
}

/** @returns the path of the Markdown */
export function writeReport(folder: string, report: Report): string {
  mkdirSync(folder, { recursive: true });
  const file = (ending: 'md' | 'json') => fileOf(folder, report.started.slice(0, 10), report.stage, ending);
  writeFileSync(file('json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(file('md'), markdownOf(report));
  return file('md');
}

const listed = (items: readonly string[]) =>
  items.length === 0 ? 'none' : items.map((each) => `\`${each}\``).join(', ');

export function markdownOf(report: Report): string {
  const { stage, settings, region, commit, rate, hours, started, ended, checks, timings, sent, alarms, left } = report;
  const failed = checks.filter(({ problem }) => problem !== '').length;
  const given = settings.map((pair) => ` -c ${pair}`).join('');
  return `${[
    `# Proof of stage ${stage}, ${started.slice(0, 10)}`,
    `\`npm run prove -- --stage ${stage} --hours ${hours} --rate ${rate}${given}\` at ${commit} in ${region}, from ${started} to ${ended}. ` +
      `${checks.length - failed} checks held, ${failed} did not.`,
    '## Checks',
    markdownTable(
      ['check', 'result'],
      checks.map(({ name, problem }) => [name, problem === '' ? 'held' : `**did not hold**: ${problem}`]),
    ),
    '## Times',
    markdownTable(
      ['phase', 'seconds'],
      Object.entries(timings).map(([name, seconds]) => [name, inSeconds(seconds)]),
    ),
    '## Load',
    sent === undefined
      ? 'No posts were sent.'
      : `${sent.posts} posts acknowledged, ${sent.rate.toFixed(1)} a second; ${sent.requests} requests, ${sent.retries} repeated; ` +
        `${sent.rejected} records rejected, ${sent.quarantined} to be quarantined; ` +
        `responses after ${sent.p50.toFixed(0)} ms (p50) and ${sent.p99.toFixed(0)} ms (p99).`,
    '## Notifications',
    `Alarms whose test notification arrived: ${listed(alarms)}.`,
    '## Left over',
    `Resources with the tags of this deployment, after its deletion: ${listed(left)}.`,
    '## Costs',
    ...costs(report),
  ].join('\n\n')}\n`;
}

function costs({ costs: rows, deployedHours, sent }: Report): string[] {
  const billed = rows.some((row) => row.billed !== undefined);
  const sum = (of: 'computed' | 'billed') => rows.reduce((total, row) => total + (row[of] ?? 0), 0);
  const cell = (value: number | undefined) => (value === undefined ? '–' : usd(value));
  const table = [
    ...rows,
    { name: 'Sum', computed: sum('computed'), billed: billed ? sum('billed') : undefined, usageTypes: [] },
  ];
  return [
    `USD. Computed: by the model of \`npm run cost\`, for the ${deployedHours.toFixed(2)} hours that the stage existed and ${sent?.posts ?? 0} posts. ` +
      (billed
        ? "Billed: the whole account's bill of those days, by usage type; what else the account runs is in it."
        : 'Billed: not known yet; `npm run prove -- --bill DATE` adds it a day later.'),
    markdownTable(
      ['part', 'computed', 'billed', 'usage types'],
      table.map(({ name, computed, billed: paid, usageTypes }) => [
        name,
        cell(computed),
        cell(paid),
        usageTypes.join(', '),
      ]),
    ),
  ];
}
