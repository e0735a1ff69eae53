/**
 * Deployments on live data: what the version before has stored is read by the next one, and by the one before again after a rollback.
 * The layers are the real handlers over stores in memory. `docs/how-to/change-a-live-deployment.md` says what each change needs.
 */
import type * as aggregateModule from '../../../lambda/aggregate/handler';
import { FOLD, type FoldLimits } from '../../../lambda/aggregate/folding';
import { type makeHandler as makeAggregate } from '../../../lambda/aggregate/handler';
import { makeHandler as makePublish } from '../../../lambda/publish/handler';
import { makeHandler as makeQuery } from '../../../lambda/query/handler';
import { queryReader } from '../../../lambda/query/reader';
import { makeHandler as makeReconcile } from '../../../lambda/reconcile/handler';
import { makeHandler as makeSeal } from '../../../lambda/seal/handler';
import { intervalName } from '../../../lambda/domain/intervals';
import { decodeRecord } from '../../../lambda/domain/decode';
import { findView, type View } from '../../../lambda/domain/views';
import { HOUR } from '../../../lambda/domain/time';
import { serialize, type DriftReport } from '../../../lambda/formats/interval-metadata';
import { driftKey, sealKey } from '../../../lambda/formats/keys';
import { decodePosts } from '../../../lambda/formats/post-blob';
import { decodeHead, speedSchema } from '../../../lambda/formats/speed-head';
import { BatchLayer } from '../../support/batch-layer';
import { memoryBatchStore, type MemoryBatchStore } from '../../support/memory-batch-store';
import { MemoryLake } from '../../support/memory-lake';
import { memoryStore, rowKey, speedCounts } from '../../support/memory-store';
import { nextVersion } from '../../support/next-version';
import { lambdaEvent, toRecord, type RecordSpec } from '../../support/posts-log';
import { aggregateOver, FOLD_AT_ONCE } from '../../support/speed-layer';
import { inlineRun, joinKey } from '../../support/view-runs';
import { contribution, add, trim, type Counts } from '../../../tools/kit/counts';

const TOPIC = 'posts';
const START = Date.parse('2026-11-22T21:00:00Z');
const CATEGORY = findView('posts_by_category')!;
const JOINED = findView('category_by_country')!;
const TOP: View = { ...findView('top_poster_by_country')!, merge: 'max', top: { groupBy: 1, keep: 1 } };
/** Reads a column that no joined view has read before. */
const MEDIA: View = { name: 'media_by_country', description: '', dimensions: ['country', 'media_type'], merge: 'sum' };
const SWAPPED: View = { ...JOINED, merge: 'sum', dimensions: ['category', 'country'], top: undefined };

interface Settings {
  readonly views: readonly View[];
  readonly horizon?: number;
  readonly intervalMinutes?: number;
  readonly limits?: FoldLimits;
}

/** The speed layer, and the questions and comparisons over it. */
class Pipeline {
  readonly store = memoryStore();
  readonly batch: MemoryBatchStore = memoryBatchStore(this.store);
  readonly lake = new MemoryLake();
  readonly log: ReturnType<typeof toRecord>[] = [];
  private settings: Required<Settings>;
  private handle: ReturnType<typeof makeAggregate>;

  constructor(settings: Settings) {
    this.settings = { horizon: 100, intervalMinutes: 60, limits: FOLD_AT_ONCE, ...settings };
    this.handle = aggregateOver(this.store, this.settings);
  }

  /** New instances, with nothing in memory. @param make of the version that is deployed */
  deploy(settings: Partial<Settings>, make?: typeof makeAggregate): void {
    this.settings = { ...this.settings, ...settings };
    this.handle = aggregateOver(this.store, this.settings, make);
  }

  /** @param at minutes after the start */
  async append(at: number, ...specs: readonly Partial<RecordSpec>[]): Promise<void> {
    const records = specs.map((spec, i) =>
      toRecord(
        { kind: 'post', index: this.log.length + i, variant: 0, timestamp: START + at * 60_000, ...spec },
        0,
        this.log.length + i,
      ),
    );
    this.log.push(...records);
    await this.handle(lambdaEvent(TOPIC, records));
  }

  /** What the speed layer shows of a view in an interval; undefined if it has no row of this definition. */
  async speed(view: View, interval = START): Promise<Record<string, number> | undefined> {
    const { intervalMinutes } = this.settings;
    const counts = await speedCounts(this.store, { topic: TOPIC, partitions: 1, intervalMinutes, views: [view] });
    const found = counts.get(rowKey(view.name, interval, 0));
    return found && Object.fromEntries(found);
  }

  get head() {
    const { foldedTo, state } = this.store.heads.get(`${TOPIC}-0`)!;
    return decodeHead(foldedTo, state, speedSchema(this.settings.views, this.settings.intervalMinutes));
  }

  async ask(view: View): Promise<unknown> {
    const { intervalMinutes } = this.settings;
    const query = makeQuery({
      reader: queryReader(this.batch, { topic: TOPIC, partitions: 1, intervalMinutes }),
      partitions: 1,
      intervalMinutes,
      speedTtl: 48 * HOUR,
      report: () => undefined,
      now: () => START + HOUR,
    });
    const { body } = await query({
      rawPath: `/views/${view.name}`,
      rawQueryString: 'top=10',
      requestContext: { stage: '$default', http: { method: 'GET' } },
    });
    return JSON.parse(body!) as unknown;
  }

  /** Publishes an interval from the log, as today's version computes it, and compares the layers. */
  async reconcile(interval = START): Promise<DriftReport> {
    const { views, intervalMinutes } = this.settings;
    const name = intervalName(interval);
    const inside = this.log.filter(({ timestamp }) => timestamp >= interval && timestamp < interval + HOUR);
    const [from, to] = [inside[0].offset, inside.at(-1)!.offset + 1];
    const seal = {
      interval: name,
      previous: null,
      topic: TOPIC,
      intervalMinutes,
      partitions: [{ partition: 0, from, to }],
    };
    await this.lake.put(sealKey(interval), serialize(seal));
    for (const view of views) {
      const counts: Counts = new Map();
      for (const record of inside) {
        const decoded = decodeRecord(record);
        if (decoded.kind !== 'post') continue;
        const found = contribution(view, decoded.sections, Object.keys(decoded.sections) as never);
        if (found) add(view, counts, found.key, found.value);
      }
      this.batch.runs.set(`${view.name}|${name}`, inlineRun(view, trim(view, counts)));
    }
    this.batch.boundary = {
      interval,
      firstInterval: interval,
      publishedAt: 0,
      drift: null,
      reconciledInterval: null,
      intervalMinutes,
    };
    const reconcile = makeReconcile({
      lake: this.lake,
      store: this.batch,
      views,
      topic: TOPIC,
      intervalMinutes,
      speedTtl: 48 * HOUR,
      patience: 0,
      now: () => interval + HOUR,
      sleep: () => Promise.resolve(),
      report: () => undefined,
      reportView: () => undefined,
      log: { warn: () => undefined },
    });
    await reconcile({ intervals: [name] });
    return this.lake.json(driftKey(interval)) as DriftReport;
  }
}

const WHOLE = { pin: true, geo: true, user: true };

describe('a view more', () => {
  test('is counted from the deployment on, and its interval is not compared', async () => {
    const pipeline = new Pipeline({ views: [CATEGORY] });
    await pipeline.append(1, WHOLE, WHOLE);
    pipeline.deploy({ views: [CATEGORY, JOINED] });
    await pipeline.append(2, WHOLE);
    expect(await pipeline.speed(CATEGORY)).toEqual({ art: 3 });
    expect(await pipeline.speed(JOINED)).toEqual({ [joinKey(['Fiji', 'art'])]: 1 });
    expect(await pipeline.reconcile()).toMatchObject({ expired: true, viewsChanged: true, drift: 0 });
    await pipeline.append(61, WHOLE);
    expect(await pipeline.reconcile(START + HOUR)).toMatchObject({ expired: false, drift: 0 });
  });

  test('that joins by a new column goes on past the posts that wait, without counting them', async () => {
    const pipeline = new Pipeline({ views: [CATEGORY, JOINED] });
    await pipeline.append(1, { index: 1, pin: true }, { index: 2, pin: true });
    pipeline.deploy({ views: [CATEGORY, JOINED, MEDIA] });
    await pipeline.append(2, { index: 1, geo: true }, WHOLE);
    await pipeline.append(3, { index: 2, geo: true });
    expect(await pipeline.speed(JOINED)).toEqual({ [joinKey(['Fiji', 'art'])]: 3 });
    expect(await pipeline.speed(MEDIA)).toEqual({ [joinKey(['Fiji', 'image'])]: 1 });
  });

  test('is gone after a rollback, and the posts that wait are there', async () => {
    const pipeline = new Pipeline({ views: [CATEGORY, JOINED, MEDIA] });
    await pipeline.append(1, { index: 1, pin: true });
    pipeline.deploy({ views: [CATEGORY, JOINED] });
    await pipeline.append(2, { index: 1, geo: true });
    expect(await pipeline.speed(JOINED)).toEqual({ [joinKey(['Fiji', 'art'])]: 1 });
    const pieces = [...pipeline.store.posts.values()].map(({ blob }) => decodePosts(blob).posts);
    expect(pieces.map(({ index, columns }) => [[...index.all], [...columns.keys()]])).toEqual([
      [[1], ['category', 'country', 'media_type']],
      [[1], ['category', 'country']],
    ]);
    expect(pieces[1].columns.get('category')!.valueAt(0)).toBe('art');
  });
});

describe('a view less', () => {
  test('leaves the others as they are, and comes back after a rollback', async () => {
    const pipeline = new Pipeline({ views: [CATEGORY, JOINED] });
    await pipeline.append(1, WHOLE);
    pipeline.deploy({ views: [CATEGORY] });
    await pipeline.append(2, WHOLE);
    pipeline.deploy({ views: [CATEGORY, JOINED] });
    await pipeline.append(3, WHOLE);
    expect(await pipeline.speed(CATEGORY)).toEqual({ art: 3 });
    // What passed meanwhile is missing, so the interval is not compared.
    expect(await pipeline.speed(JOINED)).toEqual({ [joinKey(['Fiji', 'art'])]: 2 });
    expect(await pipeline.reconcile()).toMatchObject({ expired: true, viewsChanged: true });
  });
});

describe.each([
  ["a dimension's order changed", JOINED, SWAPPED, ['Fiji', 'art'], ['art', 'Fiji']],
  [
    'a dimension more',
    JOINED,
    { ...JOINED, merge: 'sum', dimensions: ['country', 'category', 'post_year'], top: undefined } as View,
    ['Fiji', 'art'],
    ['Fiji', 'art', 2018],
  ],
] as const)('%s', (_, before, after, keyBefore, keyAfter) => {
  test('is a view of its own: rows of the definition before are absent, not misread', async () => {
    const pipeline = new Pipeline({ views: [before] });
    await pipeline.append(1, WHOLE, WHOLE);
    pipeline.deploy({ views: [after] });
    expect(await pipeline.speed(after)).toBeUndefined();
    await pipeline.append(2, WHOLE);
    expect(await pipeline.speed(after)).toEqual({ [joinKey(keyAfter)]: 1 });
    expect(await pipeline.reconcile()).toMatchObject({ viewsChanged: true });
    pipeline.deploy({ views: [before] });
    await pipeline.append(3, WHOLE);
    // It has its own rows from before; what passed meanwhile is missing, and the interval is not compared.
    expect(await pipeline.speed(before)).toEqual({ [joinKey(keyBefore)]: 3 });
    expect(await pipeline.reconcile()).toMatchObject({ viewsChanged: true });
    await pipeline.append(61, WHOLE);
    expect(await pipeline.reconcile(START + HOUR)).toMatchObject({ expired: false, drift: 0 });
  });
});

test('a definition whose columns the log has counts what is not folded yet, and its interval is not compared', async () => {
  const pipeline = new Pipeline({ views: [JOINED], limits: FOLD });
  await pipeline.append(1, WHOLE, WHOLE);
  pipeline.deploy({ views: [SWAPPED] });
  await pipeline.append(2, WHOLE);
  expect(await pipeline.speed(SWAPPED)).toEqual({ [joinKey(['art', 'Fiji'])]: 3 });
  expect(await pipeline.reconcile()).toMatchObject({ viewsChanged: true });
  await pipeline.append(61, WHOLE);
  expect(await pipeline.speed(SWAPPED)).toEqual({ [joinKey(['art', 'Fiji'])]: 3 });
  expect(await pipeline.reconcile()).toMatchObject({ viewsChanged: true });
  expect(await pipeline.reconcile(START + HOUR)).toMatchObject({ expired: false, drift: 0 });
});

describe('another definition', () => {
  test('of a view has no rows in the answers, of neither layer', async () => {
    const other: View = { ...CATEGORY, merge: 'max', value: 'follower_count' };
    const pipeline = new Pipeline({ views: [other] });
    await pipeline.append(1, WHOLE);
    await pipeline.reconcile();
    // The query function is deployed first: its definition is that of the list.
    expect(await pipeline.ask(CATEGORY)).toMatchObject({ rows: [] });
  });

  test('counts what the one before appended and did not fold', async () => {
    const pipeline = new Pipeline({ views: [JOINED] });
    const { store, log } = pipeline;
    let writes = 0;
    // The function ends between the row and the first run.
    store.beforeWrite = () => {
      if (++writes === 2) throw new Error('ended');
    };
    await expect(pipeline.append(1, WHOLE)).rejects.toThrow('ended');
    store.beforeWrite = () => undefined;
    log.length = 0;
    pipeline.deploy({ views: [SWAPPED] });
    await pipeline.append(1, WHOLE);
    expect(await pipeline.speed(SWAPPED)).toEqual({ [joinKey(['art', 'Fiji'])]: 1 });
  });
});

describe('top', () => {
  const WIDER: View = { ...TOP, merge: 'max', top: { groupBy: 1, keep: 2 } };

  test.each([
    ['up', TOP, WIDER],
    ['down', WIDER, TOP],
  ])('%s begins anew, and the interval is not compared', async (_, before, after) => {
    const pipeline = new Pipeline({ views: [before] });
    await pipeline.append(1, { ...WHOLE, variant: 0 });
    pipeline.deploy({ views: [after] });
    await pipeline.append(2, { ...WHOLE, variant: 3 });
    expect(await pipeline.speed(after)).toEqual({ [joinKey(['Fiji', 'poster 3'])]: 4_000 });
    expect(await pipeline.reconcile()).toMatchObject({ viewsChanged: true });
    pipeline.deploy({ views: [before] });
    await pipeline.append(3, WHOLE);
    await pipeline.append(61, WHOLE);
    expect(await pipeline.reconcile(START + HOUR)).toMatchObject({ expired: false, drift: 0 });
  });
});

describe('speedHorizonIntervals', () => {
  test('down forgets the oldest posts with the next interval, up remembers more from then on', async () => {
    const pipeline = new Pipeline({ views: [CATEGORY], horizon: 2 });
    await pipeline.append(1, { index: 1, ...WHOLE });
    await pipeline.append(61, { index: 2, ...WHOLE }, { index: 1, ...WHOLE });
    expect(pipeline.head.remembered).toEqual([START, START + HOUR]);
    pipeline.deploy({ horizon: 0 });
    await pipeline.append(62, { index: 2, ...WHOLE });
    await pipeline.append(121, { index: 3, ...WHOLE }, { index: 2, ...WHOLE });
    expect(pipeline.head.remembered).toEqual([START + 2 * HOUR]);
    pipeline.deploy({ horizon: 2 });
    await pipeline.append(181, { index: 4, ...WHOLE }, { index: 3, ...WHOLE }, { index: 1, ...WHOLE });
    expect(pipeline.head.remembered).toEqual([START + 2 * HOUR, START + 3 * HOUR]);
    const hours = [0, 1, 2, 3].map((hour) => pipeline.speed(CATEGORY, START + hour * HOUR));
    expect(await Promise.all(hours)).toEqual([{ art: 1 }, { art: 1 }, { art: 2 }, { art: 2 }]);
  });

  test('by much down forgets all that is too much with the next interval, not one interval with each', async () => {
    const pipeline = new Pipeline({ views: [CATEGORY], horizon: 8 });
    for (let hour = 0; hour < 8; hour++) await pipeline.append(60 * hour, { index: hour, ...WHOLE });
    expect(pipeline.head.remembered).toHaveLength(8);
    pipeline.deploy({ horizon: 1 });
    await pipeline.append(60 * 8, { index: 8, ...WHOLE });
    expect(pipeline.head.remembered).toEqual([START + 7 * HOUR, START + 8 * HOUR]);
    await pipeline.append(60 * 8 + 1, { index: 6, ...WHOLE }, { index: 7, ...WHOLE });
    expect(await pipeline.speed(CATEGORY, START + 8 * HOUR)).toEqual({ art: 2 });
  });
});

describe('a column or a section more', () => {
  const handlerOf = (addition: Parameters<typeof nextVersion>[0]) =>
    nextVersion(addition, () => require('../../../lambda/aggregate/handler') as typeof aggregateModule).makeHandler;

  test.each([{ column: 'nickname' }, { section: 'photo' }])(
    '%j reads the state of before, and back',
    async (addition) => {
      const added = (addition.column ?? `${addition.section}_label`) as View['dimensions'][number];
      const later: View = { name: 'later', description: '', dimensions: ['country', added], merge: 'sum' };
      const views = [CATEGORY, JOINED];
      const pipeline = new Pipeline({ views });
      await pipeline.append(1, { index: 1, pin: true }, { index: 2, pin: true }, { index: 3, ...WHOLE });
      pipeline.deploy({ views: [...views, later] }, handlerOf(addition));
      await pipeline.append(2, { index: 1, geo: true }, { index: 3, ...WHOLE }, { index: 4, pin: true });
      expect(await pipeline.speed(JOINED)).toEqual({ [joinKey(['Fiji', 'art'])]: 2 });
      pipeline.deploy({ views });
      await pipeline.append(3, { index: 2, geo: true }, { index: 3, ...WHOLE }, { index: 4, geo: true });
      expect(await pipeline.speed(CATEGORY)).toEqual({ art: 4 });
      expect(await pipeline.speed(JOINED)).toEqual({ [joinKey(['Fiji', 'art'])]: 4 });
    },
  );
});

describe('another length of an interval', () => {
  const how = 'deploy with -c intervalMinutes=60';

  test.each([30, 120])('%d minutes: no layer reads or writes anything', async (intervalMinutes) => {
    const pipeline = new Pipeline({ views: [CATEGORY] });
    await pipeline.append(1, WHOLE);
    await pipeline.reconcile();
    const { logs, heads, chunks, posts } = pipeline.store;
    const before = structuredClone({ logs, heads, chunks, posts });
    pipeline.deploy({ intervalMinutes });
    await expect(pipeline.append(2, WHOLE)).rejects.toThrow(how);
    expect(structuredClone({ logs, heads, chunks, posts })).toEqual(before);
    await expect(pipeline.speed(CATEGORY)).rejects.toThrow(how);
    // Rather no answer than one in which intervals are missing.
    const logged = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    expect(await pipeline.ask(CATEGORY)).toEqual({ message: 'internal error' });
    expect(logged.mock.calls.join()).toContain(how);
    logged.mockRestore();
    const seal = makeSeal({
      topic: TOPIC,
      intervalMinutes,
      kafka: {
        endOffsets: () => Promise.resolve([{ partition: 0, low: 0, high: 2 }]),
        offsetsAt: () => Promise.resolve([{ partition: 0, offset: 1, found: true }]),
        writeHeartbeat: () => Promise.reject(new Error('unexpected')),
      },
      store: pipeline.lake,
      limits: { intervals: 48, endMs: 0, archiveMs: 0 },
      report: () => undefined,
      now: () => START + 6 * HOUR,
      sleep: () => Promise.resolve(),
    });
    const objects = pipeline.lake.keys('');
    await expect(
      seal({ interval: intervalName(START + 2 * HOUR + (intervalMinutes === 120 ? HOUR : 0)) }),
    ).rejects.toThrow(how);
    expect(pipeline.lake.keys('')).toEqual(objects);
    const publish = makePublish({
      lake: pipeline.lake,
      store: pipeline.batch,
      topic: TOPIC,
      intervalMinutes,
      views: [CATEGORY],
      now: () => START + 2 * HOUR,
      report: () => undefined,
    });
    await expect(publish({ intervals: [] })).rejects.toThrow(how);
  });
});

describe('partitions more', () => {
  async function runThrough(layer: BatchLayer, run: string, event: object = {}): Promise<void> {
    await layer.invoke('seal', { run, ...event });
    for (let partition = 0; partition < 4; partition++) {
      await layer.invoke('compact', { run, step: 'compact', partition, of: 4 });
    }
    await layer.invoke('compact', { run, step: 'commit' });
    await layer.views(run);
    await layer.invoke('publish', { run });
    await layer.invoke('reconcile', { run });
  }

  test('what was sealed before gets through, and a backfill of it', async () => {
    const layer = new BatchLayer({ partitions: 2, compactMs: 1 });
    try {
      layer.append(2);
      layer.clock.now = layer.interval(2) + 60_000;
      // This run dies after sealing.
      expect(await layer.invoke('seal', { run: 'one' })).toMatchObject({ state: 'done', due: 2 });
      layer.log.push([], []);
      layer.append(2);
      layer.clock.now = layer.interval(4) + 60_000;
      await runThrough(layer, 'two');
      expect(layer.published).toEqual([0, 1, 2, 3].map((hour) => layer.name(hour)));
      layer.compacted.length = 0;
      layer.clock.now += HOUR;
      await runThrough(layer, 'three', { from: layer.name(0), interval: layer.name(2) });
      const units = (hour: number, partitions: number) =>
        Array.from({ length: partitions }, (_, partition) => `${layer.name(hour)} ${partition}`);
      expect([...layer.compacted].sort()).toEqual([...units(0, 2), ...units(1, 2), ...units(2, 4)]);
    } finally {
      layer.close();
    }
  });
});
