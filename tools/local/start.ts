/**
 * `npm start`: synthesizes stage `local`, runs the cloud assembly on real engines, sends posts, waits until they are through
 * both layers, and prints the answers.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENV } from '../../lambda/runtime/env';
import { generateLoad } from '../loadgen/load';
import { type Tally } from '../loadgen/send';
import { ROOT } from '../engines/paths';
import { type Command } from '../kit/command';
import { inSeconds } from '../kit/time';
import { bringUp, type Running } from './run/bring-up';
import { startClock, type Clock } from './run/clock';
import { waitUntilThrough } from './run/completion';
import { collect, writeAnswers } from './run/answers';
import { type Display, startDisplay } from './run/display';
import { appendLedger, expectedPosts, readLedger } from './run/ledger';
import { memoryOfTree } from './run/memory';
import { OPTIONS, parseOptions, type RunOptions } from './run/options';
import { type LateUrls, printReport } from './run/report';
import { queryClient } from './run/query-client';
import { brokenPromises } from './run/verdict';
import { watch } from './run/watchdog';

const LOCAL = join(ROOT, '.local');
const PATIENCE_MS = 240_000;

async function main(argv: readonly string[]): Promise<void> {
  const options = parseOptions(argv);
  if (options.fresh) rmSync(options.data, { recursive: true, force: true });
  mkdirSync(options.data, { recursive: true });
  const display = startDisplay(process.stdout);
  const clock = startClock(display.line);
  const running = await bringUp({ directory: options.data, clock, say: display.line });
  const endpoints = join(LOCAL, 'endpoints.json');
  const watchdog = watch({ kafka: running.kafka, cassandra: running.cassandra, s3: running.s3 }, display.line);
  let stopping: Promise<void> | undefined;
  const stop = () => {
    // First of all, or it would bring back what is being stopped.
    watchdog.stop();
    return (stopping ??= shutDown(running, endpoints));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A terminal signals the whole group, so this may come twice.
      if (!stopping) display.line('stopping');
      void stop().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
    });
  }
  try {
    await run(options, running, clock, display, endpoints);
    if (!options.exit) {
      display.line('\nUp until Ctrl-C.');
      await new Promise(() => undefined);
    }
  } finally {
    display.end();
    await stop();
  }
}

async function run(
  options: RunOptions,
  running: Running,
  clock: Clock,
  display: Display,
  endpointsFile: string,
): Promise<void> {
  const { cloud } = running;
  const ledger = join(options.data, 'acknowledged.jsonl');
  const query = queryClient(cloud.queryUrl);
  writeEndpoints(endpointsFile, running);
  const alarms = running.watchAlarms();
  const firstTaken = () => {
    writeEndpoints(endpointsFile, running);
    display.line(`first 202 after ${inSeconds(clock.mark('start to first 202'))}; watch it at ${cloud.queryUrl}/`);
  };
  const sending = clock.phase('send posts', () => send(options, running, display, firstTaken));
  const [{ tally, acknowledgedBy }, airflow, monitoring] = await Promise.all([
    sending,
    running.startOrchestration(),
    running.startMonitoring(),
  ]);
  const urls = { airflow: airflow.url, prometheus: monitoring?.prometheus.url };
  writeEndpoints(endpointsFile, running, urls);
  appendLedger(
    ledger,
    [...tally.acknowledged].map(([key, sections]) => ({ key, sections: [...sections] })),
  );
  display.line(
    `${tally.accepted} records of ${tally.acknowledged.size} posts acknowledged, ${tally.rejected.length} refused, ` +
      `${tally.quarantined.length} bound for quarantine, ${tally.retries} requests repeated`,
  );

  await clock.phase('through both layers', () =>
    waitUntilThrough({
      query,
      until: acknowledgedBy,
      intervalMinutes: intervalMinutesOf(running),
      patience: PATIENCE_MS,
      progress: (boundary) => display.progress(cloud, boundary),
    }),
  );
  const collected = await clock.phase('ask for the answers', () => collect(query));
  clock.mark('start to all answers');
  const counters = cloud.counters();
  const drift = counters.reconcile?.drift ?? 0;
  const broken = brokenPromises(expectedPosts(readLedger(ledger)), { ...collected, drift });
  await printReport({ running, urls, collected, clock, tally, drift, alarms, memory: memoryOfTree() });
  if (options.answers) writeAnswers(options.answers, collected, counters, clock.timings);
  if (broken.length === 0) {
    console.log('\nEvery acknowledged post is in both layers, once; drift is 0.');
  } else {
    console.log(`\nPromises broken:\n${broken.map((line) => `  ${line}`).join('\n')}`);
    process.exitCode = 1;
  }
}

interface Sent {
  readonly tally: Tally;
  /** No record of this run was appended later than this, ms. */
  readonly acknowledgedBy: number;
}

async function send(options: RunOptions, { cloud }: Running, display: Display, firstTaken: () => void): Promise<Sent> {
  let first = true;
  const { posts, rate, seed, input } = options;
  const tally = await generateLoad({
    url: cloud.ingestUrl,
    posts,
    rate,
    seed,
    input,
    onProgress: (tally) => {
      if (first && tally.accepted > 0) {
        first = false;
        firstTaken();
      }
      display.progress(cloud, undefined);
    },
  });
  return { tally, acknowledgedBy: Date.now() };
}

/** As the templates tell the functions. */
function intervalMinutesOf({ plan }: Running): number {
  const value = plan.functions.map(({ environment }) => environment[ENV.intervalMinutes]).find(Boolean);
  if (!value) throw new Error(`no function of the templates has ${ENV.intervalMinutes}`);
  return Number(value);
}

function writeEndpoints(file: string, { cloud, kafka, cassandra, s3 }: Running, urls: LateUrls = {}): void {
  const functions = Object.entries(cloud.processes()).flatMap(([name, { pid }]) =>
    pid === undefined ? [] : [[name, pid]],
  );
  const endpoints = {
    ingest: cloud.ingestUrl,
    query: cloud.queryUrl,
    page: `${cloud.queryUrl}/`,
    ...urls,
    control: cloud.controlUrl,
    kafka: kafka.plainBrokers,
    cassandra: cassandra.endpointUrl,
    s3: s3.endpoint,
    pids: {
      run: process.pid,
      kafka: kafka.pid,
      cassandra: cassandra.pid,
      s3: s3.pid,
      functions: Object.fromEntries(functions),
    },
  };
  writeFileSync(file, `${JSON.stringify(endpoints, null, 2)}\n`);
}

async function shutDown(running: Running, endpointsFile: string): Promise<void> {
  rmSync(endpointsFile, { force: true });
  await running.stop();
}

export const command: Command = {
  options: OPTIONS,
  run: (argv) => main(argv).then(() => process.exit()),
};
