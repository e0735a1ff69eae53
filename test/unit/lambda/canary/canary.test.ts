import fc from 'fast-check';
import { agesOf, requestOf } from '../../../../lambda/canary/core';
import { makeHandler, type Deps } from '../../../../lambda/canary/handler';
import { routeOf } from '../../../../lambda/ingest/core';
import { readCanary } from '../../../../lambda/query/canary';
import { queryReader, type QueryReader } from '../../../../lambda/query/reader';
import { decodeRecord, type KafkaRecord } from '../../../../lambda/domain/decode';
import { CANARY_VIEW, VIEWS } from '../../../../lambda/domain/views';
import { memoryBatchStore, type MemoryBatchStore } from '../../../support/memory-batch-store';
import { speedCounts } from '../../../support/memory-store';
import { lambdaEvent, logArbitrary, toRecord } from '../../../support/posts-log';
import { aggregateOver } from '../../../support/speed-layer';
import { setup } from '../ingest/harness';

const MINUTE = 60_000;
const START = Date.parse('2026-11-22T21:00:00Z');

const canary = (partition: number, offset: number, sent: number, timestamp = sent + 20): KafkaRecord => ({
  partition,
  offset,
  timestamp,
  key: Buffer.from(String(sent)),
  value: Buffer.from('{}'),
  headers: { canary: String(sent) },
});

async function aggregated(records: readonly KafkaRecord[]): Promise<MemoryBatchStore> {
  const store = memoryBatchStore();
  await aggregateOver(store.speed, { intervalMinutes: 1 })(lambdaEvent('posts', records));
  return store;
}

const TOPIC = { topic: 'posts', partitions: 2, intervalMinutes: 1 };
const countsOf = ({ speed }: MemoryBatchStore) => speedCounts(speed, TOPIC);

/** The query function's reader over the rows of a speed layer. */
const readerOf = (store: MemoryBatchStore, boundary?: number): QueryReader => ({
  ...queryReader(store, TOPIC),
  boundary: async () =>
    boundary === undefined
      ? undefined
      : {
          interval: boundary,
          firstInterval: boundary,
          intervalMinutes: 60,
          publishedAt: 0,
          drift: 0,
          reconciledInterval: null,
        },
  batchRun: () => Promise.reject(new Error('unexpected call of batchRun')),
});

describe('a canary', () => {
  test('is put on the topic by a path without an API route, with a time and without a payload', async () => {
    const { call, sent, reports } = setup();
    expect(await call(requestOf('POST', '/canary'))).toMatchObject({ status: 202, body: { partition: 2, offset: 10 } });
    expect(sent).toEqual([{ key: '1000', value: '{}', headers: { canary: '1000' } }]);
    expect(reports).toEqual([{ step: 'ingest', received: 1, written: 0, controlRecords: 1, failed: 0, duration: 0 }]);
    expect(routeOf('GET', ['canary'])).toEqual({ kind: 'none' });
  });

  test('that kafka does not acknowledge returns 503 and is counted', async () => {
    const { call, reports } = setup(() => true);
    expect(await call(requestOf('POST', '/canary'))).toMatchObject({ status: 503 });
    expect(reports).toMatchObject([{ received: 1, controlRecords: 0, failed: 1 }]);
  });

  test('is recognized by its header, and is bad if the header is not a time', () => {
    expect(decodeRecord(canary(0, 1, START))).toEqual({ kind: 'canary', sent: START });
    expect(decodeRecord({ ...canary(0, 1, START), headers: { canary: 'soon' } })).toMatchObject({
      kind: 'bad',
      reason: 'header canary must be milliseconds since the epoch, got "soon"',
    });
  });

  test('changes no row of any view, at any position in the log', async () => {
    expect(VIEWS.map(({ name }) => name)).not.toContain(CANARY_VIEW.name);
    await fc.assert(
      fc.asyncProperty(logArbitrary(START, 3 * MINUTE, 25), async (specs) => {
        const records = specs.map((spec, offset) => toRecord(spec, 0, offset));
        const controlRecords = records.filter(({ headers }) => headers.heartbeat !== undefined);
        const swapped = records.map((record) =>
          controlRecords.includes(record) ? canary(0, record.offset, record.timestamp, record.timestamp) : record,
        );
        const [plain, watched] = await Promise.all(
          [records, swapped].map(async (each) => countsOf(await aggregated(each))),
        );
        const isCanary = (key: string) => key.startsWith(`${CANARY_VIEW.name}|`);
        expect(new Map([...watched].filter(([key]) => !isCanary(key)))).toEqual(plain);
        expect([...watched.keys()].some(isCanary)).toBe(controlRecords.length > 0);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the result of each layer', () => {
  test('is the newest canary of each layer, over all partitions', async () => {
    const store = await aggregated([
      canary(0, 0, START + 1_000),
      canary(1, 0, START + MINUTE + 2_000),
      canary(0, 1, START + 2 * MINUTE + 3_000),
    ]);
    const now = START + 2 * MINUTE + 9_000;
    expect(await readCanary(readerOf(store, START + MINUTE), now, 1)).toEqual({
      speed: START + 2 * MINUTE + 3_000,
      batch: START + MINUTE + 2_000,
      boundary: START + 2 * MINUTE,
    });
  });

  test('is the start of the searched intervals without a canary, and null before the first publication', async () => {
    const response = await readCanary(readerOf(await aggregated([])), START + 5_000, 1);
    expect(response).toEqual({ speed: START - 24 * MINUTE, batch: null, boundary: null });
    expect(agesOf(JSON.stringify(response), START + 5_000)).toEqual({ canarySpeedAge: 24 * MINUTE + 5_000 });
  });

  test('ages while the speed layer makes no progress', async () => {
    const store = await aggregated([canary(0, 0, START)]);
    const ages = [1, 5, 9].map(async (minutes) => {
      const now = START + minutes * MINUTE;
      return agesOf(JSON.stringify(await readCanary(readerOf(store), now, 1)), now).canarySpeedAge;
    });
    expect(await Promise.all(ages)).toEqual([MINUTE, 5 * MINUTE, 9 * MINUTE]);
  });
});

describe('the function', () => {
  function setUp(responses: Readonly<Record<string, { statusCode: number; body: string }>>) {
    const calls: unknown[] = [];
    const reports: unknown[] = [];
    const errors: unknown[] = [];
    const deps: Deps = {
      invoke: async (name, event) => {
        calls.push([name, event.requestContext.http.method, event.rawPath]);
        const response = responses[name];
        if (!response) throw new Error(`function not found: '${name}'`);
        return { ...response, headers: {} };
      },
      ingest: 'ingest-fn',
      query: 'query-fn',
      report: (...args) => void reports.push(args),
      log: { error: (message) => void errors.push(message) },
      now: () => START,
    };
    return { run: makeHandler(deps), calls, reports, errors };
  }
  const body = JSON.stringify({ speed: START - 6_000, batch: START - 90_000, boundary: START - 80_000 });
  const accepted = { statusCode: 202, body: '{}' };

  test('queries the ages, then sends the next one', async () => {
    const { run, calls, reports } = setUp({ 'query-fn': { statusCode: 200, body }, 'ingest-fn': accepted });
    await run();
    expect(calls).toEqual([
      ['query-fn', 'GET', '/canary'],
      ['ingest-fn', 'POST', '/canary'],
    ]);
    expect(reports).toEqual([
      ['canary', { canarySpeedAge: 6_000, canaryBatchAge: 90_000, boundaryAge: 80_000, failed: 0, duration: 0 }],
    ]);
  });

  test.each([
    ['the query function does not exist', { 'ingest-fn': accepted }, 1],
    ['the store is away', { 'query-fn': { statusCode: 503, body: '{}' }, 'ingest-fn': accepted }, 1],
    [
      'the response has another form',
      { 'query-fn': { statusCode: 200, body: '{"speed":"x"}' }, 'ingest-fn': accepted },
      1,
    ],
    ['both functions fail', {}, 2],
  ])('counts failures and reports no age when %s', async (_, responses, failed) => {
    const { run, reports, errors } = setUp(responses);
    await run();
    expect(reports).toEqual([['canary', { failed, duration: 0 }]]);
    expect(errors).toHaveLength(failed);
  });

  test('still reports the ages when the canary is not accepted', async () => {
    const { run, reports } = setUp({
      'query-fn': { statusCode: 200, body },
      'ingest-fn': { ...accepted, statusCode: 503 },
    });
    await run();
    expect(reports).toMatchObject([['canary', { canarySpeedAge: 6_000, failed: 1 }]]);
  });
});
