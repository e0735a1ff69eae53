import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseOptions } from '../../../../../tools/local/run/options';

describe('the options of npm start', () => {
  test('default to 2,000 generated posts and staying up', () => {
    expect(parseOptions([])).toMatchObject({ exit: false, posts: 2000, rate: 0, seed: 1, instances: 2, fresh: false });
  });

  test('take the views engine of stage local, or another one', () => {
    expect(parseOptions([]).viewsEngine).toBe('duckdb');
    expect(parseOptions(['--views-engine', 'spark']).viewsEngine).toBe('spark');
  });

  test.each([
    [['--posts', 'many'], "--posts must be an integer from 0 to 999999999, got 'many'"],
    [['--rate', '-1'], /--rate/],
    [['--seed', '1.5'], "--seed must be an integer from 0 to 999999999, got '1.5'"],
    [['--instances', '0'], "--instances must be an integer from 1 to 20, got '0'"],
    [['--views-engine', 'flink'], "--views-engine must be one of spark, duckdb, auto, got 'flink'"],
    [['--instances', 'two'], "--instances must be an integer from 1 to 20, got 'two'"],
    [['--input', 'no-such-folder'], /--input must be a folder, got '.*no-such-folder'/],
    [['--colour'], /--colour/],
    [['stray'], /stray/],
  ])('reject %j with the name of the option', (argv, message) => {
    expect(() => parseOptions(argv)).toThrow(message);
  });

  test('reject an input folder that contains none of the three files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'input-'));
    try {
      expect(() => parseOptions(['--input', folder])).toThrow(/at least one of pin.jsonl, geo.jsonl, user.jsonl/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
