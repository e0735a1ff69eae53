import {
  manifestOf,
  parseEvent,
  parseViewsEngine,
  rangeOf,
  resourcesOf,
  sourcesOf,
} from '../../../../lambda/compact/core';
import { compactionWith } from '../../../../lambda/compact/engine';
import { makeHandler } from '../../../../lambda/compact/handler';
import { serialize, type PartitionSummary, type Seal } from '../../../../lambda/formats/interval-metadata';
import { manifestKey, sealKey } from '../../../../lambda/formats/keys';
import { MemoryLake } from '../../../support/memory-lake';

const A = '2026-11-22T21-00';
const B = '2026-11-22T22-00';
const START = Date.parse('2026-11-22T21:00:00Z');
const HOUR = 3_600_000;

const seal: Seal = {
  interval: B,
  previous: A,
  topic: 'posts',
  intervalMinutes: 60,
  partitions: [
    { partition: 0, from: 5, to: 9 },
    { partition: 1, from: 2, to: 2 },
  ],
};

const summary = (partition: number, from: number, to: number, rows: number): PartitionSummary => ({
  partition,
  from,
  to,
  rows,
  bytes: 10,
  sha256: 'x',
  rawObjects: 1,
  duplicates: 0,
  accepted: rows,
  repeated: 0,
  quarantined: 0,
  controlRecords: 0,
});

describe('the manifest', () => {
  it('adds the rows up and names the columns with their types', () => {
    const manifest = manifestOf(seal, [summary(0, 5, 9, 3), summary(1, 2, 2, 0)]);
    expect(manifest).toMatchObject({ interval: B, previous: A, topic: 'posts', rows: 3 });
    expect(manifest.columns).toMatchObject({ post_key: 'long', new_sections: 'string[]', posted_at: 'timestamp' });
    expect(manifest.partitions.map(({ rows }) => rows)).toEqual([3, 0]);
  });

  it('is rejected while a partition is missing or was compacted over other offsets', () => {
    expect(() => manifestOf(seal, [summary(0, 5, 9, 3), undefined])).toThrow(
      `partition 1 of interval ${B} is not compacted`,
    );
    expect(() => manifestOf(seal, [summary(0, 5, 8, 3), summary(1, 2, 2, 0)])).toThrow(
      'from 5 to 9, got partition 0 from 5 to 8',
    );
  });
});

test('the views engine is one of three', () => {
  expect(['spark', 'duckdb', 'auto'].map((value) => parseViewsEngine('E', value))).toEqual(['spark', 'duckdb', 'auto']);
  expect(() => parseViewsEngine('E', 'Spark')).toThrow(
    "environment variable E must be one of spark, duckdb, auto, got 'Spark'",
  );
});

describe('the event', () => {
  const parse = (event: unknown) => parseEvent(event, 60);

  it('names a step, a partition and ascending intervals', () => {
    expect(parse({ step: 'compact', partition: 3, intervals: [A, B] })).toEqual({
      step: 'compact',
      partition: 3,
      intervals: [START, START + HOUR],
    });
    expect(parse({ step: 'commit', intervals: [A] })).toEqual({ step: 'commit', intervals: [START] });
  });

  it.each([
    [undefined, 'step must be compact or commit'],
    [{ step: 'x' }, "got 'x'"],
    [{ step: 'commit', intervals: [] }, 'intervals must be a list of at least one'],
    [{ step: 'commit', intervals: ['2026-11-22T21-30'] }, "got '2026-11-22T21-30'"],
    [{ step: 'commit', intervals: [B, A] }, `intervals must ascend, got ${A} after ${B}`],
    [{ step: 'compact', partition: -1, intervals: [A] }, "partition must be an integer of at least 0, got '-1'"],
    [{ step: 'compact', intervals: [A] }, "partition must be an integer of at least 0, got 'undefined'"],
  ])('%j is rejected: %s', (event, message) => {
    expect(() => parse(event)).toThrow(message);
  });
});

describe('inputs', () => {
  it('reads each offset from one object', () => {
    const objects = [
      { key: 'a', from: 0, to: 7 },
      { key: 'b', from: 6, to: 12 },
    ];
    expect(sourcesOf(objects, seal.partitions[0]).map(({ item, from, to }) => [item.key, from, to])).toEqual([
      ['a', 5, 7],
      ['b', 7, 9],
    ]);
    expect(() => sourcesOf([objects[1]], seal.partitions[0])).toThrow('partition 0 lacks offsets 5');
  });

  it('accepts only the partitions of the seal', () => {
    expect(() => rangeOf(seal, 7)).toThrow(`partition must be one of 0, 1 in interval ${B}, got 7`);
  });
});

describe('memory', () => {
  it('leaves room for the rest of the function', () => {
    expect(resourcesOf(512)).toEqual({ memoryMb: 281, threads: 1 });
    expect(resourcesOf(3_538)).toEqual({ memoryMb: 2_514, threads: 2 });
  });
});

describe('order', () => {
  const handlerOn = (store: MemoryLake) =>
    makeHandler({
      intervalMinutes: 60,
      identityHorizonHours: 24,
      store,
      compaction: compactionWith({ memoryMb: 100, threads: 1 }),
      temporary: '/nonexistent',
      report: () => undefined,
      now: () => 0,
    });

  it('does not commit an interval that is not sealed', async () => {
    await expect(handlerOn(new MemoryLake())({ step: 'commit', intervals: [B] })).rejects.toThrow(
      `interval ${B} is not sealed`,
    );
  });

  it('does not commit an interval before its previous one', async () => {
    const store = new MemoryLake();
    store.objects.set(sealKey(START + HOUR), Buffer.from(serialize(seal)));
    await expect(handlerOn(store)({ step: 'commit', intervals: [B] })).rejects.toThrow(
      `interval ${B} needs the one before it, ${A}, which has no manifest yet`,
    );
    expect(store.objects.has(manifestKey(START + HOUR))).toBe(false);
  });
});
