/**
 * The batch layer on real engines: records on Kafka, archived with overlaps, sealed, compacted to S3, computed by Spark; then
 * every view of every interval is compared with a naive count of the same records.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type S3Client } from '@aws-sdk/client-s3';
import { Kafka, logLevel } from 'kafkajs';
import { RUN_TEMPLATE, sparkSubmit } from '../../lib/constructs/batch-flow';
import { makeHandler as makeArchive } from '../../lambda/archive/handler';
import { compactionWith } from '../../lambda/compact/engine';
import { makeHandler as makeCompact } from '../../lambda/compact/handler';
import { viewsEngineWith } from '../../lambda/compact/views-engine';
import { LIMITS, makeHandler as makeSeal, type SealResponse } from '../../lambda/seal/handler';
import { intervalName, intervalOf, parseIntervalName } from '../../lambda/domain/intervals';
import { parsePlan } from '../../lambda/formats/plan';
import { areViewsCurrent } from '../../lambda/aws/views';
import { type Seal } from '../../lambda/formats/interval-metadata';
import { columnsOf, type Sections } from '../../lambda/domain/columns';
import { decodeRecord, type KafkaRecord } from '../../lambda/domain/decode';
import { parseViewObject } from '../../lambda/formats/view-object';
import { connectKafka } from '../../lambda/aws/kafka/connect';
import { type KafkaPort } from '../../lambda/aws/kafka/port';
import { planKey, PREFIXES, quarantineKey, SPARK_VIEWS_KEY, viewKey } from '../../lambda/formats/keys';
import { type LambdaKafkaEvent } from '../../lambda/runtime/kafka-event';
import { connectS3, NotFoundError, PreconditionFailedError, type ObjectStore } from '../../lambda/aws/s3';
import { VIEWS, viewsAsJson, type View } from '../../lambda/domain/views';
import {
  type KafkaEngine,
  s3Client,
  type S3Engine,
  settled,
  sparkCommand,
  startKafka,
  startS3,
} from '../../tools/engines';
import { countsOf } from '../support/view-runs';
import { countedOnce, type LogRecord, type ReferenceRow } from '../support/counted-once';
import { ROOT } from '../../tools/kit/root';
import { add, contribution, trim, type Counts } from '../../tools/kit/counts';

const TOPIC = 'posts';
const PARTITIONS = 2;
const LAKE = 'lake';
const MINUTE = 60_000;
const HORIZON_HOURS = 24;
const RUN = 'scheduled__2026-11-22T21:00:00+00:00';

let dir: string;
let kafka: KafkaEngine;
let s3: S3Engine;
let port: KafkaPort;
let client: S3Client;
let store: ObjectStore;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'batch-'));
  await settled([
    startKafka({ dir: join(dir, 'kafka') }).then((started) => (kafka = started)),
    startS3({ dir: join(dir, 's3'), persistent: false }).then((started) => (s3 = started)),
  ]);
  await kafka.createTopic(TOPIC, PARTITIONS, { 'message.timestamp.type': 'LogAppendTime' });
  await s3.createBucket(LAKE);
  port = connectKafka({ brokers: [kafka.brokers], auth: 'unsecured', topic: TOPIC });
  client = s3Client(s3.endpoint);
  store = connectS3(LAKE, client);
}, 120_000);

afterAll(async () => {
  await port?.close();
  client?.destroy();
  await Promise.all([kafka?.kill9(), s3?.kill9()]);
  rmSync(dir, { recursive: true, force: true });
});

const pin = (index: number) => ({
  index,
  category: ['art', 'cars', 'say "hi", \\o/'][index % 3],
  follower_count: `${(index % 7) + 1}k`,
  poster_name: `poster ${index % 11}`,
  is_image_or_video: 'image',
});
const geo = (index: number) => ({
  ind: index,
  timestamp: `20${18 + (index % 4)}-05-06 07:08:09`,
  country: `country ${index % 5}`,
});
const user = (index: number) => ({
  ind: index,
  first_name: `first ${index % 9}`,
  last_name: 'last',
  age: 20 + (index % 40),
  date_joined: '2016-01-02 03:04:05',
});

async function send(index: number, value: unknown, section?: string): Promise<void> {
  const headers: Record<string, string> = section ? { section } : {};
  const record = { key: String(index), value: JSON.stringify(value), headers };
  const [result] = await port.send([record]);
  expect(result.ok).toBe(true);
}

/** Everything on the topic. */
async function consumeAll(): Promise<KafkaRecord[]> {
  const ends = await port.endOffsets(TOPIC);
  const consumer = new Kafka({ brokers: [kafka.plainBrokers], logLevel: logLevel.NOTHING }).consumer({
    groupId: `all-${Date.now()}`,
  });
  const wanted = ends.reduce((sum, { high }) => sum + high, 0);
  const records: KafkaRecord[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      records.push({
        partition,
        offset: Number(message.offset),
        timestamp: Number(message.timestamp),
        key: message.key,
        value: message.value,
        headers: Object.fromEntries(
          Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
        ),
      });
    },
  });
  while (records.length < wanted) await sleep(50);
  await consumer.disconnect();
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** The event of an event source for some records of one partition. */
function eventOf(records: readonly KafkaRecord[]): LambdaKafkaEvent {
  return {
    records: {
      [`${TOPIC}-${records[0].partition}`]: records.map((record) => ({
        topic: TOPIC,
        partition: record.partition,
        offset: record.offset,
        timestamp: record.timestamp,
        key: record.key?.toString('base64'),
        value: record.value?.toString('base64'),
        headers: Object.entries(record.headers).map(([name, value]) => ({ [name]: [...Buffer.from(value)] })),
      })),
    },
  };
}

/** Batches of seven; every third one is delivered again together with what follows, as after a rebalance. */
async function archive(records: readonly KafkaRecord[]): Promise<void> {
  const handle = makeArchive({ topic: TOPIC, store, report: () => undefined, now: Date.now });
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const own = records.filter((record) => record.partition === partition);
    for (let at = 0; at < own.length; at += 7) {
      await handle(eventOf(own.slice(at, at + 7)));
      if (at % 3 === 0)
        await handle(eventOf(own.slice(at + 3, at + 10).length > 0 ? own.slice(at + 3, at + 10) : own.slice(at)));
    }
  }
}

async function objectsUnder(prefix: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { key } of store.list({ prefix })) found.set(key, (await store.get(key)).toString('utf8'));
  return found;
}

function sectionsOfRow(row: ReferenceRow): Sections {
  return Object.fromEntries(
    row.sections.map((section) => [
      section,
      Object.fromEntries(columnsOf(section).map(({ name }) => [name, row.columns[name]])),
    ]),
  ) as Sections;
}

/** The views of all intervals, counted naively, partition by partition. */
function reference(records: readonly KafkaRecord[], seals: readonly Pick<Seal, 'interval' | 'partitions'>[]) {
  const views = new Map<string, Counts>();
  const intervals = seals.map(({ interval }) => parseIntervalName(interval, 1));
  const counts = (interval: number, view: View): Counts => {
    const key = `${interval} ${view.name}`;
    if (!views.has(key)) views.set(key, new Map());
    return views.get(key)!;
  };
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const log: LogRecord[] = [];
    seals.forEach(({ partitions }, i) => {
      const { from, to } = partitions[partition];
      for (const record of records) {
        if (record.partition !== partition || record.offset < from || record.offset >= to) continue;
        const decoded = decodeRecord(record);
        const post = decoded.kind === 'post' ? { key: decoded.index, sections: decoded.sections } : undefined;
        log.push({ offset: record.offset, interval: intervals[i], post });
      }
    });
    for (const row of countedOnce(log, intervals, HORIZON_HOURS * 60 * MINUTE).rows) {
      for (const view of VIEWS) {
        const given = contribution(view, sectionsOfRow(row), row.new_sections);
        if (given) add(view, counts(row.interval, view), given.key, given.value);
      }
    }
  }
  return (interval: number, view: View) => trim(view, counts(interval, view));
}

describe('the port to S3, on a real server', () => {
  it('tells a missing object and a taken key from every other error', async () => {
    await expect(store.get('no/such')).rejects.toThrow(NotFoundError);
    await expect(store.download('no/such', join(dir, 'x'))).rejects.toThrow(NotFoundError);
    await expect(store.open('no/such')).rejects.toThrow(NotFoundError);
    const writers = Array.from({ length: 8 }, (_, i) => store.putIfAbsent('race', String(i)));
    const outcomes = await Promise.allSettled(writers);
    const lost = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    expect(lost).toHaveLength(7);
    expect(lost.every((error) => error instanceof PreconditionFailedError)).toBe(true);
    await expect(connectS3('no-such-bucket', client).get('x')).rejects.not.toThrow(NotFoundError);
  });

  it('replaces what was read, unless it was changed since: of several writers one succeeds', async () => {
    await store.put('version', 'first');
    const { body, etag } = await store.getVersion('version');
    expect(body.toString()).toBe('first');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => store.putIfMatch('version', `writer ${i}`, etag)),
    );
    const lost = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    expect(lost).toHaveLength(7);
    expect(lost.every((error) => error instanceof PreconditionFailedError)).toBe(true);
    await expect(store.putIfMatch('no/such', 'x', etag)).rejects.toThrow(PreconditionFailedError);
    for await (const { key, etag: listed } of store.list({ prefix: 'version' })) {
      expect(listed).toBe((await store.getVersion(key)).etag);
    }
  });

  it('lists in order, page by page, after a key that need not exist', async () => {
    const names = Array.from({ length: 1_100 }, (_, i) => `many/${String(i).padStart(5, '0')}`);
    await Promise.all(names.map((name) => store.put(name, 'x')));
    const listed: string[] = [];
    for await (const { key } of store.list({ prefix: 'many/', startAfter: 'many/00004x' })) listed.push(key);
    expect(listed).toEqual(names.slice(5));
  }, 60_000);
});

describe('archive, seal, compact and Spark', () => {
  it('count every post once, in the interval in which its last section came', async () => {
    // First interval: whole posts, single sections, two records that are no posts.
    for (let i = 0; i < 30; i++) await send(i, { pin: pin(i), geo: geo(i), user: user(i) });
    for (let i = 30; i < 45; i++) await send(i, pin(i), 'pin');
    for (let i = 40; i < 50; i++) await send(i, geo(i), 'geo');
    await send(60, { pin: { ...pin(60), follower_count: 'abc' } });
    await send(61, [1, 2]);
    const next = intervalOf(Date.now(), 1) + MINUTE;
    await sleep(next + 100 - Date.now());
    // Second interval: what was missing, everything again, and some that are new.
    for (let i = 30; i < 50; i++) await send(i, user(i), 'user');
    for (let i = 20; i < 42; i++) await send(i, { pin: pin(i), geo: { ...geo(i), country: 'later' } });
    for (let i = 70; i < 80; i++) await send(i, { pin: pin(i), geo: geo(i), user: user(i) });

    await archive(await consumeAll());
    let archiving = Promise.resolve();
    const seal = makeSeal({
      topic: TOPIC,
      intervalMinutes: 1,
      kafka: {
        ...port,
        // The archive sees control records as it sees everything.
        writeHeartbeat: async (topic, partition) => {
          const heartbeat = await port.writeHeartbeat(topic, partition);
          archiving = archiving.then(async () => archive(await consumeAll()));
          return heartbeat;
        },
      },
      store,
      limits: { ...LIMITS, archiveMs: 180_000, endMs: 90_000 },
      report: () => undefined,
      now: Date.now,
      sleep,
    });
    const newest = intervalName(next);
    let sealed: SealResponse;
    // The interval may not be over, or the archive behind: the run asks again, as its orchestrator does.
    do sealed = await seal({ run: RUN, interval: newest });
    while (sealed.state === 'notYet' || sealed.state === 'more');
    await archiving;
    expect(sealed).toEqual({ state: 'done', due: expect.any(Number) });
    expect(sealed.due).toBeGreaterThanOrEqual(2);
    const { intervals: seals } = await seal({ interval: newest });
    expect(seals).toHaveLength(sealed.due!);
    await expect(seal({ run: 'another', interval: newest })).resolves.toMatchObject({
      state: 'superseded',
      holder: RUN,
    });

    const resources = { memoryMb: 256, threads: 1 };
    const compacting = {
      ...{ intervalMinutes: 1, identityHorizonHours: HORIZON_HOURS, store, temporary: dir },
      ...{ compaction: compactionWith(resources), report: () => undefined, now: Date.now },
    };
    const compact = makeCompact(compacting);
    const intervals = seals.map(({ interval }) => interval);
    const shares = Array.from({ length: PARTITIONS }, (_, partition) => ({
      step: 'compact',
      run: RUN,
      partition,
      of: PARTITIONS,
    }));
    const first = await Promise.all(shares.map((share) => compact(share)));
    expect(first).toEqual(shares.map(() => ({ state: 'done', computed: intervals.length })));
    // What the lake holds is recognized: nothing is computed a second time.
    await expect(compact({ ...shares[0], partition: 0, of: 1 })).resolves.toEqual({ state: 'done', computed: 0 });
    const commit = { step: 'commit', run: RUN };
    const counts = { state: 'done', committed: intervals.length };
    await expect(compact(commit)).resolves.toEqual({ ...counts, views: intervals.length });

    await store.put(SPARK_VIEWS_KEY, viewsAsJson());
    const workDir = join(dir, 'spark');
    mkdirSync(workDir);
    const { command, args, env } = sparkCommand({ s3Endpoint: s3.endpoint, workDir });
    const { entryPointArguments } = sparkSubmit(LAKE);
    const rendered = entryPointArguments.map((argument) => (argument === RUN_TEMPLATE ? RUN : argument));
    const job = [join(ROOT, 'spark', 'batch_views.py'), ...rendered];
    await promisify(execFile)(command, [...args, ...job], { cwd: workDir, env, maxBuffer: 1 << 26 });
    // The other engine writes the same bytes, and finds what is current.
    const byDuckdb = makeCompact({
      ...compacting,
      viewsEngine: { engine: viewsEngineWith(resources), mostRows: Infinity },
    });
    await expect(byDuckdb(commit)).resolves.toEqual({ ...counts, views: 0, computed: 0 });
    const bySpark = await objectsUnder(PREFIXES.views);
    for (const key of bySpark.keys()) await store.put(key, '{}');
    await expect(byDuckdb(commit)).resolves.toEqual({ ...counts, views: 0, computed: intervals.length });
    expect(await objectsUnder(PREFIXES.views)).toEqual(bySpark);
    // The job and the functions agree on what the views are of.
    const { manifests } = parsePlan(planKey, (await store.get(planKey)).toString('utf8'));
    for (const [i, name] of intervals.entries()) {
      expect(await areViewsCurrent(store, parseIntervalName(name, 1), manifests[i])).toBe(true);
      expect(await areViewsCurrent(store, parseIntervalName(name, 1), 'of another manifest')).toBe(false);
    }

    const records = await consumeAll();
    const expected = reference(records, seals);
    for (const name of intervals) {
      const interval = parseIntervalName(name, 1);
      for (const view of VIEWS) {
        const key = viewKey(interval, view.name);
        // It checks that keys are in order, each once.
        const rows = await countsOf(parseViewObject(key, (await store.open(key)).bytes, view, interval));
        expect({ name, view: view.name, rows }).toEqual({ name, view: view.name, rows: expected(interval, view) });
      }
      const success = await store.get(`${PREFIXES.views}interval=${name}/_SUCCESS`);
      expect(JSON.parse(success.toString('utf8'))).toMatchObject({ interval: name });
    }
    const perCategory = VIEWS.find(({ name }) => name === 'posts_by_category')!;
    const total = intervals
      .flatMap((name) => [...expected(parseIntervalName(name, 1), perCategory).values()])
      .reduce((sum, each) => sum + each, 0);
    // Pins: 0 to 44 and 70 to 79; 45 to 49 never had one.
    expect(total).toBe(55);
    const bad = records.filter((record) => decodeRecord(record).kind === 'bad');
    expect(bad).toHaveLength(2);
    for (const { partition, offset } of bad) await store.get(quarantineKey(TOPIC, partition, offset));
  }, 300_000);
});
