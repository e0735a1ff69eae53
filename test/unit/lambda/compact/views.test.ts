import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { acquired, serializePlan, viewsList, withIntervals, withManifests } from '../../../../lambda/formats/plan';
import { makeHandler, type Deps } from '../../../../lambda/compact/handler';
import { type ViewsDeps } from '../../../../lambda/compact/views';
import { computeViews, viewsEngineWith } from '../../../../lambda/compact/views-engine';
import { viewSql } from '../../../../lambda/compact/views-sql';
import { COLUMNS, SECTIONS, type Section } from '../../../../lambda/domain/columns';
import { decodeRecord } from '../../../../lambda/domain/decode';
import { intervalName, nextInterval, parseIntervalName } from '../../../../lambda/domain/intervals';
import { type View, VIEWS, viewsAsJson } from '../../../../lambda/domain/views';
import { type Manifest, type PartitionSummary } from '../../../../lambda/formats/interval-metadata';
import {
  manifestKey,
  planKey,
  postsKey,
  SPARK_VIEWS_KEY,
  viewsDoneKey,
  viewsListKey,
} from '../../../../lambda/formats/keys';
import { DUCKDB_TYPES, POST_FILE_COLUMNS } from '../../../../lambda/formats/post-files';
import { sha256 } from '../../../../lambda/runtime/digest';
import { readRows, type PostRow } from '../../../../tools/simulate/models/compaction';
import { runViewsJob } from '../../../../tools/simulate/models/views-engine';
import { countedOnce, type LogRecord } from '../../../support/counted-once';
import { duckdbOfSuite } from '../../../support/duckdb';
import { MemoryLake } from '../../../support/memory-lake';
import { logArbitrary, toRecord } from '../../../support/posts-log';

const HOUR = 3_600_000;
const START = Date.parse('2026-11-22T00:00:00Z');
const MINUTES = 60;
const RUN = 'run';

/** Logs that are compared. A case has many, as partitions: DuckDB takes a millisecond for a view, however small. */
const LOGS = Number(process.env.VIEWS_LOGS ?? 240);
const LOGS_OF_A_CASE = 16;

/** With groupings that the product has not: an integer among the keys that are ranked, instants, and an integer before a text. */
const ALL_VIEWS: readonly View[] = [
  ...VIEWS,
  {
    ...{ name: 'ranked_numbers', description: '', merge: 'max', top: { groupBy: 1, keep: 2 } },
    dimensions: ['media_type', 'follower_count', 'poster_name'],
  },
  { name: 'instants', description: '', dimensions: ['posted_at', 'follower_count', 'poster_name'], merge: 'sum' },
  { name: 'sums', description: '', dimensions: ['poster_name'], merge: 'sum', value: 'follower_count' },
  { name: 'all_sections', description: '', dimensions: ['post_year', 'age_group', 'category'], merge: 'max' },
];

const duckdb = duckdbOfSuite();

/** The rows of a partition, by interval. */
type Rows = ReadonlyMap<number, readonly PostRow[]>;

const TEXTS = ['art', 'say "hi"', 'back\\slash, [x]', '\uffee', '😀', 'a', 'a b', '', 'NULL'];

/** Values that differ in order as numbers and as texts, and texts that differ in order as UTF-8 and UTF-16. */
const columnsArbitrary = fc.record(
  Object.fromEntries(
    COLUMNS.map(({ name, type }) => {
      const value = {
        string: fc.constantFrom(...TEXTS),
        'string[]': fc.constant(['x']),
        timestamp: fc
          .integer({ min: 0, max: 2 })
          .map((i) => new Date(Date.UTC(1900 + i * 100, i, 1, 2, 3, 4, i * 7)).toISOString()),
        double: fc.constant(0.5),
        int: fc.constantFrom(0, 2, 9, 10, 100, -1),
        long: fc.constantFrom(0, 7, 10, 2 ** 40),
      }[type] as fc.Arbitrary<unknown>;
      return [name, fc.option(value, { freq: 6 })];
    }),
  ),
);

const rowArbitrary = fc
  .record({
    sections: fc.subarray([...SECTIONS], { minLength: 1 }),
    news: fc.subarray([...SECTIONS]),
    columns: columnsArbitrary,
  })
  .map(({ sections, news, columns }) => {
    const known = COLUMNS.map(({ name, section }) => [name, sections.includes(section) ? columns[name] : null]);
    return {
      sections,
      new_sections: sections.filter((each) => news.includes(each)),
      columns: Object.fromEntries(known),
    };
  });

/** The rows of a log, counted once. */
const logRows = logArbitrary(START + HOUR / 2, HOUR, 24).map((specs): Rows => {
  let interval = -Infinity;
  const log = specs.map((spec, offset): LogRecord => {
    interval = nextInterval(interval, spec.timestamp, MINUTES);
    const decoded = decodeRecord(toRecord(spec, 0, offset));
    const post = decoded.kind === 'post' ? { key: decoded.index, sections: decoded.sections } : undefined;
    return { offset, interval, post };
  });
  const intervals = [...new Set(log.map((record) => record.interval))];
  const rows = countedOnce(log, intervals, 24 * HOUR).rows;
  return new Map(
    intervals.map((each) => [
      each,
      rows
        .filter((row) => row.interval === each)
        .map((row) => ({ ...row, interval_start: intervalName(each), kafka_partition: 0 })),
    ]),
  );
});

/** Any rows at all, of the first interval. */
const anyRows = fc.array(rowArbitrary, { maxLength: 12 }).map(
  (rows): Rows =>
    new Map([
      [
        START,
        rows.map((row, i) => ({
          ...{ post_key: i, interval_start: intervalName(START), kafka_partition: 1, first_offset: i },
          ...row,
        })),
      ],
    ]),
);

const partitionsArbitrary = fc.array(fc.oneof(logRows, anyRows), { maxLength: LOGS_OF_A_CASE });

/** A lake with files of JSON, and the plan of a run over all its intervals. */
async function lakeOf(partitions: readonly Rows[], views: readonly View[]): Promise<MemoryLake> {
  const lake = new MemoryLake();
  const intervals = [...new Set(partitions.flatMap((rows) => [...rows.keys()]))].sort();
  const digests: string[] = [];
  for (const interval of intervals) {
    const parts = partitions.map((all, partition) => {
      const rows = all.get(interval) ?? [];
      if (rows.length > 0) {
        const lines = rows.map((row) => `${JSON.stringify({ ...row, kafka_partition: partition })}\n`).join('');
        lake.objects.set(postsKey(interval, partition), Buffer.from(lines));
      }
      return { partition, rows: rows.length } as PartitionSummary;
    });
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    const manifest = {
      interval: intervalName(interval),
      intervalMinutes: MINUTES,
      rows,
      partitions: parts,
    } as unknown as Manifest;
    const text = JSON.stringify(manifest);
    digests.push(sha256(text));
    lake.objects.set(manifestKey(interval), Buffer.from(text));
  }
  const names = intervals.map(intervalName);
  const lease = acquired(undefined, RUN, { now: 0, length: HOUR, force: false });
  await lake.put(planKey, serializePlan(withManifests(withIntervals(lease, names), digests)));
  await lake.put(viewsListKey, serializePlan(viewsList(RUN, names)));
  await lake.put(SPARK_VIEWS_KEY, viewsAsJson(views));
  return lake;
}

const FILE_TYPES = POST_FILE_COLUMNS.map(({ name, type }) => `"${name}": '${DUCKDB_TYPES[type]}'`).join(', ');

/** Rewrites the files of JSON as compaction would write them. */
async function toParquet(lake: MemoryLake): Promise<void> {
  const [from, to] = [join(duckdb.directory, 'rows.json'), join(duckdb.directory, 'rows.parquet')];
  for (const key of lake.keys('posts/')) {
    const rows = readRows<PostRow>(await lake.get(key));
    writeFileSync(from, rows.map(({ columns, ...row }) => `${JSON.stringify({ ...row, ...columns })}\n`).join(''));
    await duckdb.connection.run(
      `COPY (FROM read_json('${from}', format = 'newline_delimited', columns = {${FILE_TYPES}})) TO '${to}' (FORMAT parquet)`,
    );
    await lake.upload(to, key);
  }
}

const unexpected = () => {
  throw new Error('nothing is compacted');
};

/** Each interval of the plan has a manifest already, so that `commit` computes views and nothing else. */
function handlerOn(lake: MemoryLake, { now = () => 0, ...options }: Partial<ViewsDeps & Pick<Deps, 'now'>> = {}) {
  const engine: ViewsDeps['engine'] = (work) => computeViews(duckdb.connection, work);
  return makeHandler({
    ...{ intervalMinutes: MINUTES, identityHorizonHours: 24, store: lake, temporary: duckdb.directory, now },
    ...{ compaction: unexpected, report: unexpected },
    viewsEngine: { engine, mostRows: Infinity, ...options },
  });
}

const EVENT = { step: 'commit', run: RUN };
const counts = (computed: number, views = 0) => ({ committed: 2, views, computed });
const viewsIn = (lake: MemoryLake) => Object.fromEntries(lake.keys('views/').map((key) => [key, lake.text(key)]));

test('equal the model, byte for byte, whatever the log', async () => {
  await fc.assert(
    fc.asyncProperty(partitionsArbitrary, async (partitions) => {
      const expected = await lakeOf(partitions, ALL_VIEWS);
      await runViewsJob(
        expected,
        RUN,
        (name) => parseIntervalName(name, MINUTES),
        () => Promise.resolve(),
      );
      const lake = await lakeOf(partitions, ALL_VIEWS);
      await toParquet(lake);
      const response = await handlerOn(lake, { views: ALL_VIEWS })(EVENT);
      expect(response).toMatchObject({ state: 'done' });
      expect(viewsIn(lake)).toEqual(viewsIn(expected));
    }),
    { numRuns: Math.ceil(LOGS / (LOGS_OF_A_CASE / 2)) },
  );
}, 600_000);

const post = (i: number, sections: readonly Section[] = SECTIONS): PostRow => ({
  ...{ post_key: i, interval_start: '', kafka_partition: 0, first_offset: i, sections, new_sections: sections },
  columns: { category: 'art', country: 'Fiji', poster_name: `p${i}`, follower_count: i },
});
const twoIntervals: Rows = new Map([
  [START, [post(1), post(2)]],
  [START + HOUR, [post(3, ['pin'])]],
]);

async function parquetLake(): Promise<MemoryLake> {
  const lake = await lakeOf([twoIntervals], VIEWS);
  await toParquet(lake);
  return lake;
}

test('an engine of its own leaves nothing on the disk', async () => {
  const lake = await parquetLake();
  const before = readdirSync(duckdb.directory);
  const engine = viewsEngineWith({ memoryMb: 256, threads: 1 });
  expect(await handlerOn(lake, { engine })(EVENT)).toEqual({ state: 'done', ...counts(2) });
  expect(lake.text(`views/interval=${intervalName(START)}/posts_by_category.ndjson`)).toBe(
    `{"view":"posts_by_category","interval":"${intervalName(START)}"}\n["art",2]\n{"rows":1}\n`,
  );
  expect(readdirSync(duckdb.directory)).toEqual(before);
});

test('what is current is left out; another manifest is not', async () => {
  const lake = await parquetLake();
  await handlerOn(lake)(EVENT);
  expect(await handlerOn(lake)(EVENT)).toEqual({ state: 'done', ...counts(0) });
  await lake.put(viewsDoneKey(START), JSON.stringify({ ...(lake.json(viewsDoneKey(START)) as object), manifest: 'x' }));
  expect(await handlerOn(lake)(EVENT)).toEqual({ state: 'done', ...counts(1) });
});

test('_SUCCESS is written after the views of its interval', async () => {
  const lake = await parquetLake();
  lake.writes.length = 0;
  await handlerOn(lake)(EVENT);
  const written = lake.writes.filter((key) => key.startsWith('views/'));
  const done = written.flatMap((key, at) => (key.endsWith('_SUCCESS') ? [at] : []));
  expect(done).toEqual([VIEWS.length, 2 * VIEWS.length + 1]);
});

test('a call ends within its budget, and the next one goes on', async () => {
  const lake = await parquetLake();
  let clock = 0;
  const slow = {
    now: () => clock,
    engine: (work: Parameters<typeof computeViews>[1]) => {
      clock += 30_000;
      return computeViews(duckdb.connection, work);
    },
  };
  expect(await handlerOn(lake, slow)(EVENT)).toEqual({ state: 'more', ...counts(1) });
  expect(await handlerOn(lake, slow)(EVENT)).toEqual({ state: 'done', ...counts(1) });
});

test('an interval of more rows than DuckDB is to count is left to the Spark job until it is current', async () => {
  const lake = await parquetLake();
  const spared = { mostRows: 1 };
  expect(await handlerOn(lake, spared)(EVENT)).toEqual({ state: 'done', ...counts(1, 1) });
  expect(lake.json(viewsListKey)).toMatchObject({ run: RUN, intervals: [intervalName(START)] });
  expect(lake.keys('views/').filter((key) => key.endsWith('_SUCCESS'))).toEqual([viewsDoneKey(START + HOUR)]);
  await handlerOn(lake)(EVENT);
  expect(await handlerOn(lake, spared)(EVENT)).toEqual({ state: 'done', ...counts(0) });
  expect(lake.json(viewsListKey)).toMatchObject({ intervals: [] });
});

test('files that do not hold what the manifest says give no view', async () => {
  const lake = await parquetLake();
  await lake.put(postsKey(START, 0), await lake.get(postsKey(START + HOUR, 0)));
  await expect(handlerOn(lake)(EVENT)).rejects.toThrow(
    `partition 0 of interval ${intervalName(START)} must have 2 rows as in its manifest, got 1`,
  );
  expect(lake.keys('views/')).toEqual([]);
});

test('only the run that holds the lease computes', async () => {
  const lake = await parquetLake();
  expect(await handlerOn(lake)({ ...EVENT, run: 'another' })).toMatchObject({ state: 'superseded', holder: RUN });
  expect(lake.keys('views/')).toEqual([]);
});

test('a view of a column that no key consists of is rejected', () => {
  expect(() => viewSql({ name: 'v', description: '', dimensions: ['tag_list'], merge: 'sum' }, 'i', 'p')).toThrow(
    'dimension tag_list must be a string, an integer or a timestamp, got string[]',
  );
});
