import fc from 'fast-check';
import { type FoldLimits } from '../../../../lambda/aggregate/folding';
import { makeHandler, type AggregateDeps } from '../../../../lambda/aggregate/handler';
import { SECTIONS, type Section, type SectionColumns } from '../../../../lambda/domain/columns';
import { decodeHead, speedSchema } from '../../../../lambda/formats/speed-head';
import { decodeRecord, type KafkaRecord } from '../../../../lambda/domain/decode';
import { type AggregateStore } from '../../../../lambda/aws/keyspaces/store';
import { findView, sectionsOf, VIEWS } from '../../../../lambda/domain/views';
import { memoryStore, rowKey, speedCounts, type MemoryStore } from '../../../support/memory-store';
import { lambdaEvent, logArbitrary, toRecord, type RecordSpec } from '../../../support/posts-log';
import { add, trim, type Counts } from '../../../../tools/kit/counts';

const MINUTE = 60_000;
const START = Date.parse('2026-11-22T21:00:00Z');
const TOPIC = 'posts';
/** So that a short log has runs of all tiers. */
const FOLD_SOON: FoldLimits = { deltas: 2, bytes: 1e6, fewest: 1, runs: 2, ms: 250 };

function handlerOver(store: AggregateStore, options: Partial<AggregateDeps> = {}) {
  return makeHandler({
    store,
    intervalMinutes: 1,
    horizon: 100,
    identityHorizonHours: 24,
    limits: FOLD_SOON,
    now: () => START,
    report: () => undefined,
    log: { warn: () => undefined },
    ...options,
  });
}

/** All that is counted, sorted. */
async function countsOf(store: MemoryStore): Promise<Record<string, [string, number][]>> {
  const counts = await speedCounts(store, { topic: TOPIC, partitions: 1, intervalMinutes: 1 });
  const sorted = [...counts].map(([key, each]) => [key, [...each].sort()] as const);
  return Object.fromEntries(sorted.filter(([key]) => !key.startsWith('canary')).sort());
}

/** The expected rows, computed naively: whole posts in plain maps, no state, no offsets, no batches. */
function reference(log: readonly KafkaRecord[]): Record<string, [string, number][]> {
  const rows = new Map<string, Counts>();
  const posts = new Map<number, Partial<Record<Section, SectionColumns>>>();
  let interval = 0;
  for (const record of log) {
    interval = Math.max(interval, record.timestamp - (record.timestamp % MINUTE));
    const decoded = decodeRecord(record);
    if (decoded.kind !== 'post') continue;
    const before = posts.get(decoded.index) ?? {};
    const after = { ...decoded.sections, ...before };
    posts.set(decoded.index, after);
    for (const view of VIEWS) {
      const needed = sectionsOf(view);
      const complete = (post: object) => needed.every((section) => section in post);
      if (!complete(after) || complete(before)) continue;
      const columns: Record<string, unknown> = Object.assign({}, ...SECTIONS.map((section) => after[section] ?? {}));
      const dimensions = view.dimensions.map((name) => columns[name]);
      const value = view.value ? columns[view.value] : 1;
      if (dimensions.includes(null) || value === null) continue;
      const key = rowKey(view.name, interval, record.partition);
      const counts = rows.get(key) ?? new Map<string, number>();
      rows.set(key, counts);
      add(view, counts, dimensions.join('\u001f'), value as number);
    }
  }
  const entries = [...rows].map(([key, counts]) => {
    return [key, [...trim(findView(key.split('|')[0])!, counts)].sort()] as const;
  });
  return Object.fromEntries(entries.sort());
}

const toLog = (specs: readonly RecordSpec[]) => specs.map((spec, offset) => toRecord(spec, 0, offset));
const logs = logArbitrary(START, 4 * MINUTE, 30).map(toLog);

/** Often undisturbed: what an instance knows is out of date only after some deliveries that went well. */
const sometimes = <T>(fault: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fault });

/** One delivery of the event source: where it starts and ends, and what fails. */
const deliveries = fc.array(
  fc.record({
    /** How far before the committed offset it starts, at most: a redelivery with other borders. */
    back: sometimes(fc.nat(8)),
    length: fc.integer({ min: 1, max: 4 }),
    /** The write at which the process dies, and whether that write still succeeds. */
    crash: sometimes(fc.record({ write: fc.nat(16), after: fc.boolean() })),
    /** Which of the warm processes gets it: each knows the batches that it had. */
    instance: fc.nat(2),
    /** The process is a new one, with empty memory. */
    cold: sometimes(fc.constant(true)),
    /** Reads now, and writes only after this many further deliveries: a process that is wrongly believed dead. */
    zombie: sometimes(fc.nat(3)),
  }),
  { maxLength: 12 },
);

type Delivery = typeof deliveries extends fc.Arbitrary<(infer D)[]> ? D : never;

async function deliver(log: readonly KafkaRecord[], schedule: readonly Delivery[], horizon: number) {
  const tables = memoryStore();
  const live = memoryStore(tables);
  // Time passes at each look at the clock, so that a fold takes several batches.
  let time = START;
  const options = { horizon, now: () => (time += 60) };
  const handlers = Array.from({ length: 3 }, () => handlerOver(live, options));
  let committed = 0;
  const zombies: { left: number; release: () => void; done: Promise<unknown> }[] = [];
  for (const { back, length, crash, instance, cold, zombie } of schedule) {
    const from = Math.max(0, committed - (back ?? 0));
    const batch = log.slice(from, from + length);
    for (const each of zombies.filter(({ left }) => left-- === 0)) each.release();
    if (batch.length === 0) continue;
    if (zombie !== null) {
      const store = memoryStore(tables);
      const gate = new Promise<void>((resolve) => {
        store.beforeWrite = () => gate;
        zombies.push({ left: zombie, release: resolve, done: Promise.resolve() });
      });
      zombies.at(-1)!.done = handlerOver(store, options)(lambdaEvent(TOPIC, batch)).catch(() => undefined);
      // It reaches its first write before the others continue.
      for (let i = 0; i < 20; i++) await Promise.resolve();
      continue;
    }
    if (cold) handlers[instance] = handlerOver(live, options);
    const die = () => {
      throw new Error('the process died');
    };
    const first = live.writes;
    const dead = (write: number) => crash !== null && write - first > crash.write;
    live.beforeWrite = (write) => {
      if (dead(write) || (crash && !crash.after && write - first === crash.write)) die();
    };
    live.afterWrite = (write) => {
      if (crash && crash.after && write - first === crash.write) die();
    };
    try {
      await handlers[instance](lambdaEvent(TOPIC, batch));
      committed = Math.max(committed, from + batch.length);
    } catch (error) {
      expect((error as Error).message).toMatch(/^the process died$|has another writer/);
    }
  }
  for (const each of zombies) each.release();
  live.beforeWrite = () => undefined;
  live.afterWrite = () => undefined;
  const last = () => handlerOver(live, options)(lambdaEvent(TOPIC, log.slice(committed)));
  // So many late writers at once may win over it: then the event source redelivers, and each of them writes only once.
  await last().catch(async (error: Error) => {
    expect(error.message).toContain('has another writer');
    await Promise.all(zombies.map(({ done }) => done));
    await last();
  });
  await Promise.all(zombies.map(({ done }) => done));
  return tables;
}

describe('the rows of a log', () => {
  it('equal those of a single pass, for all batches, redeliveries, crashes and late writers', async () => {
    await fc.assert(
      fc.asyncProperty(logs, deliveries, async (log, schedule) => {
        const tables = await deliver(log, schedule, 100);
        expect(await countsOf(tables)).toEqual(reference(log));
      }),
      { numRuns: 150 },
    );
  });

  it('do not depend on the batches either if posts are forgotten', async () => {
    await fc.assert(
      fc.asyncProperty(logs, deliveries, fc.integer({ min: 0, max: 2 }), async (log, schedule, horizon) => {
        const once = memoryStore();
        await handlerOver(once, { horizon })(lambdaEvent(TOPIC, log));
        const tables = await deliver(log, schedule, horizon);
        expect(await countsOf(tables)).toEqual(await countsOf(once));
      }),
      { numRuns: 100 },
    );
  });

  it('count each post once per view, over all intervals', async () => {
    await fc.assert(
      fc.asyncProperty(logs, deliveries, async (log, schedule) => {
        const counts = await countsOf(await deliver(log, schedule, 100));
        const posts = log.map((each) => decodeRecord(each)).filter((decoded) => decoded.kind === 'post');
        for (const [name, section] of [
          ['posts_by_category', 'pin'],
          ['posts_by_country', 'geo'],
        ] as const) {
          const counted = Object.entries(counts)
            .filter(([key]) => key.startsWith(`${name}|`))
            .flatMap(([, each]) => each.map(([, count]) => count))
            .reduce((sum, count) => sum + count, 0);
          expect(counted).toBe(new Set(posts.filter((post) => post.sections[section]).map((post) => post.index)).size);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('a batch', () => {
  const post = (index: number, at: number, sections: Partial<RecordSpec> = { pin: true, geo: true, user: true }) =>
    ({ kind: 'post', index, timestamp: START + at, variant: index, ...sections }) as RecordSpec;

  it('appends one row; the first one of a partition stores before it what all depend on', async () => {
    const store = memoryStore();
    const handler = handlerOver(store);
    const log = toLog([post(1, 0, { pin: true }), post(2, 5), post(3, 6)]);
    await handler(lambdaEvent(TOPIC, log.slice(0, 2)));
    expect([store.writes, store.heads.get('posts-0')?.foldedTo]).toEqual([2, -1]);
    expect(store.logs.get('posts-0')).toMatchObject([{ from: 0, to: 1, interval: START, asOf: START + 5 }]);
    await handlerOver(store, { limits: undefined })(lambdaEvent(TOPIC, log.slice(2)));
    expect(store.writes).toBe(3);
  });

  it('that crosses the end of an interval becomes two rows, and the interval that is over one run of each view', async () => {
    const store = memoryStore();
    await handlerOver(store)(lambdaEvent(TOPIC, toLog([post(1, 0), post(2, MINUTE)])));
    expect(store.logs.get('posts-0')!.map(({ from, to }) => [from, to])).toEqual([
      [0, 0],
      [1, 1],
    ]);
    const runs = [...store.chunks.values()].map(({ key }) => [key.tier, key.interval, key.from, key.to]);
    expect(new Set(runs.map(String))).toEqual(new Set([String([0, START, 0, 0])]));
    expect(runs).toHaveLength(VIEWS.length);
  });

  it('writes runs and posts before the head that names them', async () => {
    const store = memoryStore();
    const order: string[] = [];
    const spied: AggregateStore = {
      ...store,
      putSpeedChunk: (key, chunk, row) => (order.push('run'), store.putSpeedChunk(key, chunk, row)),
      putPosts: (key, blob) => (order.push('posts'), store.putPosts(key, blob)),
      casHead: (key, expected, head) => (order.push('head'), store.casHead(key, expected, head)),
    };
    await handlerOver(spied)(lambdaEvent(TOPIC, toLog([post(1, 0), post(2, MINUTE)])));
    expect(order).toEqual(['head', ...VIEWS.map(() => 'run'), 'posts', 'head']);
  });

  it('names the posts of the intervals that are remembered', async () => {
    const store = memoryStore();
    const handler = handlerOver(store, { horizon: 1 });
    await handler(lambdaEvent(TOPIC, toLog([0, 1, 2, 3].map((minute) => post(minute, minute * MINUTE)))));
    const { foldedTo, state } = store.heads.get('posts-0')!;
    const { remembered } = decodeHead(foldedTo, state, speedSchema(VIEWS, 1));
    expect(remembered).toEqual([START + MINUTE, START + 2 * MINUTE]);
  });

  it('is applied to each of its partitions, even if one of them fails', async () => {
    const store = memoryStore();
    const failing: AggregateStore = {
      ...store,
      appendLog: (key, row) =>
        key.partition === 1 ? Promise.reject(new Error('no response')) : store.appendLog(key, row),
    };
    const records = [0, 1, 2].map((partition) => toRecord(post(partition, 0), partition, 0));
    await expect(handlerOver(failing)(lambdaEvent(TOPIC, records))).rejects.toThrow('no response');
    expect([...store.logs.keys()].sort()).toEqual(['posts-0', 'posts-2']);
  });

  it('reads nothing from the store once the partition is warm', async () => {
    const store = memoryStore();
    const log = toLog([post(1, 0), post(2, 1)]);
    const unexpectedRead = () => Promise.reject(new Error('unexpected read'));
    let warm = false;
    const handler = handlerOver({
      ...store,
      readHead: (key) => (warm ? unexpectedRead() : store.readHead(key)),
      readLog: (...at) => (warm ? unexpectedRead() : store.readLog(...at)),
    });
    await handler(lambdaEvent(TOPIC, [log[0]]));
    warm = true;
    await handler(lambdaEvent(TOPIC, [log[1]]));
    expect(await countsOf(store)).toEqual(reference(log));
  });

  it('is counted once whichever warm instance gets it', async () => {
    const store = memoryStore();
    const [a, b] = [handlerOver(store), handlerOver(store)];
    const later = 60 * MINUTE;
    // The last batch repeats a section and completes a post, both of the batch that the other instance had, and opens an interval.
    const log = toLog([
      post(1, 0, { pin: true }),
      post(7, 1_000, { pin: true }),
      post(8, 1_001, { pin: true }),
      post(7, later, { pin: true }),
      post(8, later + 1, { geo: true }),
      post(9, later + 2, { pin: true, geo: true }),
    ]);
    await a(lambdaEvent(TOPIC, log.slice(0, 1)));
    await b(lambdaEvent(TOPIC, log.slice(1, 3)));
    await a(lambdaEvent(TOPIC, log.slice(3)));
    expect(await countsOf(store)).toEqual(reference(log));
  });

  it('is counted once if what a warm instance knows has expired, and another one has its place', async () => {
    const store = memoryStore();
    let time = START;
    const options = { now: () => time, limits: { ...FOLD_SOON, deltas: 9 } };
    const [a, b] = [handlerOver(store, options), handlerOver(store, options)];
    const day = 24 * 3_600_000;
    const log = toLog([post(1, 0), post(2, 1), post(3, day)]);
    await a(lambdaEvent(TOPIC, log.slice(0, 1)));
    await b(lambdaEvent(TOPIC, log.slice(1, 2)));
    store.logs.clear();
    time += day;
    await a(lambdaEvent(TOPIC, log.slice(2)));
    await b(lambdaEvent(TOPIC, log.slice(2)));
    expect([...store.logs.get('posts-0')!.values()].map(({ from, to }) => [from, to])).toEqual([[0, 2]]);
  });

  it('that never gets to the end of the log fails after some attempts, so that the event source redelivers it', async () => {
    const store = memoryStore();
    const handler = handlerOver({ ...store, appendLog: async () => false });
    await expect(handler(lambdaEvent(TOPIC, toLog([post(1, 0)])))).rejects.toThrow(
      "partition 0 of topic 'posts' has another writer: 5 attempts failed",
    );
  });

  it('reports every record once, and the cost of the rows', async () => {
    const store = memoryStore();
    const report = jest.fn();
    const handler = handlerOver(store, { report, now: () => START + 700 });
    const log = toLog([
      post(1, 0),
      post(1, 100),
      { ...post(2, 200), kind: 'bad' },
      { ...post(0, 500), kind: 'heartbeat' },
    ]);
    await handler(lambdaEvent(TOPIC, log));
    expect(report).toHaveBeenCalledTimes(1);
    const [step, values] = report.mock.calls[0] as [string, Record<string, number>];
    expect(step).toBe('aggregate');
    expect(values).toMatchObject({
      received: 4,
      written: 1,
      repeated: 1,
      quarantined: 1,
      controlRecords: 1,
      gap: 0,
      freshness: 200,
    });
    // The row, and the head before the first one.
    expect(values).toMatchObject({ writeUnits: 2, conditionFailed: 0, retries: 0 });
    await handler(lambdaEvent(TOPIC, log));
    const again = report.mock.calls[1][1] as Record<string, number>;
    expect(again).toMatchObject({ received: 4, written: 0, repeated: 4, writeUnits: 0 });
    expect(again).not.toHaveProperty('freshness');
  });

  it('is as fresh as its row: what is folded after that delays no answer', async () => {
    const store = memoryStore();
    let time = START + 5;
    const report = jest.fn();
    const handler = handlerOver(
      { ...store, putPosts: async (key, blob) => ((time += 900), store.putPosts(key, blob)) },
      { report, now: () => time, limits: { ...FOLD_SOON, deltas: 1 } },
    );
    await handler(lambdaEvent(TOPIC, toLog([post(1, 0)])));
    expect(report.mock.calls[0][1]).toMatchObject({ freshness: 5, duration: 900 });
  });

  it('that starts beyond the end of the chain logs how many offsets are missing', async () => {
    const warn = jest.fn();
    const [, late] = toLog([post(1, 0), post(2, 0)]);
    await handlerOver(memoryStore(), { log: { warn } })(lambdaEvent(TOPIC, [{ ...late, offset: 40 }]));
    expect(warn).toHaveBeenCalledWith('offsets are missing in the log', {
      topic: TOPIC,
      partition: 0,
      missing: 40,
      last: 40,
    });
  });

  it('of another interval length is rejected, even if nothing is folded yet', async () => {
    const store = memoryStore();
    await handlerOver(store, { limits: undefined })(lambdaEvent(TOPIC, toLog([post(1, 0)])));
    const longer = handlerOver(store, { intervalMinutes: 60 });
    const next = toRecord(post(2, 1), 0, 1);
    await expect(longer(lambdaEvent(TOPIC, [next]))).rejects.toThrow('deploy with -c intervalMinutes=1');
    expect(store.logs.get('posts-0')).toHaveLength(1);
  });

  it('of a topic made anew is rejected, not taken for repeated records', async () => {
    const store = memoryStore();
    const handler = handlerOver(store, { limits: undefined });
    const log = toLog([post(1, 0), post(2, 1), post(3, 2)]);
    await handler(lambdaEvent(TOPIC, log));
    const anew = toLog([post(4, 10), post(5, 11)]);
    for (const instance of [handler, handlerOver(store)]) {
      await expect(instance(lambdaEvent(TOPIC, anew))).rejects.toThrow(
        'partition 0 is of another log: offset 0 was appended at 2026-11-22T21:00:00.010Z',
      );
    }
    // The same records again are repeated ones, whoever gets them.
    for (const instance of [handler, handlerOver(store)]) await instance(lambdaEvent(TOPIC, log));
    expect(store.logs.get('posts-0')).toHaveLength(1);
  });

  it('after longer than rows live finds no gap, and the posts that count already', async () => {
    const store = memoryStore();
    const report = jest.fn();
    const options = { report, limits: undefined, identityHorizonHours: 168 };
    const heartbeat = (at: number) => ({ ...post(0, at), kind: 'heartbeat' }) as RecordSpec;
    // Posts, and what ends their interval; then nothing for days.
    const log = toLog([post(1, 0), post(2, 1), heartbeat(MINUTE), heartbeat(2 * MINUTE), post(1, 2), post(3, 3)]);
    const late = log.slice(4).map((record) => ({ ...record, timestamp: record.timestamp + 5_000 * MINUTE }));
    for (const record of log.slice(0, 4)) await handlerOver(store, options)(lambdaEvent(TOPIC, [record]));
    store.logs.clear();
    store.chunks.clear();
    await handlerOver(store, options)(lambdaEvent(TOPIC, late));
    expect(report.mock.calls.at(-1)![1]).toMatchObject({ gap: 0, written: 1, repeated: 1 });
  });
});
