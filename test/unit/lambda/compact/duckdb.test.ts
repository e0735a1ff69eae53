import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { compactionWith } from '../../../../lambda/compact/engine';
import { makeHandler } from '../../../../lambda/compact/handler';
import { intervalName } from '../../../../lambda/domain/intervals';
import { serialize, type Manifest, type Seal } from '../../../../lambda/formats/interval-metadata';
import { columnsOf, COLUMNS, SECTIONS, type Section, type Sections } from '../../../../lambda/domain/columns';
import { manifestKey, postsKey, rawKey, sealKey } from '../../../../lambda/formats/keys';
import { countedOnce, type LogRecord } from '../../../support/counted-once';
import { duckdbOfSuite } from '../../../support/duckdb';
import { MemoryLake } from '../../../support/memory-lake';
import { compactionOn, readRows, type PostRow } from '../../../../tools/simulate/models/compaction';
import { MemoryDisk } from '../../../../tools/simulate/models/disk';

const HOUR = 3_600_000;
const START = Date.parse('2026-11-22T00:00:00Z');
const HORIZON_HOURS = 3;
const PARTITION = 3;

/** The columns of a section, distinguishable by the record that brought them. */
function columnsFrom(section: Section, tag: number): Record<string, string | number | string[]> {
  return Object.fromEntries(
    columnsOf(section).map(({ name, type }) => {
      switch (type) {
        case 'string':
          return [name, `${name} "${tag}" ü`];
        case 'string[]':
          return [name, [`tag ${tag}`, 'b']];
        case 'timestamp':
          return [name, new Date(START + tag).toISOString()];
        case 'double':
          return [name, tag + 0.5];
        default:
          return [name, tag];
      }
    }),
  );
}

function sectionsFrom(present: readonly Section[], tag: number): Sections {
  return Object.fromEntries(present.map((section) => [section, columnsFrom(section, tag)]));
}

function lineOf({ offset, post }: LogRecord, kind: (typeof KINDS)[number]): string {
  return post
    ? JSON.stringify({ o: offset, t: 1, s: 'post', k: post.key, ...post.sections, raw: '{"any": "text"}' })
    : JSON.stringify({ o: offset, t: 1, s: kind });
}

interface Log {
  readonly records: readonly LogRecord[];
  readonly intervals: readonly number[];
  /** Offset ranges of the raw objects, both ends included; they may overlap. */
  readonly objects: readonly (readonly [number, number])[];
}

const KINDS = ['bad', 'heartbeat', 'canary'] as const;

/** Puts a log and the seals of its intervals into a store. */
function storeOf({ records, intervals, objects }: Log): MemoryLake {
  const store = new MemoryLake();
  for (const [first, last] of objects) {
    const lines = records.slice(first, last + 1).map((record) => lineOf(record, KINDS[record.offset % KINDS.length]));
    store.objects.set(rawKey('posts', PARTITION, first, last), zstdCompressSync(lines.join('\n') + '\n'));
  }
  let from = 0;
  let previous: string | null = null;
  for (const interval of intervals) {
    const to = records.filter((record) => record.interval <= interval).length;
    const seal: Seal = {
      interval: intervalName(interval),
      previous,
      topic: 'posts',
      intervalMinutes: 60,
      partitions: [{ partition: PARTITION, from, to }],
    };
    store.objects.set(sealKey(interval), Buffer.from(serialize(seal)));
    from = to;
    previous = seal.interval;
  }
  return store;
}

const arbitraryLog: fc.Arbitrary<Log> = fc
  .array(
    fc.record({
      // How many intervals later than the previous record.
      later: fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 4),
      key: fc.integer({ min: 0, max: 3 }),
      sections: fc.subarray([...SECTIONS]),
      // How many records the object that starts here contains; 0: none starts here.
      object: fc.integer({ min: 0, max: 5 }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((steps) => {
    let interval = START;
    const records = steps.map(({ later, key, sections }, offset) => {
      interval += later * HOUR;
      const post = sections.length > 0 ? { key, sections: sectionsFrom(sections, offset) } : undefined;
      return { offset, interval, post };
    });
    const objects: [number, number][] = [];
    let covered = 0;
    steps.forEach(({ object }, offset) => {
      const size = offset === covered ? Math.max(1, object) : object;
      if (size === 0) return;
      const last = Math.min(steps.length, offset + size) - 1;
      objects.push([offset, last]);
      covered = Math.max(covered, last + 1);
    });
    return { records, intervals: [...new Set(records.map((record) => record.interval))], objects };
  });

const duckdb = duckdbOfSuite();

function handlerOn(store: MemoryLake) {
  return makeHandler({
    intervalMinutes: 60,
    identityHorizonHours: HORIZON_HOURS,
    store,
    compaction: compactionWith({ memoryMb: 256, threads: 1 }),
    temporary: duckdb.directory,
    report: () => undefined,
    now: () => 0,
  });
}

async function rowsOf(store: MemoryLake, interval: number): Promise<Record<string, unknown>[]> {
  const body = store.objects.get(postsKey(interval, PARTITION));
  if (!body) return [];
  const file = join(duckdb.directory, 'look.parquet');
  writeFileSync(file, body);
  const times = COLUMNS.filter(({ type }) => type === 'timestamp').map(({ name }) => name);
  const replaced = times.map((name) => `strftime("${name}", '%Y-%m-%dT%H:%M:%S.%gZ') AS "${name}"`).join(', ');
  const reader = await duckdb.connection.runAndReadAll(`SELECT * REPLACE (${replaced}) FROM read_parquet('${file}')`);
  return reader
    .getRowObjectsJson()
    .map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
        ]),
      ),
    );
}

async function compactAll(store: MemoryLake, intervals: readonly number[], handle = handlerOn(store)) {
  const names = intervals.map(intervalName);
  await handle({ step: 'compact', partition: PARTITION, intervals: names });
  await handle({ step: 'commit', intervals: names });
}

/** The same log, compacted by the simulator's model. */
async function compactedByModel(log: Log): Promise<MemoryLake> {
  const store = storeOf(log);
  const disk = new MemoryDisk();
  const handle = makeHandler({
    ...{
      intervalMinutes: 60,
      identityHorizonHours: HORIZON_HOURS,
      temporary: '/tmp',
      report: () => undefined,
      now: () => 0,
    },
    store: Object.assign(store, {
      download: async (key: string, file: string) => disk.write(file, await store.get(key)),
      upload: (file: string, key: string) => store.put(key, disk.read(file)),
    }),
    ...{ disk, compaction: compactionOn(disk) },
  });
  await compactAll(store, log.intervals, handle);
  return store;
}

/** Without what depends on the format of the files. */
const countsOf = (part: Manifest['partitions'][number]) => ({ ...part, bytes: 0, sha256: null, inputs: undefined });

describe('compaction in DuckDB', () => {
  it('produces the rows of the naive reference and of the model, for any log, any delivery and any horizon', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryLog, async (log) => {
        const store = storeOf(log);
        await compactAll(store, log.intervals);
        const expected = countedOnce(log.records, log.intervals, HORIZON_HOURS * HOUR);
        const rows: Record<string, unknown>[] = [];
        for (const interval of log.intervals) rows.push(...(await rowsOf(store, interval)));
        expect(rows).toEqual(
          expected.rows.map(({ interval, columns, ...row }) => ({
            ...row,
            interval_start: intervalName(interval),
            kafka_partition: PARTITION,
            ...columns,
          })),
        );
        const manifests = log.intervals.map((interval) => store.json(manifestKey(interval)) as Manifest);
        const sum = (of: (manifest: Manifest['partitions'][0]) => number) =>
          manifests.flatMap(({ partitions }) => partitions).reduce((total, each) => total + of(each), 0);
        expect(sum(({ rows }) => rows)).toBe(rows.length);
        expect(sum(({ duplicates }) => duplicates)).toBe(expected.duplicates);
        // Every record is accounted for, and canaries and heartbeat records are not rows.
        expect(sum(({ accepted, repeated }) => accepted + repeated)).toBe(
          log.records.filter(({ post }) => post).length,
        );
        const model = await compactedByModel(log);
        const byModel = log.intervals.flatMap((interval) =>
          readRows<PostRow>(model.objects.get(postsKey(interval, PARTITION)) ?? Buffer.alloc(0)),
        );
        expect(byModel.map(({ columns, ...row }) => ({ ...row, ...columns }))).toEqual(rows);
        const modelled = log.intervals.map((interval) => model.json(manifestKey(interval)) as Manifest);
        expect(modelled.flatMap(({ partitions }) => partitions.map(countsOf))).toEqual(
          manifests.flatMap(({ partitions }) => partitions.map(countsOf)),
        );
        const others = log.records.filter(({ post }) => !post);
        expect(sum(({ controlRecords }) => controlRecords)).toBe(others.filter(({ offset }) => offset % 3 > 0).length);
        expect(sum(({ quarantined }) => quarantined)).toBe(others.filter(({ offset }) => offset % 3 === 0).length);
      }),
      { numRuns: 40 },
    );
  }, 180_000);

  const twoIntervals: Log = {
    records: [
      { offset: 0, interval: START, post: { key: 7, sections: sectionsFrom(['pin'], 0) } },
      { offset: 1, interval: START, post: { key: 8, sections: sectionsFrom(['pin', 'geo', 'user'], 1) } },
      { offset: 2, interval: START + HOUR, post: { key: 7, sections: sectionsFrom(['geo', 'user'], 2) } },
      { offset: 3, interval: START + HOUR, post: { key: 8, sections: sectionsFrom(['pin', 'geo', 'user'], 3) } },
    ],
    intervals: [START, START + HOUR],
    objects: [[0, 3]],
  };

  it('completes a post with the sections from the previous interval', async () => {
    const store = storeOf(twoIntervals);
    await compactAll(store, twoIntervals.intervals);
    const [row, ...others] = await rowsOf(store, START + HOUR);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ post_key: 7, first_offset: 2, new_sections: ['geo', 'user'] });
    expect(row).toMatchObject({ category: 'category "0" ü', country: 'country "2" ü', age: 2 });
  });

  it('writes the same bytes when it runs again', async () => {
    const store = storeOf(twoIntervals);
    await compactAll(store, twoIntervals.intervals);
    const first = new Map(store.objects);
    await compactAll(store, twoIntervals.intervals);
    expect([...store.objects.keys()]).toEqual([...first.keys()]);
    for (const [key, body] of store.objects)
      expect({ key, same: body.equals(first.get(key)!) }).toEqual({ key, same: true });
  });

  it('leaves no file behind, whether it succeeds or fails', async () => {
    const store = storeOf(twoIntervals);
    await compactAll(store, twoIntervals.intervals);
    store.objects.delete(rawKey('posts', PARTITION, 0, 3));
    await expect(compactAll(store, twoIntervals.intervals)).rejects.toThrow('partition 3 lacks offsets 0-1');
    expect(readdirSync(duckdb.directory).filter((name) => name.startsWith('compact-'))).toEqual([]);
  });

  it('rejects a raw object that does not contain the offsets in its name', async () => {
    const store = storeOf(twoIntervals);
    const body = zstdCompressSync(lineOf(twoIntervals.records[0], 'bad') + '\n');
    store.objects.set(rawKey('posts', PARTITION, 0, 3), body);
    await expect(compactAll(store, [START])).rejects.toThrow(
      'must hold offsets 0 to 1 once each, got 1 records from 0 to 0',
    );
    expect(store.objects.has(manifestKey(START))).toBe(false);
  });
});
