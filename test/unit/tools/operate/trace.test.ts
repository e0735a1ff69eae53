import { type KafkaRecord } from '../../../../lambda/domain/decode';
import { findView } from '../../../../lambda/domain/views';
import { publishedKey, viewKey, viewsDoneKey } from '../../../../lambda/formats/keys';
import { makeHandler as makeQuery } from '../../../../lambda/query/handler';
import { queryReader } from '../../../../lambda/query/reader';
import { type HttpEvent } from '../../../../lambda/runtime/http';
import { startHttpApi } from '../../../../tools/local/aws/http-api';
import { openParquetSearch, type ParquetSearch } from '../../../../tools/operate/erase/parquet';
import { answersFor } from '../../../../tools/operate/trace/answers';
import { traceText } from '../../../../tools/operate/trace/text';
import { trace } from '../../../../tools/operate/trace/trace';
import { viewObject } from '../../../../tools/simulate/models/views-engine';
import { duckdbOfSuite } from '../../../support/duckdb';
import { MemoryLake } from '../../../support/memory-lake';
import { memoryStore } from '../../../support/memory-store';
import { lambdaEvent } from '../../../support/posts-log';
import { compaction, INTERVAL_MINUTES, sealedLog, TOPIC } from '../../../support/sealed-log';
import { aggregateOver } from '../../../support/speed-layer';

const START = Date.parse('2026-11-22T10:00:00Z');
const HOUR = 3_600_000;
const PARTITION = 0;

const duckdb = duckdbOfSuite();
let parquet: ParquetSearch;
beforeAll(async () => {
  parquet = await openParquetSearch();
});
afterAll(() => parquet.close());

const POSTS: readonly (readonly [minutes: number, post: object])[] = [
  [1, { pin: { index: 7, category: 'art', follower_count: '3k', poster_name: 'Ann' } }],
  [2, { pin: { index: 8, category: 'art', follower_count: '1k', poster_name: 'Bob' } }],
  [3, { geo: { ind: 7, country: 'Fiji', timestamp: '2021-05-01 10:00:00' } }],
  // The same again, in the next interval.
  [70, { pin: { index: 7, category: 'art', follower_count: '3k', poster_name: 'Ann' } }],
  [71, { pin: { index: 7, category: 5 } }],
  [72, { pin: { index: 9, category: 'travel' } }],
];

const LOG = POSTS.map(([minutes, post], offset): KafkaRecord => {
  const key = String(Object.values(post)[0].index ?? Object.values(post)[0].ind);
  return {
    ...{ partition: PARTITION, offset, timestamp: START + minutes * 60_000, headers: {} },
    ...{ key: Buffer.from(key), value: Buffer.from(JSON.stringify(post)) },
  };
});

async function lakeOf(): Promise<MemoryLake> {
  const lake = new MemoryLake();
  await sealedLog(lake, compaction(lake, duckdb.directory, 3), PARTITION, LOG);
  // Of the first interval, as the views engine and publish leave them.
  const views = {
    posts_by_category: [{ key: ['art'], value: 2 }],
    top_poster_by_country: [{ key: ['Fiji', 'Ann'], value: 3000 }],
  };
  for (const [name, rows] of Object.entries(views)) {
    await lake.put(viewKey(START, name), viewObject(findView(name)!, START, rows));
  }
  await lake.put(viewsDoneKey(START), '{}');
  await lake.put(publishedKey(START), '{}');
  return lake;
}

const traced = (lake: MemoryLake, post: number) =>
  trace({ lake, parquet, temporary: duckdb.directory, concurrency: 4, say: () => undefined }, post);

/** The query API over HTTP, with the speed layer of the same log. */
async function startQuery() {
  const store = memoryStore();
  await aggregateOver(store)(lambdaEvent(TOPIC, LOG));
  const none = () => Promise.reject(new Error('nothing is published'));
  const reader = queryReader(
    { ...store, readBoundary: async () => undefined, readRun: none, readChunk: none },
    { topic: TOPIC, partitions: 1, intervalMinutes: INTERVAL_MINUTES },
  );
  const query = makeQuery({
    ...{ reader, intervalMinutes: INTERVAL_MINUTES, partitions: 1, speedTtl: 72 * HOUR },
    ...{ report: () => undefined, now: () => START + 2 * HOUR },
  });
  const routes = [{ routeKey: 'GET /views/{view}', functionName: 'query', timeoutMs: 5_000, iam: false }];
  return startHttpApi(
    { path: 'stack/Query', logicalId: 'Query', id: 'q', name: 'query', routes },
    { invoke: async (_, event) => ({ payload: JSON.stringify(await query(JSON.parse(event) as HttpEvent)) }) },
  );
}

test('a post is followed from its request through the raw log, its row and the rows of views to the answers', async () => {
  const lake = await lakeOf();
  const found = await traced(lake, 7);
  const api = await startQuery();
  const answers = await answersFor(new URL(api.url), undefined, found.rows).finally(() => api.stop());
  const lines = traceText(7, found, answers).split('\n');
  expect(lines.slice(0, 4)).toEqual([
    'post 7',
    'request    partition 0, offset 0: acknowledged 2026-11-22T10:01:00.000Z, with pin',
    expect.stringMatching(/^raw {8}raw\/posts\/partition=0000\/0+-0+\d\.ndjson\.zst$/),
    'interval   2026-11-22T10-00, sealed',
  ]);
  expect(lines).toEqual(
    expect.arrayContaining([
      'request    partition 0, offset 2: acknowledged 2026-11-22T10:03:00.000Z, with geo',
      'request    partition 0, offset 3: acknowledged 2026-11-22T11:10:00.000Z, with pin',
      'interval   2026-11-22T11-00, sealed',
      expect.stringMatching(
        /^quarantine quarantine\/posts\/partition=0000\/0+4\.json: pin\.category must be .*, got 5: no view has it$/,
      ),
      'Parquet    posts/interval=2026-11-22T10-00/partition=0000.parquet',
      '           new here: pin, geo; category art, country Fiji, post_year 2021, follower_count 3000',
      'state      2026-11-22T10-00 is compacted, views computed, published: the batch layer serves it',
      'view       posts_by_category: art: it adds 1 to 2',
      'view       top_poster_by_country: Fiji, Ann: its 3000, the largest is 3000',
      'answer     posts_by_category: art: 2, as of 2026-11-22T11:12:00.000Z',
      'answer     top_poster_by_country: Fiji, Ann: 3000, as of 2026-11-22T11:12:00.000Z',
    ]),
  );
  // The repeat brought nothing: it has a record, and no row.
  expect(found.rows.map(({ interval }) => interval)).toEqual(['2026-11-22T10-00']);
});

test('a post of an interval that is not published is served by the speed layer, and its views are none yet', async () => {
  const found = await traced(await lakeOf(), 9);
  expect(traceText(9, found, []).split('\n')).toEqual(
    expect.arrayContaining([
      'state      2026-11-22T11-00 is compacted, views not computed yet, not published yet: the speed layer serves it',
      'view       posts_by_category: travel: it adds 1 to (none yet)',
    ]),
  );
});

test('a post that is nowhere is said to be', async () => {
  expect(traceText(404, await traced(await lakeOf(), 404), [])).toBe(
    'post 404\nnot in the lake: it was never acknowledged, was acknowledged within the window of archive, or its raw object has expired',
  );
});
