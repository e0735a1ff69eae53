/** What a run prints at its end: answers, counters, freshness, drift, memory and URLs. */
import { type Lags } from '../aws/lag';
import { type LocalCloud } from '../aws/local-cloud';
import { type Tally } from '../../loadgen/send';
import { type Running } from './bring-up';
import { type Clock } from './clock';
import { formatAlarms, type RunningAlarms } from './alarms';
import { type Collected } from './answers';
import { formatRows } from '../../kit/table';
import { formatCounters } from './tables';

/** URLs of what starts after the first posts; undefined where it does not run. */
export interface LateUrls {
  readonly airflow?: string;
  readonly prometheus?: string;
}

export interface Report {
  readonly running: Running;
  readonly urls: LateUrls;
  readonly collected: Collected;
  readonly clock: Clock;
  readonly tally: Tally;
  readonly drift: number;
  readonly alarms: RunningAlarms;
  readonly memory: number | undefined;
}

const SHOWN_ROWS = 6;

export async function printReport(report: Report): Promise<void> {
  const { running, collected, clock, tally, drift, alarms, memory } = report;
  const { cloud } = running;
  for (const [name, rows] of Object.entries(collected.answers.merged)) {
    console.log(`\n${name}`);
    console.log(formatRows(collected.columns[name], rows, SHOWN_ROWS));
  }
  const counters = cloud.counters();
  console.log('\nCounters by step');
  console.log(formatCounters(counters));

  const freshness = cloud.durations('aggregate', 'freshness');
  const units = counters.aggregate?.writeUnits ?? 0;
  const received = counters.aggregate?.received ?? 0;
  const facts: [string, string][] = [
    [
      'speed layer, append to visible',
      freshness ? `p50 ${freshness.p50} ms, p99 ${freshness.p99} ms` : 'nothing written',
    ],
    [
      'speed layer, write units',
      `${units} (${received > 0 ? Math.round((units / received) * 1000) : 0} per 1,000 records)`,
    ],
    ['drift', String(drift)],
    ['alarms', formatAlarms(alarms.states())],
    ['lag, records', formatLag(await cloud.lag())],
    ['instances', formatInstances(cloud.processes())],
    ['requests', `${tally.requests}, ${tally.retries} retried`],
    [
      'first 202 / all answers',
      `${clock.timings['start to first 202'] ?? '–'} s / ${clock.timings['start to all answers']} s`,
    ],
    ['memory', memory === undefined ? 'unknown on this system' : `${memory} MB`],
  ];
  console.log('');
  for (const [name, value] of facts) console.log(`  ${name.padEnd(32)} ${value}`);
  console.log('');
  const urls = {
    page: `${cloud.queryUrl}/`,
    ingest: cloud.ingestUrl,
    query: `${cloud.queryUrl}/answers`,
    ...report.urls,
  };
  for (const [name, url] of Object.entries(urls)) {
    if (url !== undefined) console.log(`  ${name.padEnd(32)} ${url}`);
  }
}

/** `StepsArchiveFunction0AC1FD5F` → `archive` */
const stepOf = (logicalId: string) => logicalId.replace(/^(?:Steps)?(\w+)Function[0-9A-F]{8}$/, '$1').toLowerCase();

/** `archive 2, compact 1`: those that run at the end. */
function formatInstances(processes: ReturnType<LocalCloud['processes']>): string {
  return Object.entries(processes)
    .map(([id, { pids }]) => `${stepOf(id)} ${pids.length}`)
    .join(', ');
}

function formatLag(lag: Lags): string {
  const sums = Object.entries(lag).map(([id, partitions]) => {
    const sum = Object.values(partitions).reduce((total, records) => total + records, 0);
    return `${stepOf(id)} ${sum}`;
  });
  return sums.join(', ');
}
