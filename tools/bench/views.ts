/**
 * Views of many keys through the whole batch layer, on real engines: posts with long categories of their own, posts with exact follower
 * counts, and a post for every minute of a year are archived, sealed, compacted by DuckDB, computed by Spark, published to Cassandra
 * with days and months, and asked for in pages. Every answer is checked, so it also serves as a test.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { zstdCompressSync } from 'node:zlib';
import { archiveRecords } from '../../lambda/archive/core';
import { connectS3, type ObjectStore } from '../../lambda/aws/s3';
import { type PublishStore, type QueryStore } from '../../lambda/aws/keyspaces/store';
import { compactionWith } from '../../lambda/compact/engine';
import { makeHandler as makeCompact } from '../../lambda/compact/handler';
import { type KafkaRecord } from '../../lambda/domain/decode';
import { DAY, HOUR, MINUTE } from '../../lambda/domain/time';
import { viewsAsJson } from '../../lambda/domain/views';
import { SPARK_VIEWS_KEY } from '../../lambda/formats/keys';
import { RAW_COMPRESSION } from '../../lambda/formats/raw-line';
import { makeHandler as makePublish } from '../../lambda/publish/handler';
import { makeHandler as makeQuery } from '../../lambda/query/handler';
import { queryReader } from '../../lambda/query/reader';
import { type ResponseRow, type ViewResponse } from '../../lambda/query/api';
import { type StepResponse } from '../../lambda/runtime/budget';
import { makeHandler as makeSeal } from '../../lambda/seal/handler';
import { RUN_TEMPLATE, sparkSubmit } from '../../lib/constructs/batch-flow';
import { createStore } from '../../test/engines/view-store/tables';
import {
  s3Client,
  settled,
  sparkCommand,
  startCassandra,
  startS3,
  type CassandraEngine,
  type S3Engine,
} from '../engines';
import { ROOT } from '../kit/root';
import { median } from './measure';
import { type Figure, type Report } from './report';

const TOPIC = 'posts';
const LAKE = 'lake';
const RUN = 'bench';
const REGION = 'us-east-1';
const INTERVAL_MINUTES = 720;
const INTERVAL = INTERVAL_MINUTES * MINUTE;
const END = Date.UTC(2026, 0, 1);
const BATCH = 4_000;
const CATEGORY_LENGTH = 256;
const COUNTRIES = 5;
const NOW = END + HOUR;
/** Of the JSON that Lambda accepts as a response, in which the body stands as text of JSON. */
const MOST_RESPONSE = 6 * 1_024 * 1_024;
const MB = 1e6;

export interface ManyKeys {
  /** Months with posts, the last ones of 2025. */
  readonly months: number;
  /** The first minutes of each month that have a post. */
  readonly minutes: number;
  /** Posts of the last interval, each with a long category of its own. */
  readonly categories: number;
  /** Posts of the last interval, each with a follower count of its own. */
  readonly followers: number;
}

export const SOME: ManyKeys = { months: 1, minutes: 4_500, categories: 6_500, followers: 11_000 };
export const MANY: ManyKeys = { months: 12, minutes: Infinity, categories: 6_500, followers: 1_200_000 };

/** The minutes of each month with a post. */
function minutesOf({ months, minutes }: ManyKeys): number[][] {
  return Array.from({ length: months }, (_, i) => {
    const [start, end] = [Date.UTC(2025, 12 - months + i, 1), Date.UTC(2025, 13 - months + i, 1)];
    return Array.from({ length: Math.min(minutes, (end - start) / MINUTE) }, (__, minute) => start + minute * MINUTE);
  });
}

interface Sent {
  readonly interval: number;
  /** Append time. */
  readonly at: number;
  readonly key: number;
  readonly post: object;
}

/**
 * The posts of a month are in its last interval, as if the clock of the broker had gone back: so a year is 13 intervals, and its rows
 * are as large as if it were thousands. The first post is in the first interval of its month, since answers begin there.
 */
function* postsOf(size: ManyKeys): Generator<Sent> {
  let key = 0;
  const last = END - INTERVAL;
  const artful = () => ({ pin: { index: key, category: 'art' } });
  for (const [month, minutes] of minutesOf(size).entries()) {
    const interval = Date.UTC(2025, 13 - size.months + month, 1) - INTERVAL;
    for (const [i, at] of minutes.entries()) {
      yield { interval: key === 0 && i === 0 ? at : interval, at, key: ++key, post: artful() };
    }
  }
  const at = END - 1;
  for (let i = 0; i < size.categories; i++) {
    const category = `category ${i} `.padEnd(CATEGORY_LENGTH, 'x');
    yield { interval: last, at, key: ++key, post: { pin: { index: key, category } } };
  }
  for (let i = 0; i < size.followers; i++) {
    key++;
    const post: Record<string, object> = {};
    post.pin = { index: key, category: 'art', follower_count: 7 * i + 1, poster_name: `poster ${i}` };
    post.geo = { ind: key, timestamp: '2020-05-06 07:08:09', country: `country ${i % COUNTRIES}` };
    const joined = `${2010 + (i % 8)}-01-02 03:04:05`;
    post.user = { ind: key, first_name: `first ${i}`, last_name: 'last', age: 18 + (i % 60), date_joined: joined };
    yield { interval: last, at, key, post };
  }
  // An interval is over when there is a later record.
  yield { interval: END, at: END, key: ++key, post: artful() };
}

/** Writes the raw log as the archive does. @returns the first offset of each interval, by its start, and the end */
async function archive(store: ObjectStore, size: ManyKeys) {
  const starts = new Map<number, number>();
  let batch: KafkaRecord[] = [];
  let offset = 0;
  const flush = async () => {
    const { objects } = archiveRecords(TOPIC, new Map([[0, batch]]));
    for (const { key, ndjson, posts } of objects) {
      if (posts !== batch.length) throw new Error(`${batch.length - posts} records of object '${key}' are no posts`);
      await store.put(key, zstdCompressSync(ndjson, RAW_COMPRESSION));
    }
    batch = [];
  };
  for (const { interval, at, key, post } of postsOf(size)) {
    if (!starts.has(interval)) starts.set(interval, offset);
    const value = Buffer.from(JSON.stringify(post));
    batch.push({ partition: 0, offset: offset++, timestamp: at, key: Buffer.from(String(key)), value, headers: {} });
    if (batch.length === BATCH) await flush();
  }
  if (batch.length > 0) await flush();
  return { starts, high: offset };
}

/** What `seal` asks of Kafka, of a log whose intervals begin at these offsets. */
function kafkaOf({ starts, high }: { starts: ReadonlyMap<number, number>; high: number }) {
  return {
    endOffsets: async () => [{ partition: 0, low: 0, high }],
    offsetsAt: async (_: string, at: number) => {
      const found = [...starts].find(([start]) => start >= at);
      return [{ partition: 0, offset: found?.[1] ?? high, found: found !== undefined }];
    },
    writeHeartbeat: () => Promise.reject(new Error('no partition is idle')),
  };
}

/** Invokes a step until it is done, as an orchestrator does. @returns the longest call, ms */
async function untilDone(step: (event: unknown) => Promise<unknown>, event: object): Promise<number> {
  let longest = 0;
  for (;;) {
    const began = performance.now();
    const { state, reason } = (await step({ ...event, run: RUN })) as StepResponse;
    longest = Math.max(longest, performance.now() - began);
    if (state === 'done') return longest;
    if (state !== 'more') throw new Error(`a step responds ${state}: ${reason}`);
  }
}

interface Phase<T> {
  readonly result: T;
  readonly seconds: number;
  /** Largest heap with buffers, as sampled, bytes. */
  readonly memory: number;
}

const SAMPLE_MS = 20;

async function phase<T>(work: () => Promise<T>): Promise<Phase<T>> {
  let memory = 0;
  const sample = () => {
    const { heapUsed, external } = process.memoryUsage();
    memory = Math.max(memory, heapUsed + external);
  };
  const timer = setInterval(sample, SAMPLE_MS);
  const began = performance.now();
  try {
    const result = await work();
    sample();
    return { result, seconds: (performance.now() - began) / 1_000, memory };
  } finally {
    clearInterval(timer);
  }
}

async function computeViews(s3: S3Engine, dir: string): Promise<void> {
  const workDir = join(dir, 'spark');
  mkdirSync(workDir);
  const { command, args, env } = sparkCommand({ s3Endpoint: s3.endpoint, workDir });
  const rendered = sparkSubmit(LAKE).entryPointArguments.map((text) => (text === RUN_TEMPLATE ? RUN : text));
  const job = [join(ROOT, 'spark', 'batch_views.py'), ...rendered];
  await promisify(execFile)(command, [...args, ...job], { cwd: workDir, env, maxBuffer: 1 << 26 });
}

interface Question {
  readonly what: string;
  readonly path: string;
  readonly query: string;
  /** Rows of the answer, and the sum of their values. */
  readonly rows: number;
  readonly sum?: number;
}

function questionsOf(size: ManyKeys): Question[] {
  const { categories, followers } = size;
  const minutes = minutesOf(size).reduce((sum, month) => sum + month.length, 0);
  const inMonth = minutesOf(size).at(-1)!.length;
  const from = (at: number) => `from=${new Date(at).toISOString()}&layer=batch`;
  const last = from(END - INTERVAL);
  const day = from(END - DAY);
  const month = from(Date.UTC(2025, 11, 1));
  const extra = categories + followers;
  // Of a single month, the first post is in an interval of its own.
  const inInterval = size.months === 1 ? inMonth - 1 : inMonth;
  const histogram = '/views/followers_by_join_year_age_group';
  const exact = { rows: followers, sum: followers };
  return [
    {
      what: 'categories of an interval',
      path: '/views/posts_by_category',
      query: last,
      rows: categories + 1,
      sum: inInterval + extra,
    },
    {
      what: 'categories of a day',
      path: '/views/posts_by_category',
      query: day,
      rows: categories + 1,
      sum: inInterval + extra,
    },
    {
      what: 'categories of a month',
      path: '/views/posts_by_category',
      query: month,
      rows: categories + 1,
      sum: inMonth + extra,
    },
    { what: 'follower counts of an interval', path: histogram, query: last, ...exact },
    { what: 'follower counts of a day', path: histogram, query: day, ...exact },
    { what: 'follower counts of a month', path: histogram, query: month, ...exact },
    {
      what: 'minutes of a year',
      path: '/views/posts_by_minute',
      query: from(Date.UTC(2025, 0, 1)),
      // Those of the other posts are in the last minute, which has a post of its own if all have.
      rows: size.minutes === Infinity ? minutes : minutes + 1,
      sum: minutes + extra,
    },
    { what: 'the 10 largest counts of a month', path: '/views/posts_by_category', query: `${month}&top=10`, rows: 10 },
    {
      what: 'the 10,000 first follower counts by value',
      path: histogram,
      query: `${month}&top=10000`,
      rows: Math.min(followers, 10_000),
    },
    {
      what: 'medians of a month',
      path: '/answers/median_followers_by_join_year',
      query: month,
      rows: Math.min(followers, 8),
    },
    { what: 'categories of each country', path: '/answers/popular_category_by_country', query: month, rows: COUNTRIES },
  ];
}

async function ask(store: QueryStore, { what, path, query, rows, sum }: Question): Promise<Figure[]> {
  const handler = makeQuery({
    reader: queryReader(store, {
      ...{ topic: TOPIC, partitions: 1, intervalMinutes: INTERVAL_MINUTES },
      cache: { ttl: 0, maxKeys: 0, now: () => NOW },
    }),
    intervalMinutes: INTERVAL_MINUTES,
    partitions: 1,
    speedTtl: HOUR,
    report: () => undefined,
    now: () => NOW,
  });
  const times: number[] = [];
  let largest = 0;
  let found = 0;
  let total = 0;
  const { memory } = await phase(async () => {
    let cursor: string | undefined;
    do {
      const began = performance.now();
      const response = await handler({
        rawPath: path,
        rawQueryString: cursor === undefined ? query : `${query}&cursor=${cursor}`,
        headers: {},
        isBase64Encoded: false,
        requestContext: { http: { method: 'GET' } },
      });
      times.push(performance.now() - began);
      if (response.statusCode !== 200) throw new Error(`${what}: ${response.statusCode} ${response.body}`);
      largest = Math.max(largest, Buffer.byteLength(JSON.stringify(response)));
      const page = JSON.parse(response.body) as ViewResponse;
      const value = page.columns.at(-1)!;
      found += page.rows.length;
      total += page.rows.reduce((all: number, row: ResponseRow) => all + Number(row[value]), 0);
      cursor = page.cursor;
    } while (cursor !== undefined);
  });
  if (found !== rows || (sum !== undefined && total !== sum)) {
    throw new Error(`${what} must be ${rows} rows, ${sum ?? 'any'} in sum, got ${found} and ${total}`);
  }
  return [
    { what: `${what}: pages of ${found} rows`, value: times.length, unit: '' },
    { what: `${what}: largest response`, value: largest / MB, unit: 'MB', goal: { atMost: MOST_RESPONSE / MB } },
    { what: `${what}: median page`, value: median(times), unit: 'ms' },
    { what: `${what}: memory`, value: memory / MB, unit: 'MB' },
  ];
}

async function throughTheLayer(
  size: ManyKeys,
  dir: string,
  { s3, lake, store }: { s3: S3Engine; lake: ObjectStore; store: PublishStore & QueryStore },
): Promise<Figure[]> {
  await lake.put(SPARK_VIEWS_KEY, viewsAsJson());
  const shared = { intervalMinutes: INTERVAL_MINUTES, now: Date.now, report: () => undefined };
  const archived = await phase(() => archive(lake, size));
  const intervals = archived.result.starts.size - 1;
  const seal = makeSeal({
    ...shared,
    topic: TOPIC,
    kafka: kafkaOf(archived.result),
    store: lake,
    limits: { intervals, endMs: 0, archiveMs: 0 },
    now: () => NOW,
    sleep: () => Promise.resolve(),
  });
  await untilDone((event) => seal(event as Parameters<typeof seal>[0]), { interval: '2025-12-31T12-00' });
  const compaction = compactionWith({ memoryMb: 1_024, threads: 2 });
  const compact = makeCompact({ ...shared, store: lake, identityHorizonHours: 24, compaction, temporary: dir });
  const compacted = await phase(() => untilDone(compact, { step: 'compact', partition: 0, of: 1 }));
  await untilDone(compact, { step: 'commit' });
  const computed = await phase(() => computeViews(s3, dir));
  const publish = makePublish({ ...shared, topic: TOPIC, lake, store });
  const published = await phase(() => untilDone(publish, {}));
  const figures: Figure[] = [
    { what: `compact, ${intervals} intervals`, value: compacted.seconds, unit: 's' },
    { what: 'compact: longest call', value: compacted.result / 1_000, unit: 's' },
    { what: 'Spark', value: computed.seconds, unit: 's' },
    { what: 'publish, with days and months', value: published.seconds, unit: 's' },
    { what: 'publish: longest call', value: published.result / 1_000, unit: 's' },
    { what: 'publish: memory', value: published.memory / MB, unit: 'MB' },
  ];
  for (const question of questionsOf(size)) figures.push(...(await ask(store, question)));
  return figures;
}

export async function views(size: ManyKeys = SOME): Promise<Report> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-views-'));
  let cassandra: CassandraEngine | undefined;
  let s3: S3Engine | undefined;
  try {
    await settled([
      startCassandra({ dir: join(dir, 'cassandra'), persistent: false, region: REGION }).then((it) => (cassandra = it)),
      startS3({ dir: join(dir, 's3'), persistent: false }).then((it) => (s3 = it)),
    ]);
    await s3!.createBucket(LAKE);
    const client = s3Client(s3!.endpoint);
    const { store, session } = await createStore(cassandra!, 'bench');
    try {
      const figures = await throughTheLayer(size, dir, { s3: s3!, lake: connectS3(LAKE, client), store });
      const { months, categories, followers } = size;
      return {
        bench: size === MANY ? 'views-large' : 'views',
        setting: `${categories} posts with a category of ${CATEGORY_LENGTH} characters each, ${followers} with an exact follower count, a post a minute in ${months === 12 ? 'a year' : 'days of a month'}; Spark and Cassandra`,
        figures,
      };
    } finally {
      await session.shutdown();
      client.destroy();
    }
  } finally {
    await Promise.all([cassandra?.kill9(), s3?.kill9()]);
    rmSync(dir, { recursive: true, force: true });
  }
}
