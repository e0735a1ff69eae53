import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aggregate } from '../../../../tools/bench/aggregate';
import { archive } from '../../../../tools/bench/archive';
import { assetOf, bundles } from '../../../../tools/bench/bundles';
import { compact } from '../../../../tools/bench/compact';
import { intervalViews } from '../../../../tools/bench/interval-views';
import { inTurn, median, quantile } from '../../../../tools/bench/measure';
import { posts } from '../../../../tools/bench/posts';
import { measureQueries, writeMonths } from '../../../../tools/bench/query';
import { measureOpen } from '../../../../tools/bench/query-open';
import { asText, cells, type Figure, type Report, result } from '../../../../tools/bench/report';
import { memoryBatchStore } from '../../../support/memory-batch-store';

/** Tests assert that there are times, not what they are. */
function expectFigures({ figures, setting }: Report, goals: number): void {
  expect(setting).not.toBe('');
  for (const { what, value } of figures) expect([what, Number.isFinite(value)]).toEqual([what, true]);
  expect(figures.filter(({ goal }) => goal)).toHaveLength(goals);
}

describe('benches run on little', () => {
  test('archive', async () => expectFigures(await archive({ rounds: 1, posts: 20 }), 1));
  test('aggregate', async () => expectFigures(await aggregate({ rounds: 1, posts: 20 }), 2));
  test('interval-views', async () => expectFigures(await intervalViews({ rounds: 1, posts: 20 }), 1));
  test('compact', async () => expectFigures(await compact({ rounds: 1, posts: 20 }), 1));

  test('query, on a store in memory: each question is answered from the twelve months', async () => {
    const store = memoryBatchStore();
    const read: string[] = [];
    const report = await measureQueries({ rounds: 1, posts: 10 }, async (months) => {
      await writeMonths(store, months);
      const [first, interval] = [Date.UTC(2025, 0, 1), Date.UTC(2025, 11, 31, 23)];
      store.boundary = {
        interval,
        firstInterval: first,
        intervalMinutes: 60,
        publishedAt: interval,
        drift: null,
        reconciledInterval: null,
      };
      const { readRun } = store;
      return {
        ...store,
        readRun: (view, period) => {
          read.push(`${view} ${period}`);
          return readRun(view, period);
        },
      };
    });
    expectFigures(report, 8);
    const asked = new Map([...Map.groupBy(read, (name) => name)].map(([name, reads]) => [name, reads.length]));
    expect(asked.size).toBe(4 * 12);
    // The handler and the bare read, in a round to warm up and one that counts.
    expect(new Set(asked.values())).toEqual(new Set([4]));
  });

  test('query-open: a warm reader and a new one answer the same, and what they read is counted', async () => {
    const size = { topic: 'posts', partitions: 2, batches: 9, posts: 20, rounds: 2 };
    const report = await measureOpen(size);
    expectFigures(report, 8);
    const units = report.figures.filter(({ what }) => what.endsWith('read units'));
    expect(units).toHaveLength(8);
    for (const { value } of units) expect(value).toBeGreaterThanOrEqual(5);
  });

  test('bundles, from an assembly: size and load of the asset that the template names', async () => {
    const assembly = mkdtempSync(join(tmpdir(), 'bench-assembly-'));
    try {
      const resources: Record<string, unknown> = {};
      const files: Record<string, unknown> = {};
      for (const step of ['ingest', 'query']) {
        mkdirSync(join(assembly, step));
        writeFileSync(join(assembly, step, 'index.js'), `exports.handler = async () => '${step}';`.padEnd(2048, ' '));
        resources[`Steps${step}Function1`] = {
          Type: 'AWS::Lambda::Function',
          Properties: { Code: { S3Key: `${step}.zip` }, Environment: { Variables: { A: 'a', B: { Ref: 'X' } } } },
        };
        files[step] = { source: { path: step, packaging: 'zip' }, destinations: { d: { objectKey: `${step}.zip` } } };
      }
      const json = (name: string, value: unknown) => writeFileSync(join(assembly, name), JSON.stringify(value));
      json('t.json', { Resources: resources });
      json('a.json', { files });
      json('manifest.json', {
        artifacts: {
          stack: { type: 'aws:cloudformation:stack', properties: { templateFile: 't.json' } },
          assets: { type: 'cdk:asset-manifest', properties: { file: 'a.json' } },
        },
      });
      expect(assetOf(assembly, 'query').variables).toEqual({ A: 'a', B: 'arn:aws:x' });
      const report = await bundles({ rounds: 1 }, assembly);
      expectFigures(report, 4);
      expect(report.figures.filter(({ unit }) => unit === 'KB').map(({ value }) => value)).toEqual([2, 2]);
    } finally {
      rmSync(assembly, { recursive: true });
    }
  });

  test('each post is returned once, and no more than were announced', () => {
    const source = posts(5);
    const keys = [...source.take(2), ...source.take(3)].map(({ key }) => key);
    expect(new Set(keys).size).toBe(5);
    expect(() => source.take(1)).toThrow('more than the 5 posts that were announced');
  });
});

describe('a measurement', () => {
  test('runs each contender once a round, and changes the first one', async () => {
    const turns: string[] = [];
    const note = (name: string) => (round: number) => turns.push(`${name}${round}`);
    const samples = await inTurn(2, 1, { a: note('a'), b: note('b') });
    expect(turns).toEqual(['a0', 'b0', 'b1', 'a1', 'a2', 'b2']);
    expect([samples.a.length, samples.b.length]).toEqual([2, 2]);
  });

  test('is summed up by its median and quantiles', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile([7], 0.99)).toBe(7);
    expect(() => median([])).toThrow('no values');
    expect(() => quantile([], 0.5)).toThrow('no values');
  });
});

describe('a figure', () => {
  const figure = (value: number, goal?: Figure['goal']): Figure => ({ what: 'ratio', value, unit: '', goal });

  test('meets its goal or misses it by its exact value', () => {
    expect(result(figure(0.7, { atLeast: 0.7 }))).toBe('met');
    expect(result(figure(0.6999, { atLeast: 0.7 }))).toBe('missed');
    expect(result(figure(10, { atMost: 10 }))).toBe('met');
    expect(result(figure(10.01, { atMost: 10 }))).toBe('missed');
    expect(result(figure(1))).toBe('');
  });

  test('is printed with unit and goal', () => {
    expect(cells({ what: 'size', value: 1234.56, unit: 'KB', goal: { atMost: 300 } })).toEqual([
      'size',
      '1,235 KB',
      '≤ 300 KB',
      'missed',
    ]);
    expect(asText({ bench: 'b', setting: 's', figures: [figure(0.12345)] })).toBe('b: s\n  ratio  0.123\n');
  });
});
