/** What functions log: positions and reasons as JSON, never the content of a post. */
import { makeHandler as makeArchive } from '../../../lambda/archive/handler';
import { makeHandler as makeIngest } from '../../../lambda/ingest/handler';
import { makeHandler as makePublish } from '../../../lambda/publish/handler';
import { makeHandler as makeQuery } from '../../../lambda/query/handler';
import { makeHandler as makeReconcile } from '../../../lambda/reconcile/handler';
import { intervalName } from '../../../lambda/domain/intervals';
import { serialize } from '../../../lambda/formats/interval-metadata';
import { type KafkaRecord } from '../../../lambda/domain/decode';
import { type HttpEvent } from '../../../lambda/runtime/http';
import { sealKey, viewKey, viewsDoneKey } from '../../../lambda/formats/keys';
import { log } from '../../../lambda/runtime/log';
import { report, reportView } from '../../../lambda/runtime/metrics';
import { findView, viewsAsJson } from '../../../lambda/domain/views';
import { sha256 } from '../../../lambda/runtime/digest';
import { memoryBatchStore } from '../../support/memory-batch-store';
import { batchRunOf, inlineRun, joinKey } from '../../support/view-runs';
import { MemoryLake } from '../../support/memory-lake';
import { memoryStore, rowKey, speedCounts } from '../../support/memory-store';
import { lambdaEvent } from '../../support/posts-log';
import { aggregateOver } from '../../support/speed-layer';

const MARKER = 'Zaphod Beeblebrox';
const INTERVAL = Date.parse('2026-11-22T21:00:00Z');
const NOW = INTERVAL + 1_800_000;
const TOP = findView('top_poster_by_country')!;
const now = () => NOW;

const ENVIRONMENT = { METRIC_NAMESPACE: 'PinterestPipeline/test-local', METRICS: 'all' };
beforeAll(() => void Object.assign(process.env, ENVIRONMENT));
afterAll(() => Object.keys(ENVIRONMENT).forEach((name) => void delete process.env[name]));

/** Every line that the process writes while `work` runs. Lambda logs what it throws, so that counts too. */
async function linesOf(work: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const take = (text: unknown) => lines.push(...String(text).trimEnd().split('\n')) > 0;
  const spies = [
    ...(['stdout', 'stderr'] as const).map((stream) => jest.spyOn(process[stream], 'write').mockImplementation(take)),
    ...(['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
      jest.spyOn(console, name).mockImplementation((...texts) => void take(texts.join(' '))),
    ),
  ];
  try {
    await work();
  } catch (error) {
    take(JSON.stringify({ level: 'error', message: String(error), stack: (error as Error).stack }));
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return lines;
}

const post = JSON.stringify({
  pin: { index: 4, category: 'art', poster_name: MARKER, follower_count: '12k', title: MARKER },
  geo: { ind: 4, country: 'Fiji', timestamp: '2018-03-04 05:06:07' },
  user: { ind: 4, first_name: MARKER, last_name: MARKER, age: 20, date_joined: '2015-01-02 03:04:05' },
});
const record = (offset: number, value: string, key = '4'): KafkaRecord => ({
  partition: 3,
  offset,
  timestamp: NOW - 500,
  key: Buffer.from(key),
  value: Buffer.from(value),
  headers: {},
});
/**
 * A post, one with an impossible value, text that is not JSON, and a key that is not the post's; an offset is missing.
 */
const records = [
  record(0, post),
  record(1, JSON.stringify({ pin: { index: 4, category: MARKER, follower_count: MARKER } })),
  record(2, `{"pin": "${MARKER}`),
  record(9, post, MARKER),
];
const event = lambdaEvent('posts', records);
const http = (method: string, rawPath: string, body?: string, rawQueryString = ''): HttpEvent => ({
  rawPath,
  rawQueryString,
  body,
  requestContext: { http: { method } },
});

async function expectNothingOfIt(work: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
  const lines = await linesOf(work);
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(line).not.toMatch(/Zaphod|Beeblebrox/i);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('no line contains anything of a post that', () => {
  test.each([
    ['is accepted', post, true],
    ['is not acknowledged by kafka', post, false],
    ['is rejected', JSON.stringify({ pin: { index: MARKER } }), true],
    ['is not JSON', `{"pin": "${MARKER}`, true],
  ])('%s by ingest', async (_, body, ok) => {
    const sent: string[] = [];
    const ingest = makeIngest({
      send: async (outgoing) =>
        outgoing.map(({ value }, i) => {
          sent.push(String(value));
          return ok
            ? { ok: true, partition: 0, offset: i, logAppendTime: NOW }
            : { ok: false, error: 'broker is away' };
        }),
      report,
      now,
    });
    await expectNothingOfIt(() => ingest(http('POST', '/posts', body)));
    expect(sent).toEqual(body === post ? [post] : []);
  });

  test('is archived or quarantined, and a warning names the position of the first bad one', async () => {
    const store = new MemoryLake();
    const archive = makeArchive({ topic: 'posts', store, report, now });
    const lines = await expectNothingOfIt(() => archive(event));
    expect(store.text(store.keys('quarantine/')[0])).toContain('"payload"');
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warn', topic: 'posts', partition: 3, offset: 1, count: 3 }),
    );
  });

  test('is aggregated, and a warning names where offsets are missing', async () => {
    const store = memoryStore();
    const aggregate = aggregateOver(store, { now, report, log });
    const lines = await expectNothingOfIt(() => aggregate(event));
    const counts = await speedCounts(store, { topic: 'posts', partitions: 4, intervalMinutes: 60 });
    expect([...counts.get(rowKey(TOP.name, INTERVAL, 3))!.keys()]).toEqual([joinKey(['Fiji', MARKER])]);
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', topic: 'posts', partition: 3, missing: 6 }));
  });

  test.each([
    ['', 'info', [['Fiji', MARKER, 9], { rows: 1 }]],
    [', though the object is broken', 'error', [`["Fiji", "${MARKER}`]],
    [', though a row is another', 'error', [['Fiji', MARKER, 'many'], { rows: 1 }]],
    [', though a key is there twice', 'error', [['Fiji', MARKER, 1], ['Fiji', MARKER, 2], { rows: 2 }]],
  ])('is published%s', async (_, level, rest) => {
    const lake = new MemoryLake();
    const lines = [{ view: TOP.name, interval: intervalName(INTERVAL) }, ...rest];
    const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
    const seal = {
      interval: intervalName(INTERVAL),
      previous: null,
      topic: 'posts',
      intervalMinutes: 60,
      partitions: [],
    };
    lake.objects.set(sealKey(INTERVAL), Buffer.from(serialize(seal)));
    lake.objects.set(viewsDoneKey(INTERVAL), Buffer.from(JSON.stringify({ definition: sha256(viewsAsJson([TOP])) })));
    lake.objects.set(viewKey(INTERVAL, TOP.name), Buffer.from(text));
    const store = memoryBatchStore();
    const publish = makePublish({ lake, store, topic: 'posts', intervalMinutes: 60, views: [TOP], now, report });
    const logged = await expectNothingOfIt(() => publish({ intervals: [intervalName(INTERVAL)] }));
    expect(logged.map((line) => line.level ?? 'info')).toEqual([level]);
  });

  test('is compared, although the layers differ by it', async () => {
    const lake = new MemoryLake();
    const seal = {
      interval: intervalName(INTERVAL),
      previous: null,
      topic: 'posts',
      intervalMinutes: 60,
      partitions: [],
    };
    lake.objects.set(sealKey(INTERVAL), Buffer.from(serialize(seal)));
    const store = memoryBatchStore();
    store.boundary = {
      interval: INTERVAL,
      firstInterval: INTERVAL,
      intervalMinutes: 60,
      publishedAt: 0,
      drift: null,
      reconciledInterval: null,
    };
    const counts = new Map([[joinKey(['Fiji', MARKER]), 9]]);
    store.runs.set(`${TOP.name}|${intervalName(INTERVAL)}`, inlineRun(TOP, counts));
    const reconcile = makeReconcile({
      ...{ lake, store, topic: 'posts', intervalMinutes: 60, views: [TOP], now, report, reportView, log },
      ...{ speedTtl: 48 * 3_600_000, patience: 0 },
      sleep: () => Promise.reject(new Error('unexpected wait')),
    });
    const lines = await expectNothingOfIt(() => reconcile({ intervals: [intervalName(INTERVAL)] }));
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', message: 'the layers differ', drift: 9 }));
  });

  test.each([
    ['exists', () => Promise.resolve(undefined)],
    ['cannot be looked up', () => Promise.reject(new Error('no host available'))],
  ])('is queried by name and %s', async (_, boundary) => {
    const query = makeQuery({
      reader: {
        boundary,
        batchRun: async (view) => batchRunOf(view, []),
        speedParts: async () => ({ version: '', parts: async () => [], applied: new Map() }),
        applied: () => Promise.reject(new Error('unexpected call of applied')),
      },
      ...{ intervalMinutes: 60, partitions: 1, speedTtl: 48 * 3_600_000, report, now },
    });
    const request = http('GET', `/views/${TOP.name}`, undefined, `poster_name=${encodeURIComponent(MARKER)}`);
    await expectNothingOfIt(() => query(request));
  });
});
