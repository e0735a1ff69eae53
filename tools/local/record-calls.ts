/**
 * `record-calls`: runs the pipeline as `npm start` does, twice on the same data, and writes every AWS call of
 * functions, Spark and Airflow to `test/iam/recorded-calls.json`, with action and resource as in the templates.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { intervalName, type IntervalStart } from '../../lambda/domain/intervals';
import { ENV } from '../../lambda/runtime/env';
import { manifestKey, sealKey, viewKey, viewsDoneKey } from '../../lambda/formats/keys';
import { CHUNK } from '../../lambda/formats/view-run';
import { connectS3 } from '../../lambda/aws/s3';
import { VIEWS } from '../../lambda/domain/views';
import { readCloudAssembly } from '../assembly/cloud-assembly';
import { findFunction } from '../assembly/local-plan';
import { s3Client } from '../engines';
import { ROOT } from '../kit/root';
import { recordedCalls, type RecordedCall, templateNames } from './aws/recorder-actions';
import { startRecorder } from './aws/recorder';
import { type Command } from '../kit/command';
import { flag, parse } from '../kit/options';
import { generateLoad } from '../loadgen/load';
import { collect } from './run/answers';
import { bringUp, type Running } from './run/bring-up';
import { startClock } from './run/clock';
import { waitUntilThrough } from './run/completion';
import { queryClient } from './run/query-client';
import { DAY, MINUTE } from '../../lambda/domain/time';

const LIST = join(ROOT, 'test', 'iam', 'recorded-calls.json');
const POSTS = 2_000;
const PATIENCE_MS = 240_000;
/**
 * A start for each views engine. The second one, on the same data, makes the calls that need an earlier interval; its templates name what
 * the calls of both are about.
 */
const ENGINES = ['duckdb', 'spark'] as const;
/** The stage `local` has the shortest intervals. */
const INTERVAL_MINUTES = 1;
/** A follower count that cleaning cannot interpret: the post is accepted and quarantined. */
const QUARANTINED = { pin: { index: 0, category: 'art', follower_count: 'many' } };

/** More keys than a chunk of a view's run takes, sent within an interval. */
const CATEGORIES = CHUNK.rows + 1;
const POSTS_PER_REQUEST = 1_000;
const SENDING_MS = 20_000;

const OPTIONS = { check: flag('writes nothing, and fails if a call is not in the list') };

async function main(argv: readonly string[]): Promise<void> {
  const { check } = parse(argv, OPTIONS).values;
  const directory = mkdtempSync(join(tmpdir(), 'record-calls-'));
  try {
    const calls = await record(directory);
    if (check) compare(calls, JSON.parse(readFileSync(LIST, 'utf8')) as RecordedCall[]);
    else await write(calls);
    console.log(`${calls.length} different calls`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function record(directory: string): Promise<RecordedCall[]> {
  const say = (line: string) => console.log(line);
  const recorder = startRecorder(join(directory, 'calls'));
  try {
    for (let round = 0; round < ENGINES.length; round++) {
      const overrides = { viewsEngine: ENGINES[round] };
      const running = await bringUp({ directory, clock: startClock(say), say, recorder, overrides });
      try {
        await use(running, round);
      } finally {
        await running.stop();
      }
    }
    return recordedCalls(recorder.calls(), templateNames(readCloudAssembly(join(directory, 'cdk.out'))));
  } finally {
    await recorder.stop();
  }
}

async function use(running: Running, round: number): Promise<void> {
  const { cloud } = running;
  await generateLoad({ url: cloud.ingestUrl, posts: POSTS, seed: round + 1, firstIndex: round * POSTS });
  await send(`${cloud.ingestUrl}/posts`, [QUARANTINED]);
  await sendCategories(`${cloud.ingestUrl}/posts`, (round + 1) * 1_000_000);
  const until = Date.now();
  await running.startOrchestration();
  const query = queryClient(cloud.queryUrl);
  const { firstInterval } = await waitUntilThrough({
    query,
    until,
    intervalMinutes: INTERVAL_MINUTES,
    patience: PATIENCE_MS,
    progress: () => undefined,
  });
  await collect(query);
  const first = Date.parse(firstInterval!);
  await rollUpDayBefore(running, first);
  const intervals = [intervalName(first)];
  for (const step of ['publish', 'reconcile']) await cloud.invoke(step, { intervals });
}

/** In one interval, so that a run of more than one chunk is published, read and compared. */
async function sendCategories(url: string, firstIndex: number): Promise<void> {
  const left = MINUTE - (Date.now() % MINUTE);
  if (left < SENDING_MS) await sleep(left);
  const posts = Array.from({ length: CATEGORIES }, (_, i) => ({
    pin: { index: firstIndex + i, category: `category ${i}` },
  }));
  for (let at = 0; at < posts.length; at += POSTS_PER_REQUEST) await send(url, posts.slice(at, at + POSTS_PER_REQUEST));
}

async function send(url: string, posts: readonly unknown[]): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(posts) });
  if (response.status !== 202) {
    throw new Error(`${url} must return 202, got ${response.status}: ${await response.text()}`);
  }
}

/**
 * A day ends during a run only at midnight. So an interval gets a copy a day earlier, as if the pipeline had run then; publishing
 * it is a rerun that rolls up a whole day.
 */
async function rollUpDayBefore({ cloud, plan, s3 }: Running, interval: IntervalStart): Promise<void> {
  const copy = interval - DAY;
  const { environment } = findFunction(plan.functions, 'publish');
  const lake = connectS3(environment[ENV.lakeBucket], s3Client(s3.endpoint));
  const keys = (of: IntervalStart) => [
    sealKey(of),
    manifestKey(of),
    viewsDoneKey(of),
    ...VIEWS.map(({ name }) => viewKey(of, name)),
  ];
  const copies = keys(copy);
  for (const [at, key] of keys(interval).entries()) {
    const text = (await lake.get(key)).toString('utf8');
    await lake.put(copies[at], text.replaceAll(intervalName(interval), intervalName(copy)));
  }
  await cloud.invoke('publish', { intervals: [intervalName(copy)] });
}

async function write(calls: readonly RecordedCall[]): Promise<void> {
  const { format, resolveConfig } = await import('prettier');
  writeFileSync(LIST, await format(JSON.stringify(calls), { ...(await resolveConfig(LIST)), parser: 'json' }));
}

function compare(calls: readonly RecordedCall[], list: readonly RecordedCall[]): void {
  const known = new Set(list.map((call) => JSON.stringify(call)));
  const beyond = calls.map((call) => JSON.stringify(call)).filter((call) => !known.has(call));
  if (beyond.length > 0) {
    throw new Error(`not in test/iam/recorded-calls.json, run npm run pipeline -- record-calls:\n${beyond.join('\n')}`);
  }
}

export const command: Command = {
  options: OPTIONS,
  run: (argv) => main(argv).then(() => process.exit()),
};
