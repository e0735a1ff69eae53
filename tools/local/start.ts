/**
 * `npm start`: synthesizes stage `local`, runs the cloud assembly on real engines, sends posts, waits until both layers have
 * counted them, and prints the answers.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENV } from '../../lambda/runtime/env';
import { findFunction } from '../assembly/local-plan';
import { generateLoad } from '../loadgen/load';
import { type Tally } from '../loadgen/send';
import { type Command } from '../kit/command';
import { ROOT } from '../kit/root';
import { inSeconds } from '../kit/time';
import { bringUp, type Running } from './run/bring-up';
import { startClock, type Clock } from './run/clock';
import { waitUntilThrough } from './run/completion';
import { collect, writeAnswers } from './run/answers';
import { type Display, startDisplay } from './run/display';
import { memoryOfTree } from './run/memory';
import { OPTIONS, parseOptions, type RunOptions } from './run/options';
import { type LateUrls, printReport } from './run/report';
import { queryClient } from './run/query-client';
import { errorsOf } from './run/result';
import { acknowledgedIn, appendToSentLog, expectedPosts, readSentLog } from './run/sent-log';
import { watch } from './run/watchdog';

const LOCAL = join(ROOT, '.local');
const PATIENCE_MS = 240_000;

async function main(argv: readonly string[]): Promise<void> {
  const options = parseOptions(argv);
  if (options.fresh) rmSync(options.data, { recursive: true, force: true });
  mkdirSync(options.data, { recursive: true });
  const display = startDisplay(process.stdout);
  const clock = startClock(display.line);
  const running = await bringUp({ directory: options.data, clock, say: display.line, routing: options });
  display.line(
    `invocations are routed at random by seed ${options.seed}, to ${options.instances} instances of a function or more`,
  );
  const endpoints = join(LOCAL, 'endpoints.json');
  const watchdog = watch({ kafka: running.kafka, cassandra: running.cassandra, s3: running.s3 }, display.line);
  let stopping: Promise<void> | undefined;
  const stop = () => {
    // The watchdog first: it would restart what is being stopped.
    watchdog.stop();
    return (stopping ??= shutDown(running, endpoints));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A terminal signals the whole process group, so the signal may arrive twice.
      if (!stopping) display.line('stopping');
      void stop().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
    });
  }
  try {
    await run(options, running, clock, display, endpoints);
    if (!options.exit) {
      display.line('\nRunning until Ctrl-C.');
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
  const sentLog = join(options.data, 'acknowledged.jsonl');
  const query = queryClient(cloud.queryUrl);
  writeEndpoints(endpointsFile, running);
  const alarms = running.watchAlarms();
  const onFirstAccepted = () => {
    writeEndpoints(endpointsFile, running);
    display.line(`first 202 after ${inSeconds(clock.mark('start to first 202'))}; see the page at ${cloud.queryUrl}/`);
  };
  const sending = clock.phase('send posts', () => send(options, running, display, onFirstAccepted));
  const [{ tally, acknowledgedBy }, airflow, monitoring] = await Promise.all([
    sending,
    running.startOrchestration(),
    running.startMonitoring(),
  ]);
  const urls = { airflow: airflow.url, prometheus: monitoring?.prometheus.url };
  writeEndpoints(endpointsFile, running, urls);
  appendToSentLog(sentLog, acknowledgedIn(tally));
  display.line(
    `${tally.accepted} records of ${tally.acknowledged.size} posts acknowledged, ${tally.rejected.length} rejected, ` +
      `${tally.quarantined.length} to be quarantined, ${tally.retries} requests retried`,
  );

  await clock.phase('wait for both layers', () =>
    waitUntilThrough({
      query,
      until: acknowledgedBy,
      intervalMinutes: intervalMinutesOf(running),
      patience: PATIENCE_MS,
      progress: (boundary) => display.progress(cloud, boundary),
    }),
  );
  const collected = await clock.phase('query the answers', () => collect(query));
  clock.mark('start to all answers');
  const counters = cloud.counters();
  const drift = counters.reconcile?.drift ?? 0;
  const errors = errorsOf(expectedPosts(readSentLog(sentLog)), { ...collected, drift });
  await printReport({ running, urls, collected, clock, tally, drift, alarms, memory: memoryOfTree() });
  if (options.answers) writeAnswers(options.answers, collected, counters, clock.timings);
  if (errors.length === 0) {
    console.log('\nEvery acknowledged post is in both layers, once; drift is 0.');
  } else {
    console.log(`\nThe result is wrong:\n${errors.map((line) => `  ${line}`).join('\n')}`);
    process.exitCode = 1;
  }
}

interface Sent {
  readonly tally: Tally;
  /** All records of this run were appended before this time, ms. */
  readonly acknowledgedBy: number;
}

async function send(
  options: RunOptions,
  { cloud }: Running,
  display: Display,
  onFirstAccepted: () => void,
): Promise<Sent> {
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
        onFirstAccepted();
      }
      display.progress(cloud, undefined);
    },
  });
  return { tally, acknowledgedBy: Date.now() };
}

/** The interval length in the templates. */
function intervalMinutesOf({ plan }: Running): number {
  const value = plan.functions.map(({ environment }) => environment[ENV.intervalMinutes]).find(Boolean);
  if (!value) throw new Error(`no function of the templates has ${ENV.intervalMinutes}`);
  return Number(value);
}

function writeEndpoints(file: string, { cloud, kafka, cassandra, s3, plan }: Running, urls: LateUrls = {}): void {
  const functions = Object.entries(cloud.processes()).map(([name, { pids }]) => [name, pids]);
  const endpoints = {
    ingest: cloud.ingestUrl,
    query: cloud.queryUrl,
    page: `${cloud.queryUrl}/`,
    ...urls,
    control: cloud.controlUrl,
    kafka: kafka.plainBrokers,
    cassandra: cassandra.endpointUrl,
    s3: s3.endpoint,
    lake: findFunction(plan.functions, 'publish').environment[ENV.lakeBucket],
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
