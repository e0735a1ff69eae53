/**
 * The query handler on the open interval, near its end and at all places between two folds: cold, as the first question of a new reader,
 * and warm, as the next one once there is another delta in each partition. Over a store in memory, which is the function's own work and so
 * of CPU time, and over a real Cassandra. Read units are those of Keyspaces with LOCAL_QUORUM, which all statements use: one for each 4 KB
 * of a response.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AggregateStore, type BoundaryRow, type QueryStore } from '../../lambda/aws/keyspaces/store';
import { HOUR } from '../../lambda/domain/time';
import { VIEWS } from '../../lambda/domain/views';
import { speedSchema } from '../../lambda/formats/speed-head';
import { makeHandler } from '../../lambda/query/handler';
import { queryReader } from '../../lambda/query/reader';
import { createStore } from '../../test/engines/view-store/tables';
import { memoryBatchStore } from '../../test/support/memory-batch-store';
import { memoryStore, type MemoryStore } from '../../test/support/memory-store';
import { startCassandra } from '../engines';
import { measure, median, quantile, type Sample } from './measure';
import { filler, type Load } from './open-interval';
import { START } from './posts';
import { type Figure, type Report } from './report';

const REGION = 'us-east-1';
const TOPIC = 'posts';
const INTERVAL_MINUTES = 60;
const READ_UNIT = 4 * 1024;
/** About a row's key, offsets and instant. */
const ROW_BYTES = 100;
/** Of few keys, of many with long names, and of many. */
const ASKED = ['posts_by_category', 'category_by_country', 'top_poster_by_country', 'followers_by_join_year_age_group'];

export interface OpenSize extends Load {
  /** Questions of each kind and view, each after another batch. They are the last ones of the interval. */
  readonly rounds: number;
}

const HOUR_OF_5_S: OpenSize = { topic: TOPIC, partitions: 12, batches: 720, posts: 417, rounds: 36 };

type Counting = QueryStore & { units: number };

/** Counts what Keyspaces would bill. */
function counting(store: QueryStore): Counting {
  const bill = <Args extends unknown[], T>(read: (...args: Args) => Promise<T>, bytesOf: (found: T) => number) => {
    return async (...args: Args): Promise<T> => {
      const found = await read(...args);
      counted.units += Math.max(1, Math.ceil(bytesOf(found) / READ_UNIT));
      return found;
    };
  };
  const all = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + size + ROW_BYTES, 0);
  const counted: Counting = {
    units: 0,
    readHead: bill(store.readHead, (row) => all(row ? [row.state.length] : [])),
    readLog: bill(store.readLog, (rows) => all(rows.map(({ posts }) => posts.length))),
    readSpeedChunk: bill(store.readSpeedChunk, (chunk) => all(chunk ? [chunk.counts.length] : [])),
    listClosed: bill(store.listClosed, (rows) => all(rows.map(({ counts }) => counts.length))),
    readRun: bill(store.readRun, (run) => all(run ? [run.counts?.length ?? 0, run.firstKeys?.length ?? 0] : [])),
    readChunk: bill(store.readChunk, (counts) => all(counts ? [counts.length] : [])),
    readBoundary: bill(store.readBoundary, () => ROW_BYTES),
  };
  return counted;
}

interface Asked {
  /** CPU time over a store in memory. */
  readonly ms: number;
  readonly units: number;
  readonly body: string;
}

function asker(store: QueryStore, partitions: number, of: keyof Sample) {
  const counted = counting(store);
  const handler = makeHandler({
    reader: queryReader(counted, { topic: TOPIC, partitions, intervalMinutes: INTERVAL_MINUTES }),
    ...{ intervalMinutes: INTERVAL_MINUTES, partitions, speedTtl: 48 * HOUR, report: () => undefined },
    now: () => START + HOUR - 1,
  });
  return async (view: string): Promise<Asked> => {
    const before = counted.units;
    let body = '';
    const sample = await measure(async () => {
      const event = {
        rawPath: `/views/${view}`,
        rawQueryString: 'top=10',
        requestContext: { http: { method: 'GET' } },
      };
      const response = await handler(event);
      if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}: ${response.body}`);
      body = response.body;
    });
    return { ms: sample[of], units: counted.units - before, body };
  };
}

type Samples = Map<string, { readonly cold: Asked[]; readonly warm: Asked[] }>;

const samplesOf = (): Samples => new Map(ASKED.map((view) => [view, { cold: [], warm: [] }]));

function figuresOf(name: string, samples: Samples, withGoals: boolean): Figure[] {
  return [...samples].flatMap(([view, asked]) =>
    (['cold', 'warm'] as const).flatMap((kind): Figure[] => {
      const times = asked[kind].map(({ ms }) => ms);
      const atMost = kind === 'cold' ? 150 : 15;
      const what = `${name}, ${view}, ${kind}`;
      return [
        { what: `${what}: p50`, value: median(times), unit: 'ms', ...(withGoals && { goal: { atMost } }) },
        { what: `${what}: p99`, value: quantile(times, 0.99), unit: 'ms' },
        { what: `${what}: read units`, value: median(asked[kind].map(({ units }) => units)), unit: '' },
      ];
    }),
  );
}

const queryStoreOf = (speed: MemoryStore, boundary: BoundaryRow): QueryStore => {
  const store = memoryBatchStore(speed);
  store.boundary = boundary;
  return store;
};

/** Asks after each batch, warm readers first: a new one for each cold question. */
async function ask(store: QueryStore, size: OpenSize, of: keyof Sample, next: () => Promise<void>): Promise<Samples> {
  const samples = samplesOf();
  const warm = asker(store, size.partitions, of);
  for (const view of ASKED) await warm(view);
  for (let round = 0; round < size.rounds; round++) {
    await next();
    for (const [view, { warm: warmOnes, cold }] of samples) {
      warmOnes.push(await warm(view));
      cold.push(await asker(store, size.partitions, of)(view));
      // What is counted twice or not at all would be fast, too.
      if (warmOnes.at(-1)!.body !== cold.at(-1)!.body) throw new Error(`a warm reader answers ${view} differently`);
    }
  }
  return samples;
}

/** @param withStore gives a store that has what the memory has, and gets what is written from then on */
export async function measureOpen(
  size: OpenSize,
  withStore?: (memory: MemoryStore, use: (store: QueryStore & AggregateStore) => Promise<void>) => Promise<void>,
): Promise<Report> {
  const schema = speedSchema(VIEWS, INTERVAL_MINUTES);
  const memory = memoryStore();
  let target: AggregateStore = memory;
  const writes = {
    appendLog: (...args: Parameters<AggregateStore['appendLog']>) => target.appendLog(...args),
    putSpeedChunk: (...args: Parameters<AggregateStore['putSpeedChunk']>) => target.putSpeedChunk(...args),
    putPosts: (...args: Parameters<AggregateStore['putPosts']>) => target.putPosts(...args),
    casHead: (...args: Parameters<AggregateStore['casHead']>) => target.casHead(...args),
    readSpeedChunk: (...args: Parameters<AggregateStore['readSpeedChunk']>) => target.readSpeedChunk(...args),
  };
  const { next } = filler({ ...memory, ...writes }, schema, size);
  const before = size.batches - (withStore ? 2 : 1) * size.rounds;
  for (let batch = 0; batch < before; batch++) await next();
  const interval = START - HOUR;
  const boundary = {
    ...{ interval, firstInterval: interval, intervalMinutes: INTERVAL_MINUTES, publishedAt: START },
    ...{ drift: null, reconciledInterval: null },
  };
  const figures = figuresOf('memory, CPU', await ask(queryStoreOf(memory, boundary), size, 'cpu', next), true);
  await withStore?.(memory, async (store) => {
    target = store;
    figures.push(...figuresOf('Cassandra', await ask(store, size, 'wall', next), true));
  });
  return {
    bench: 'query-open',
    setting:
      `the 10 largest keys of the open interval at its end: ${size.partitions} partitions, ${size.batches} batches of ${size.posts} posts, ` +
      `${size.rounds} questions each; a unit is 4 KB read with LOCAL_QUORUM`,
    figures,
  };
}

/** Everything that the memory has. */
async function copy(memory: MemoryStore, store: AggregateStore): Promise<void> {
  for (const [name, rows] of memory.logs) {
    const key = { topic: TOPIC, partition: Number(name.split('-').at(-1)) };
    for (const row of rows) await store.appendLog(key, row);
    const head = memory.heads.get(name);
    if (head) await store.casHead(key, undefined, head);
  }
  for (const { key, chunk, ...row } of memory.chunks.values()) await store.putSpeedChunk(key, chunk, row);
}

export async function queryOpen(size: OpenSize = HOUR_OF_5_S): Promise<Report> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-open-'));
  const cassandra = await startCassandra({ dir, persistent: false, region: REGION });
  try {
    const { store, session } = await createStore(cassandra, 'bench');
    try {
      return await measureOpen(size, async (memory, use) => {
        await copy(memory, store);
        await store.startBoundary(TOPIC, START - HOUR, INTERVAL_MINUTES, START);
        await use(store);
      });
    } finally {
      await session.shutdown();
    }
  } finally {
    await cassandra.kill9();
    rmSync(dir, { recursive: true, force: true });
  }
}
