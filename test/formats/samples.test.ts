/** What each released version has stored is read by this one. The samples are made once, by `make.ts`, and never again. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import type * as archiveModule from '../../lambda/archive/handler';
import { getManifest, getSeal, rawObjects } from '../../lambda/aws/lake';
import { type BoundaryRow } from '../../lambda/aws/keyspaces/store';
import { openRun } from '../../lambda/aws/keyspaces/view-runs';
import type * as engineModule from '../../lambda/compact/engine';
import type * as compactModule from '../../lambda/compact/handler';
import { storedSummary } from '../../lambda/compact/inputs';
import { intervalName } from '../../lambda/domain/intervals';
import { serialize } from '../../lambda/formats/interval-metadata';
import { planKey, postsKey, quarantineKey, sealKey, viewKey } from '../../lambda/formats/keys';
import { parsePlan } from '../../lambda/formats/plan';
import { decodePosts } from '../../lambda/formats/post-blob';
import { decodeHead, speedSchema } from '../../lambda/formats/speed-head';
import { StoredDelta } from '../../lambda/formats/speed-log';
import { decodeFirstKeys, type RunPointer } from '../../lambda/formats/view-run';
import { parseViewObject } from '../../lambda/formats/view-object';
import { openDuckdb } from '../support/duckdb';
import { memoryBatchStore } from '../support/memory-batch-store';
import { MemoryLake } from '../support/memory-lake';
import { memoryStore, rowKey, speedCounts, type MemoryStore, type SpeedTables } from '../support/memory-store';
import { nextVersion, type Addition } from '../support/next-version';
import { lambdaEvent, toRecord, type RecordSpec } from '../support/posts-log';
import { aggregateOver } from '../support/speed-layer';
import { countsOf, joinKey } from '../support/view-runs';
import { HOUR, INTERVAL_MINUTES, LOG, START, TOPIC, VIEWS } from './log';

const [MINUTE_VIEW, JOINED, TOP] = VIEWS;
const SECOND = START + HOUR;
const quiet = { report: () => undefined, log: { warn: () => undefined }, now: () => SECOND };

type EntriesOf<M> = M extends Map<infer K, infer V> ? readonly (readonly [K, V])[] : never;

interface Tables {
  readonly speed_log: EntriesOf<SpeedTables['logs']>;
  readonly speed_head: EntriesOf<SpeedTables['heads']>;
  readonly speed_runs: EntriesOf<SpeedTables['chunks']>;
  readonly speed_posts: EntriesOf<SpeedTables['posts']>;
  readonly batch_views: readonly (RunPointer & { readonly name: string })[];
  readonly boundary: BoundaryRow;
  readonly first_keys: Buffer;
}

function filesIn(directory: string): string[] {
  return readdirSync(directory)
    .map((name) => join(directory, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesIn(path) : [path]));
}

function samplesOf(version: string): { readonly lake: MemoryLake; readonly tables: Tables } {
  const lake = new MemoryLake();
  const directory = join(__dirname, version, 'lake');
  for (const path of filesIn(directory)) lake.objects.set(relative(directory, path), readFileSync(path));
  const text = readFileSync(join(__dirname, version, 'tables.json'), 'utf8');
  const bytes = (_: string, value: unknown) => {
    const { base64 } = (value ?? {}) as { readonly base64?: string };
    return base64 === undefined ? value : Buffer.from(base64, 'base64');
  };
  return { lake, tables: JSON.parse(text, bytes) as Tables };
}

function speedOf({ speed_log, speed_head, speed_runs, speed_posts }: Tables): MemoryStore {
  return memoryStore({
    logs: new Map(speed_log.map(([key, rows]) => [key, [...rows]])),
    heads: new Map(speed_head),
    chunks: new Map(speed_runs),
    posts: new Map(speed_posts),
  });
}

const countsIn = (store: MemoryStore) =>
  speedCounts(store, { topic: TOPIC, partitions: 1, intervalMinutes: INTERVAL_MINUTES, views: VIEWS });

let temporary: string;
beforeAll(() => void (temporary = mkdtempSync(join(tmpdir(), 'formats-'))));
afterAll(() => rmSync(temporary, { recursive: true }));

/** Posts of an interval as the file of `posts/` has them: key, sections, and one column of each section. */
async function postsIn(lake: MemoryLake, interval: number): Promise<unknown[]> {
  const file = join(temporary, `posts-${interval}-${Math.random()}`);
  writeFileSync(file, await lake.get(postsKey(interval, 0)));
  const instance = await openDuckdb();
  const connection = await instance.connect();
  const columns = "post_key::INTEGER AS key, array_to_string(sections, ' ') AS sections, category, country, age_group";
  const rows = await connection.runAndReadAll(`SELECT ${columns} FROM read_parquet('${file}') ORDER BY first_offset`);
  connection.closeSync();
  instance.closeSync();
  return rows.getRowObjectsJS();
}

const VERSIONS = readdirSync(__dirname).filter((name) => /^v\d+$/.test(name));

test('there are samples', () => {
  expect(VERSIONS).toContain('v1');
});

describe.each(VERSIONS)('%s', (version) => {
  const { lake, tables } = samplesOf(version);

  test('of the raw log: lines, and the bytes of bad records', async () => {
    const objects = await rawObjects(lake, TOPIC, { partition: 0, from: 0, to: LOG.length });
    const lines = objects.flatMap(({ key }) =>
      zstdDecompressSync(lake.objects.get(key)!).toString('utf8').trimEnd().split('\n'),
    );
    const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(parsed.map(({ o, s, k }) => [o, s, k])).toEqual([
      [0, 'post', 1],
      [1, 'post', 2],
      [2, 'bad', undefined],
      [3, 'post', 4],
      [4, 'post', 2],
      [5, 'post', 5],
      [6, 'post', 1],
      [7, 'heartbeat', undefined],
    ]);
    expect(parsed[1]).toMatchObject({ h: 'pin', pin: { category: 'art', follower_count: 1_000 } });
    expect(JSON.parse(String(parsed[1].raw))).toMatchObject({ index: 2, follower_count: '1k' });
    expect(lake.json(quarantineKey(TOPIC, 0, 2))).toMatchObject({ offset: 2, reason: 'value must be JSON' });
  });

  test('of seals, summaries, manifests and the plan', async () => {
    const seal = await getSeal(lake, SECOND, INTERVAL_MINUTES);
    expect(seal).toMatchObject({ previous: intervalName(START), topic: TOPIC });
    expect(seal!.partitions).toEqual([{ partition: 0, from: 4, to: 7 }]);
    expect(await storedSummary(lake, SECOND, 0)).toMatchObject({ rows: 2, duplicates: 3, repeated: 1, accepted: 2 });
    expect(await getManifest(lake, SECOND, INTERVAL_MINUTES)).toMatchObject({ rows: 2, intervalMinutes: 60 });
    expect(parsePlan(planKey, lake.text(planKey))).toMatchObject({ run: null, published: 2, unreconciled: [] });
  });

  test('of posts, and of views as an engine writes them', async () => {
    expect(await postsIn(lake, SECOND)).toEqual([
      { key: 2, sections: 'pin geo', category: 'art', country: 'Fiji', age_group: null },
      { key: 5, sections: 'pin geo user', category: 'art', country: 'Korea, Republic of', age_group: '25-35' },
    ]);
    const key = viewKey(SECOND, JOINED.name);
    expect(await countsOf(parseViewObject(key, (await lake.open(key)).bytes, JOINED, SECOND))).toEqual(
      new Map([
        [joinKey(['Fiji', 'art']), 1],
        [joinKey(['Korea, Republic of', 'art']), 1],
      ]),
    );
  });

  test('of rows of both layers, and of the time boundary', async () => {
    const store = memoryBatchStore();
    for (const { name, ...row } of tables.batch_views) store.runs.set(name, row);
    const run = await openRun(store, TOP, intervalName(SECOND));
    const expected = new Map([
      [joinKey(['Fiji', 'poster 0']), 1_000],
      [joinKey(['Korea, Republic of', 'poster 2']), 3_000],
    ]);
    expect(await countsOf(run!.rows())).toEqual(expected);
    const speed = await countsIn(speedOf(tables));
    expect(speed.get(rowKey(TOP.name, SECOND, 0))).toEqual(expected);
    expect(speed.get(rowKey(MINUTE_VIEW.name, START, 0))!.size).toBe(3);
    expect(tables.boundary).toMatchObject({ interval: SECOND, firstInterval: START, intervalMinutes: 60, drift: 0 });
    expect(decodeFirstKeys(tables.first_keys)).toEqual([['art'], ['travel']]);
  });

  test('of the log, the head, the runs and the posts of the speed layer', () => {
    const [[, { foldedTo, state }]] = tables.speed_head;
    expect(decodeHead(foldedTo, state, speedSchema(VIEWS, INTERVAL_MINUTES))).toEqual({
      ...{ foldedTo: 4, interval: SECOND, asOf: START + 61 * 60_000, closed: START, wholeFrom: 0 },
      ...{ runs: [{ tier: 1, from: 4, to: 4 }], remembered: [START, SECOND] },
    });
    const [[, rows]] = tables.speed_log;
    expect(rows.map(({ from, to, interval }) => [from, to, interval])).toEqual([
      [0, 3, START],
      [4, 4, SECOND],
      [5, 6, SECOND],
    ]);
    const { posts, views } = new StoredDelta(rows[0]);
    expect(views).toBe(speedSchema(VIEWS, INTERVAL_MINUTES).fingerprint);
    expect([posts.index, posts.known, posts.news].map(({ all }) => [...all])).toEqual([
      [1, 2, 4],
      [7, 1, 3],
      [7, 1, 3],
    ]);
    const column = (name: 'category' | 'country' | 'follower_count') =>
      Array.from(posts.index.all, (_, at) => posts.columns.get(name)!.valueAt(at));
    expect([column('category'), column('country'), column('follower_count')]).toEqual([
      ['art', 'art', 'travel'],
      ['Fiji', null, 'Åland Islands'],
      [1_000, 1_000, 2_000],
    ]);
    expect(new Set(tables.speed_runs.map(([, { key }]) => key.tier))).toEqual(new Set([0, 1]));
    const pieces = tables.speed_posts.map(([, { key, blob }]) => [key.interval, decodePosts(blob).posts] as const);
    expect(pieces.map(([interval, { index, known }]) => [interval, [...index.all], [...known.all]])).toEqual([
      [START, [1, 2, 4], [7, 1, 3]],
      [SECOND, [2], [3]],
    ]);
    // What is complete has no columns any more.
    expect([0, 1].map((at) => pieces[0][1].columns.get('category')!.valueAt(at))).toEqual([null, 'art']);
  });

  const record = (minute: number, index: number, sections: Partial<RecordSpec>, offset: number) =>
    toRecord({ kind: 'post', timestamp: START + minute * 60_000, variant: 0, index, ...sections }, 0, offset);

  test('goes on in the speed layer', async () => {
    const store = speedOf(tables);
    await aggregateOver(store, { views: VIEWS })(
      lambdaEvent(TOPIC, [
        LOG[7],
        record(121, 4, { user: true }, 8),
        record(122, 2, { pin: true }, 9),
        record(123, 6, { pin: true }, 10),
        record(124, 6, { geo: true }, 11),
      ]),
    );
    const counts = await countsIn(store);
    const third = START + 2 * HOUR;
    expect(counts.get(rowKey(MINUTE_VIEW.name, third, 0))).toEqual(new Map([['2026-11-22T23:03:00.000Z', 1]]));
    expect(counts.get(rowKey(JOINED.name, third, 0))).toEqual(new Map([[joinKey(['Fiji', 'art']), 1]]));
    expect([...store.heads.values()].map(({ foldedTo }) => foldedTo)).toEqual([6]);
  });

  describe('goes on in the batch layer', () => {
    const versionOf = (addition: Addition) =>
      nextVersion(addition, () => ({
        archive: (require('../../lambda/archive/handler') as typeof archiveModule).makeHandler,
        compact: (require('../../lambda/compact/handler') as typeof compactModule).makeHandler,
        engine: (require('../../lambda/compact/engine') as typeof engineModule).compactionWith,
      }));

    /** Archives and compacts the next interval: offsets from 7 on, of which the first is a heartbeat record. */
    async function compacted(
      code: ReturnType<typeof versionOf>,
      stored: MemoryLake,
      hour: number,
      ...records: ReturnType<typeof record>[]
    ) {
      const interval = START + hour * HOUR;
      await code.archive({ ...quiet, topic: TOPIC, store: stored })(lambdaEvent(TOPIC, records));
      const from = records[0].offset === 8 ? 7 : records[0].offset;
      const seal = {
        interval: intervalName(interval),
        previous: intervalName(interval - HOUR),
        topic: TOPIC,
        intervalMinutes: INTERVAL_MINUTES,
        partitions: [{ partition: 0, from, to: records.at(-1)!.offset + 1 }],
      };
      await stored.put(sealKey(interval), serialize(seal));
      const handle = code.compact({
        ...quiet,
        intervalMinutes: INTERVAL_MINUTES,
        identityHorizonHours: 24,
        store: stored,
        compaction: code.engine({ memoryMb: 256, threads: 1 }),
        temporary,
      });
      await handle({ step: 'compact', partition: 0, intervals: [seal.interval] });
      await handle({ step: 'commit', intervals: [seal.interval] });
      return postsIn(stored, interval);
    }

    test.each<Addition>([{}, { column: 'nickname' }, { section: 'photo' }])(
      'with %j more: posts that wait and repeated ones are known, and after a rollback, too',
      async (addition) => {
        const stored = samplesOf(version).lake;
        const completed = {
          key: 4,
          sections: 'pin geo user',
          category: 'travel',
          country: 'Åland Islands',
          age_group: '18-24',
        };
        expect(
          await compacted(
            versionOf(addition),
            stored,
            2,
            record(121, 4, { user: true }, 8),
            record(122, 1, { pin: true }, 9),
            record(123, 6, { pin: true }, 10),
          ),
        ).toEqual([completed, { key: 6, sections: 'pin', category: 'art', country: null, age_group: null }]);
        expect(
          await compacted(
            versionOf({}),
            stored,
            3,
            record(181, 2, { user: true }, 11),
            record(182, 4, { user: true }, 12),
            record(183, 6, { geo: true }, 13),
          ),
        ).toEqual([
          { key: 2, sections: 'pin geo user', category: 'art', country: 'Fiji', age_group: '18-24' },
          { key: 6, sections: 'pin geo', category: 'art', country: 'Fiji', age_group: null },
        ]);
      },
    );

    test('with a section more, rolled back and deployed again: it knows what it had', async () => {
      const stored = samplesOf(version).lake;
      const later = versionOf({ section: 'photo' });
      const photo = (minute: number, index: number, offset: number) => ({
        ...record(minute, index, {}, offset),
        value: Buffer.from(JSON.stringify({ ind: index })),
        headers: { section: 'photo' },
      });
      const keysOf = (posts: unknown[]) => posts.map((post) => (post as { key: number }).key);
      expect(keysOf(await compacted(later, stored, 2, photo(121, 7, 8), photo(122, 1, 9)))).toEqual([7, 1]);
      // This version does not know the section, and quarantines it.
      expect(
        keysOf(await compacted(versionOf({}), stored, 3, photo(181, 8, 10), record(182, 9, { pin: true }, 11))),
      ).toEqual([9]);
      const again = await compacted(
        later,
        stored,
        4,
        photo(241, 7, 12),
        photo(242, 9, 13),
        record(243, 7, { pin: true }, 14),
      );
      expect(again).toMatchObject([
        { key: 9, sections: 'pin photo' },
        // Its photo is not counted again, and what waited of the section did not outlast the version that does not know it.
        { key: 7, sections: 'pin' },
      ]);
    });
  });
});
