import { makeHandler as makePublish } from '../../../lambda/publish/handler';
import { ANSWERS } from '../../../lambda/query/answers';
import { makeHandler as makeQuery } from '../../../lambda/query/handler';
import { queryReader } from '../../../lambda/query/reader';
import { makeHandler as makeReconcile } from '../../../lambda/reconcile/handler';
import { intervalName } from '../../../lambda/domain/intervals';
import { serialize } from '../../../lambda/formats/interval-metadata';
import { manifestKey, sealKey, viewKey, viewsDoneKey } from '../../../lambda/formats/keys';
import { VIEWS, viewsAsJson } from '../../../lambda/domain/views';
import { sha256 } from '../../../lambda/runtime/digest';
import { MemoryLake } from '../../support/memory-lake';
import { memoryStore, rowKey, speedCounts } from '../../support/memory-store';
import { lambdaEvent, toRecord } from '../../support/posts-log';
import { viewObject } from '../../../tools/simulate/models/views-engine';
import { aggregateOver } from '../../support/speed-layer';
import { inlineRun, mergeCounts } from '../../support/view-runs';
import { useCassandra } from './fixture';
import { trim, sortedRows, type Counts } from '../../../tools/kit/counts';

const HOUR = 3_600_000;
const TOPIC = 'posts';
/** The last hour of a month, so that publishing the next interval completes a day and a month. */
const INTERVALS = ['2026-10-31T23:00:00Z', '2026-11-01T00:00:00Z', '2026-11-01T02:00:00Z'].map((at) => Date.parse(at));
const NOW = INTERVALS[2] + HOUR / 2;
const PER_INTERVAL = 40;

const fixture = useCassandra('layers_test');

const records = [0, 1].flatMap((partition) =>
  INTERVALS.flatMap((interval, b) =>
    Array.from({ length: PER_INTERVAL }, (_, i) => {
      const index = (b * PER_INTERVAL + i) * 2 + partition;
      const all = { pin: true, geo: index % 5 !== 0, user: index % 7 !== 0 };
      const spec = { kind: 'post' as const, timestamp: interval + i * 1000, index, variant: index % 10, ...all };
      return toRecord(spec, partition, b * PER_INTERVAL + i);
    }),
  ),
);

const SPEED = { topic: TOPIC, partitions: 2, intervalMinutes: 60 };

/** The lake as sealing, compaction and Spark would have left it: the views come from a pass over the log in memory. */
async function lakeOf(): Promise<MemoryLake> {
  const memory = memoryStore();
  await aggregateOver(memory)(lambdaEvent(TOPIC, records));
  const found = await speedCounts(memory, SPEED);
  const lake = new MemoryLake();
  for (const [b, interval] of INTERVALS.entries()) {
    const partitions = [0, 1].map((partition) => ({ partition, from: b * PER_INTERVAL, to: (b + 1) * PER_INTERVAL }));
    const previous = b === 0 ? null : intervalName(INTERVALS[b - 1]);
    const seal = serialize({
      interval: intervalName(interval),
      previous,
      topic: TOPIC,
      intervalMinutes: 60,
      partitions,
    });
    await lake.put(sealKey(interval), seal);
    await lake.put(manifestKey(interval), seal);
    for (const view of VIEWS) {
      const counts: Counts = new Map();
      for (const partition of [0, 1]) {
        mergeCounts(view, counts, found.get(rowKey(view.name, interval, partition)) ?? new Map());
      }
      await lake.put(viewKey(interval, view.name), viewObject(view, interval, sortedRows(view, trim(view, counts))));
    }
    await lake.put(viewsDoneKey(interval), JSON.stringify({ definition: sha256(viewsAsJson()) }));
  }
  return lake;
}

test('both layers give the same answers before, while and after intervals are published', async () => {
  const { store } = fixture.current();
  const lake = await lakeOf();
  const common = { lake, store, topic: TOPIC, intervalMinutes: 60, now: () => NOW, report: () => undefined };
  const publish = makePublish(common);
  const reconcile = makeReconcile({
    ...common,
    speedTtl: 48 * HOUR,
    patience: 0,
    sleep: () => Promise.reject(new Error('unexpected wait')),
    reportView: () => undefined,
    log: { warn: () => undefined },
  });
  const query = makeQuery({
    reader: queryReader(store, SPEED),
    intervalMinutes: 60,
    partitions: 2,
    speedTtl: 48 * HOUR,
    report: () => undefined,
    now: () => NOW,
  });
  const ask = async (path: string) => {
    const [rawPath, rawQueryString] = path.split('?');
    const answer = await query({ rawPath, rawQueryString, requestContext: { http: { method: 'GET' } } });
    expect([answer.statusCode, path]).toEqual([200, path]);
    return JSON.parse(answer.body) as { rows: Record<string, unknown>[]; intervals: { batch: number; speed: number } };
  };
  const paths = [
    ...VIEWS.map(({ name }) => `/views/${name}?answer=counts`),
    ...ANSWERS.map(({ name }) => `/answers/${name}?`),
  ];
  const rowsOf = async (layer: string, to = '') =>
    Promise.all(paths.map(async (path) => (await ask(`${path}&layer=${layer}${to}`)).rows));

  await aggregateOver(store)(lambdaEvent(TOPIC, records));
  const expected = await rowsOf('speed');
  for (const rows of expected) expect(rows.length).toBeGreaterThan(0);
  await expect(rowsOf('merged')).resolves.toEqual(expected);

  for (const [b, interval] of INTERVALS.entries()) {
    const name = intervalName(interval);
    await expect(publish({ intervals: [name] })).resolves.toEqual({ boundary: name });
    await expect(reconcile({ intervals: [name] })).resolves.toEqual({
      intervals: [{ interval: name, drift: 0, expired: false }],
    });
    await expect(rowsOf('merged')).resolves.toEqual(expected);
    const to = `&to=${new Date(interval + HOUR).toISOString()}`;
    await expect(rowsOf('batch')).resolves.toEqual(await rowsOf('speed', to));
    const { intervals } = await ask('/views/posts_by_category?answer=counts');
    expect(intervals.speed).toBe(INTERVALS.length - 1 - b);
  }
  await expect(rowsOf('batch')).resolves.toEqual(expected);

  // A batch row that misses an interval's posts: the difference shows.
  await store.putRun(VIEWS[0].name, intervalName(INTERVALS[2]), inlineRun(VIEWS[0], new Map()));
  await expect(reconcile({ intervals: [intervalName(INTERVALS[2])] })).resolves.toEqual({
    intervals: [{ interval: intervalName(INTERVALS[2]), drift: 2 * PER_INTERVAL, expired: false }],
  });
  await expect(store.readBoundary(TOPIC)).resolves.toMatchObject({ drift: 2 * PER_INTERVAL, interval: INTERVALS[2] });
}, 60_000);
