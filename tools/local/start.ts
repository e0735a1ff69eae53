/**
 * `npm start`: synthesizes stage `local`, runs the cloud assembly on real engines, sends posts, waits until both layers have
 * counted them, and prints the answers.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ENV } from '../../lambda/runtime/env';
import { findFunction } from '../assembly/local-plan';
import { generateLoad } from '../loadgen/load';
import { seeded } from '../loadgen/random';
import { newTally, type Tally } from '../loadgen/send';
import { type Command } from '../kit/command';
import { ROOT } from '../kit/root';
import { textTable } from '../kit/table';
import { inSeconds } from '../kit/time';
import { chosen, FAULTS } from './chaos/faults';
import { chaosPage, errorsOfFaults, formatStruck } from './chaos/report';
import { type Chaos, startChaos } from './chaos/session';
import { type Struck } from './chaos/strike';
import { bringUp, type Running } from './run/bring-up';
import { startClock, type Clock } from './run/clock';
import { waitUntilThrough } from './run/completion';
import { collect, writeAnswers } from './run/answers';
import { type Display, startDisplay } from './run/display';
import { memoryOfTree } from './run/memory';
import { OPTIONS, parseOptions, type RunOptions } from './run/options';
import { type LateUrls, printReport } from './run/report';
import { queryClient } from './run/query-client';
import { countedByBatch, countedBySpeed } from './run/counted';
import { acknowledgedByIndex, countsOf, errorsOf, errorsOfPosts } from './run/result';
import { acknowledgedIn, appendToSentLog, readSentLog } from './run/sent-log';
import { watch } from './run/watchdog';

const LOCAL = join(ROOT, '.local');
const PATIENCE_MS = 240_000;

async function main(argv: readonly string[]): Promise<void> {
  const options = parseOptions(argv);
  if (options.chaos === 'list') {
    console.log(textTable(FAULTS.map(({ name, what }) => [name, what])));
    return;
  }
  const chaos = options.chaos && startChaos(chosen(options.chaos, seeded(options.seed)), options);
  if (options.fresh) rmSync(options.data, { recursive: true, force: true });
  mkdirSync(options.data, { recursive: true });
  const display = startDisplay(process.stdout);
  const clock = startClock(display.line);
  const running = await bringUp({
    ...{ directory: options.data, clock, say: display.line, routing: options },
    ...(chaos && { beforeLake: chaos.beforeLake, onError: chaos.onError }),
    overrides: { viewsEngine: options.viewsEngine },
  });
  display.line(
    `invocations are routed at random by seed ${options.seed}, to ${options.instances} instances of a function or more`,
  );
  const endpoints = join(LOCAL, 'endpoints.json');
  const watchdog = watch({ kafka: running.kafka, cassandra: running.cassandra, s3: running.s3 }, display.line);
  let stopping: Promise<void> | undefined;
  const stop = () => {
    // The watchdog first: it would restart what is being stopped.
    watchdog.stop();
    return (stopping ??= shutDown(running, endpoints, chaos));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A terminal signals the whole process group, so the signal may arrive twice.
      if (!stopping) display.line('stopping');
      void stop().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
    });
  }
  try {
    await run(options, running, clock, display, endpoints, chaos);
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
  chaos: Chaos | undefined,
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
  const intervalMinutes = intervalMinutesOf(running);
  const tally = newTally();
  const onProgress = progressOf(running, display, onFirstAccepted);
  const orchestration = running.startOrchestration();
  const sending = clock.phase('send posts', async (): Promise<Sent> => {
    const struck = chaos
      ? await chaos.run({
          ...{ running, query, airflow: orchestration, intervalMinutes, tally, onProgress },
          say: (line) => display.line(`  ${inSeconds(clock.mark('last fault')).padStart(8)}  ${line}`),
        })
      : await send(options, running, tally, onProgress);
    return { struck, acknowledgedBy: Date.now() };
  });
  const [{ struck, acknowledgedBy }, airflow, monitoring] = await Promise.all([
    sending,
    orchestration,
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
      intervalMinutes,
      patience: PATIENCE_MS,
      progress: (boundary) => display.progress(cloud, boundary),
    }),
  );
  const collected = await clock.phase('query the answers', () => collect(query));
  clock.mark('start to all answers');
  const counters = cloud.counters();
  const drift = counters.reconcile?.drift ?? 0;
  const posts = await clock.phase('compare the posts of both layers', async () => ({
    acknowledged: acknowledgedByIndex(readSentLog(sentLog)),
    layers: { batch: await countedByBatch(running), speed: await countedBySpeed(running) },
  }));
  const errors = [
    ...errorsOfFaults(struck),
    ...errorsOfPosts(posts),
    ...errorsOf(countsOf(posts.layers.batch), { ...collected, drift }),
  ];
  await printReport({ running, urls, collected, clock, tally, drift, alarms, memory: memoryOfTree() });
  if (chaos) {
    console.log(`\n${formatStruck(chaos.faults, struck)}`);
    if (options.proof) {
      const page = chaosPage({
        ...{ command: commandOf(options), faults: chaos.faults, struck, tally, posts, drift, errors },
        alarms: [...new Set(alarms.transitions.filter(({ to }) => to === 'ALARM').map(({ alarm }) => alarm))].sort(),
        minutes: clock.mark('whole run') / 60,
        cores: availableParallelism(),
      });
      writeFileSync(options.proof, page);
    }
  }
  if (options.answers) writeAnswers(options.answers, collected, counters, clock.timings);
  if (errors.length === 0) {
    console.log('\nEvery acknowledged post is in both layers, once; drift is 0.');
  } else {
    console.log(`\nThe result is wrong:\n${errors.map((line) => `  ${line}`).join('\n')}`);
    process.exitCode = 1;
  }
}

interface Sent {
  /** What faults did. */
  readonly struck: readonly Struck[];
  /** All records of this run were appended before this time, ms. */
  readonly acknowledgedBy: number;
}

/** Shows how far the run is, and says when it is for the first time that a post was accepted. */
function progressOf({ cloud }: Running, display: Display, onFirstAccepted: () => void): (tally: Tally) => void {
  let first = true;
  return ({ accepted }) => {
    if (first && accepted > 0) {
      first = false;
      onFirstAccepted();
    }
    display.progress(cloud, undefined);
  };
}

/** Without a fault. */
async function send(
  { posts, rate, seed, input }: RunOptions,
  { cloud }: Running,
  tally: Tally,
  onProgress: (tally: Tally) => void,
): Promise<readonly Struck[]> {
  await generateLoad({ url: cloud.ingestUrl, posts, rate, seed, input, tally, onProgress });
  return [];
}

/** As one types it to have the same again. */
function commandOf({ chaos, posts, rate, seed }: RunOptions): string {
  const faults = typeof chaos === 'string' ? chaos : chaos?.map(({ name }) => name).join(',');
  return `npm start -- --chaos ${faults} --posts ${posts} --rate ${rate} --seed ${seed} --exit`;
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

async function shutDown(running: Running, endpointsFile: string, chaos: Chaos | undefined): Promise<void> {
  rmSync(endpointsFile, { force: true });
  await running.stop();
  await chaos?.stop();
}

export const command: Command = {
  options: OPTIONS,
  run: (argv) => main(argv).then(() => process.exit()),
};
