import { createHash } from 'node:crypto';
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import fc from 'fast-check';
import { type KafkaRecord } from '../../../../lambda/domain/decode';
import { cleanText } from '../../../../lambda/domain/sections/text';
import { type PublishResponse } from '../../../../lambda/publish/handler';
import { PREFIXES } from '../../../../lambda/formats/keys';
import { type Person, type Target } from '../../../../tools/operate/erase/core';
import { deleteReplaced, erase, viewsOf, type Compact, type EraseDeps } from '../../../../tools/operate/erase/erase';
import { invoking } from '../../../../tools/operate/function';
import { openParquetSearch, type ParquetSearch } from '../../../../tools/operate/erase/parquet';
import { callsFor, runsFor } from '../../../../tools/operate/erase/recompute';
import { countOf, readRaw, search } from '../../../../tools/operate/erase/search';
import { foundText, leftText, viewsText } from '../../../../tools/operate/erase/text';
import { duckdbOfSuite } from '../../../support/duckdb';
import { MemoryLake } from '../../../support/memory-lake';
import { logArbitrary, sectionsJson, toRecord, type RecordSpec } from '../../../support/posts-log';
import { compaction, sealedLog } from '../../../support/sealed-log';

const HOUR = 3_600_000;
const START = Date.parse('2026-11-22T00:00:00Z');
const PARTITION = 3;
const HORIZON_HOURS = 3;

const duckdb = duckdbOfSuite();
let parquet: ParquetSearch;
let looks = 0;

beforeAll(async () => {
  parquet = await openParquetSearch();
});

afterAll(() => parquet.close());

/** The person that posts of this variant name. */
function personOf(variant: number): Person {
  const { user } = sectionsJson({ ...BLANK, user: true, variant }) as { user: Record<string, never> };
  const { first_name, last_name, age, date_joined } = user;
  return { first_name, last_name, age, date_joined: new Date(`${String(date_joined)}Z`).toISOString() };
}

const BLANK: RecordSpec = { timestamp: START, kind: 'post', index: 0, variant: 0 };
const logOf = (specs: readonly RecordSpec[]): KafkaRecord[] =>
  specs.map((spec, offset) => toRecord(spec, PARTITION, offset));

function depsOn(lake: MemoryLake, compact: Compact = compaction(lake, duckdb.directory, HORIZON_HOURS)): EraseDeps {
  return { lake, compact, parquet, temporary: duckdb.directory, concurrency: 4, say: () => undefined };
}

async function eraseFrom(lake: MemoryLake, target: Target, compact?: Compact) {
  const deps = depsOn(lake, compact);
  return erase(deps, target, await search(deps, target));
}

async function sealed(specs: readonly RecordSpec[]): Promise<MemoryLake> {
  const lake = new MemoryLake();
  await sealedLog(lake, compaction(lake, duckdb.directory, HORIZON_HOURS), PARTITION, logOf(specs));
  return lake;
}

/** The rows of all Parquet files that have some. */
async function rowsOf(lake: MemoryLake): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown> = {};
  for (const prefix of [PREFIXES.posts, PREFIXES.dedupIndex, PREFIXES.incompletePosts]) {
    for (const key of lake.keys(prefix).filter((each) => each.endsWith('.parquet'))) {
      const file = join(duckdb.directory, 'look.parquet');
      writeFileSync(file, lake.objects.get(key)!);
      const found = (
        await duckdb.connection.runAndReadAll(`FROM read_parquet('${file}') ORDER BY post_key`)
      ).getRowObjectsJson();
      if (found.length > 0) rows[key] = found;
    }
  }
  return rows;
}

const TWO_INTERVALS: readonly RecordSpec[] = [
  { ...BLANK, index: 2, pin: true, variant: 2 },
  { ...BLANK, index: 3, pin: true, geo: true, user: true, variant: 3 },
  // The only one of its interval.
  { ...BLANK, timestamp: START + HOUR, index: 2, user: true, variant: 4 },
];

/** What all objects hold, byte for byte. */
const stateOf = (lake: MemoryLake) =>
  Object.fromEntries(
    lake.keys().map((key) => [key, createHash('sha256').update(lake.objects.get(key)!).digest('hex')]),
  );

const SCATTERED: readonly RecordSpec[] = [
  { ...BLANK, index: 1, pin: true, geo: true, user: true, variant: 1 },
  // Post 2 of person 4 comes in three intervals, and waits in between; post 3 is another's, with the same parts.
  { ...BLANK, index: 2, pin: true, variant: 2 },
  { ...BLANK, index: 3, pin: true, variant: 2 },
  { ...BLANK, timestamp: START + HOUR, index: 2, user: true, variant: 4 },
  { ...BLANK, timestamp: START + HOUR, index: 3, user: true, variant: 5 },
  { ...BLANK, timestamp: START + 2 * HOUR, index: 2, geo: true, variant: 2 },
  { ...BLANK, timestamp: START + 2 * HOUR, index: 3, geo: true, variant: 2 },
  // Alone in its interval.
  { ...BLANK, timestamp: START + 3 * HOUR, index: 4, pin: true, geo: true, user: true, variant: 4 },
];

describe('erasing a person', () => {
  test('leaves what the lake would hold had the posts never been sent, for any log', async () => {
    await fc.assert(
      fc.asyncProperty(logArbitrary(START, 4 * HOUR, 30), fc.integer({ min: 0, max: 9 }), async (specs, variant) => {
        const theirs = new Set(
          specs
            .filter((each) => each.kind === 'post' && each.user && each.variant === variant)
            .map(({ index }) => index),
        );
        const lake = await sealed(specs);
        const left = await eraseFrom(lake, { person: personOf(variant), posts: [] });
        expect(countOf(left)).toBe(0);
        const without = specs.map((each) =>
          each.kind === 'post' && theirs.has(each.index) ? { ...each, kind: 'heartbeat' as const } : each,
        );
        expect(await rowsOf(lake)).toEqual(await rowsOf(await sealed(without)));
      }),
      { numRuns: 8 },
    );
  }, 120_000);

  test('erases all sections of the posts, in whatever interval they arrived, and files that have no rows left', async () => {
    const lake = await sealed(SCATTERED);
    expect(lake.keys(PREFIXES.posts)).toHaveLength(4);
    const target: Target = { person: personOf(4), posts: [] };
    const views = await viewsOf(lake, await search(depsOn(lake), target));
    const left = await eraseFrom(lake, target);
    expect(countOf(left)).toBe(0);
    expect([...left.posts].sort()).toEqual([2, 4]);
    expect(lake.keys(PREFIXES.posts)).toHaveLength(3);
    expect(views).toEqual([{ from: '2026-11-22T00-00', to: '2026-11-22T03-00' }]);
    for (const key of lake.keys(PREFIXES.raw)) {
      const ndjson = await readRaw({ lake }, key);
      expect(ndjson).not.toContain('N4');
      const [first, last] = key.match(/\d{20}/g)!.map(Number);
      const offsets = ndjson
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { o: number }).o);
      expect(offsets).toEqual(Array.from({ length: last - first + 1 }, (_, i) => first + i));
    }
  });

  test('continues where it was interrupted, whichever write or deletion was the last', async () => {
    const target: Target = { person: personOf(4), posts: [] };
    const before = await sealed(TWO_INTERVALS);
    const copy = () => {
      const lake = new MemoryLake();
      for (const [key, body] of before.objects) lake.objects.set(key, body);
      return lake;
    };
    const whole = copy();
    await eraseFrom(whole, target);
    const expected = stateOf(whole);
    for (let allowed = 0; ; allowed++) {
      const lake = copy();
      let changes = 0;
      const cut = async () => {
        if (changes++ === allowed) throw new Error('cut off');
      };
      const failing = Object.assign(Object.create(lake) as MemoryLake, {
        put: async (key: string, body: Buffer) => (await cut(), lake.put(key, body)),
        upload: async (file: string, key: string) => (await cut(), lake.upload(file, key)),
        delete: async (key: string) => (await cut(), lake.delete(key)),
      });
      const outcome = await eraseFrom(failing, target).catch((error: Error) => error);
      const left = await eraseFrom(lake, target);
      expect({ allowed, left: countOf(left), state: stateOf(lake) }).toEqual({ allowed, left: 0, state: expected });
      if (!(outcome instanceof Error)) break;
      expect(outcome.message).toBe('cut off');
    }
  }, 120_000);

  test('deletes quarantined objects of the person and of the posts, and no others', async () => {
    const lake = await sealed(SCATTERED);
    const put = (at: number, key: string, payload: unknown) =>
      lake.put(
        `${PREFIXES.quarantine}posts/partition=0003/${at}.json`,
        JSON.stringify({
          key: Buffer.from(key).toString('base64'),
          payload: Buffer.from(JSON.stringify(payload)).toString('base64'),
        }),
      );
    const { first_name, last_name, date_joined } = personOf(4);
    await put(100, '50', { user: { ind: 50, first_name, last_name, age: 'x', date_joined } });
    await put(101, '2', { pin: { index: 2 } });
    await put(102, '3', { pin: { index: 3 } });
    await put(103, '50', { pin: { index: 50 } });
    const left = await eraseFrom(lake, { person: personOf(4), posts: [] });
    expect(countOf(left)).toBe(0);
    expect(lake.keys(PREFIXES.quarantine)).toEqual(['quarantine/posts/partition=0003/102.json']);
  });

  test('finds a person in a file whatever the Unicode form of the names in it', async () => {
    const marks = fc.constantFrom('a', 'E', 'o', ' ', 'ñ', '\u0301', '\u0323', '\u0338', '\u1100', '\u1161', '\u212b');
    const names = fc.string({ unit: marks, minLength: 1 }).map((text) => cleanText(`x${text}`)!);
    const file = join(duckdb.directory, 'names.parquet');
    await fc.assert(
      fc.asyncProperty(names, names, fc.constantFrom('NFC', 'NFD'), async (first_name, last_name, form) => {
        const [first, last] = [first_name, last_name].map((name) => name.normalize(form));
        await duckdb.connection.run(
          `COPY (SELECT 1 AS post_key, '${first}' AS first_name, '${last}' AS last_name, 36 AS age,
             TIMESTAMPTZ '2016-01-02 03:04:05Z' AS date_joined) TO '${file}' (FORMAT parquet)`,
        );
        const person = { first_name, last_name, age: 36, date_joined: '2016-01-02T03:04:05.000Z' };
        // Each search has a file of its own: DuckDB remembers blocks of files by name.
        const named = join(duckdb.directory, `names-${looks++}.parquet`);
        renameSync(file, named);
        expect(await parquet.holding([named], [], person)).toEqual(new Set([named]));
        expect(await parquet.holding([named], [], { ...person, first_name: `${first_name}y` })).toEqual(new Set());
      }),
      { numRuns: 30 },
    );
  });

  test('changes nothing while it searches, and leaves no file on the disk', async () => {
    const lake = await sealed(SCATTERED);
    const before = new Map(lake.objects);
    const said: string[] = [];
    const found = await search({ ...depsOn(lake), say: (line) => said.push(line) }, { person: personOf(4), posts: [] });
    expect(new Map(lake.objects)).toEqual(before);
    expect(foundText(found).split('\n').slice(0, 4)).toEqual([
      'posts: 2, including those erased earlier',
      `raw: ${found.records} records in 3 objects`,
      'quarantine: 0 objects',
      'posts and incomplete posts: 6 files',
    ]);
    expect(leftText(found)).toBe('9 left');
    expect(said.join('\n')).not.toContain('N4');
    expect(readdirSync(duckdb.directory).filter((name) => name.startsWith('erase-'))).toEqual([]);
  });

  test('by the key of a post needs no person', async () => {
    const lake = await sealed(SCATTERED);
    const left = await eraseFrom(lake, { posts: [1] });
    expect(countOf(left)).toBe(0);
    expect(Object.values(await rowsOf(lake)).flat()).not.toContainEqual(expect.objectContaining({ post_key: '1' }));
    expect(await search(depsOn(lake), { person: personOf(4), posts: [] })).toMatchObject({ posts: new Set([1, 2, 4]) });
  });

  test('reports what is left where compaction does not write the files again', async () => {
    const lake = await sealed(SCATTERED);
    const idle: Compact = () => Promise.resolve({ intervals: [] });
    const left = await eraseFrom(lake, { person: personOf(4), posts: [] }, idle);
    expect({ raw: left.raw, files: left.parquet.length }).toEqual({ raw: [], files: 6 });
  });
});

test('replaced views are deleted by the publishing function, or not while a run works', async () => {
  const said: string[] = [];
  const say = (line: string) => said.push(line);
  const events: unknown[] = [];
  const answering = (response: PublishResponse) => async (event: unknown) => (events.push(event), response);
  expect(await deleteReplaced(answering({ state: 'done', deleted: 3 }), say)).toBe(true);
  const held = { state: 'superseded', holder: 'scheduled__1', until: '2026-11-22T21:30:00.000Z' } as const;
  expect(await deleteReplaced(answering(held), say)).toBe(false);
  expect(events).toEqual([0, 1].map(() => ({ run: expect.stringMatching(/^erase 20/), replaced: 'delete' })));
  expect(said).toEqual([
    'replaced views: 3 deleted',
    'replaced views: run scheduled__1 works until 2026-11-22T21:30:00.000Z, try again then',
  ]);
});

describe('what is computed again', () => {
  const file = (interval: string, partition: number) => `posts/interval=${interval}/partition=000${partition}.parquet`;
  const names = Array.from({ length: 8 }, (_, hour) => `2026-11-22T0${hour}-00`);

  test('is requested per partition, with ascending intervals, in calls that end in time', () => {
    const keys = [...names].reverse().map((name) => file(name, 1));
    keys.push(`incomplete-posts/partition=0002/interval=${names[3]}.parquet`, file(names[3], 2));
    expect(callsFor(keys)).toEqual([
      { step: 'compact', partition: 1, intervals: names.slice(0, 6) },
      { step: 'compact', partition: 1, intervals: names.slice(6) },
      { step: 'compact', partition: 2, intervals: [names[3]] },
    ]);
    expect(() => callsFor(['posts/other'])).toThrow("key must name an interval and a partition, got 'posts/other'");
  });

  test('shares a run of the DAG with adjacent intervals, for which the runbook has the command', () => {
    const runs = runsFor(new Set([names[0], names[1], names[4], names[7]]), names, 2);
    expect(runs).toEqual([
      { from: names[0], to: names[1] },
      { from: names[4], to: names[4] },
      { from: names[7], to: names[7] },
    ]);
    expect(runsFor(new Set(names.slice(2)), names, 4)).toEqual([
      { from: names[2], to: names[5] },
      { from: names[6], to: names[7] },
    ]);
    expect(viewsText(runs)[1]).toBe(
      `  dag dagRuns POST '{"logical_date":null,"conf":{"from":"2026-11-22T00-00","to":"2026-11-22T01-00"}}'`,
    );
    expect(viewsText([])).toEqual([]);
  });
});

describe('the deployed compaction', () => {
  const answering = (answer: object, sent: InvokeCommand[] = []) =>
    ({ send: (command: InvokeCommand) => (sent.push(command), Promise.resolve(answer)) }) as unknown as LambdaClient;
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));

  test('is called by name, and returns its result', async () => {
    const sent: InvokeCommand[] = [];
    const answer = { intervals: [{ interval: '2026-11-22T00-00', rows: 0 }] };
    expect(await invoking('f', answering({ Payload: json(answer) }, sent))({ step: 'commit' })).toEqual(answer);
    expect(sent.map(({ input }) => input)).toEqual([{ FunctionName: 'f', Payload: json({ step: 'commit' }) }]);
  });

  test('that fails is an error of one line', async () => {
    const failed = (payload: unknown) => answering({ FunctionError: 'Unhandled', Payload: json(payload) });
    await expect(invoking('f', failed({ errorMessage: 'no seal\n at x' }))({})).rejects.toThrow(
      /^function f failed: no seal$/,
    );
    await expect(invoking('f', failed({}))({})).rejects.toThrow(/^function f failed: Unhandled$/);
  });
});
