import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseCostOptions } from '../../../../tools/cost/options';
import { ROOT } from '../../../../tools/kit/root';

test('takes stage, rate, batch and keys of the configuration', () => {
  const options = parseCostOptions([
    '--stage',
    'prod',
    '--rate',
    '0.5',
    '--batch',
    '10',
    '-c',
    'partitions=24',
    '--json',
  ]);
  expect(options).toMatchObject({ rate: 0.5, batch: 10, json: true, config: { stage: 'prod', partitions: 24 } });
  expect(parseCostOptions(['--rate', '10'])).toMatchObject({ batch: 100, json: false, config: { stage: 'dev' } });
});

test.each([
  [[], '--rate must be a number from 0.001 to 1000000, got nothing'],
  [['--rate', '-1'], 'allowed are --stage, --rate, --batch, -c key=value, --json, --help'],
  [['--rate', '0'], "--rate must be a number from 0.001 to 1000000, got '0'"],
  [['--rate', '1e3'], "--rate must be a number from 0.001 to 1000000, got '1e3'"],
  [['--rate', '1000001'], "--rate must be a number from 0.001 to 1000000, got '1000001'"],
  [['--rate', '10', '--batch', '0'], "--batch must be an integer from 1 to 10000, got '0'"],
  [['--rate', '10', '--batch', '2.5'], "--batch must be an integer from 1 to 10000, got '2.5'"],
  [['--rate', '10', '--stage', 'local'], "--stage must be one of dev, lean, prod, got 'local'"],
  [['--rate', '10', '--rat', '1'], "Unknown option '--rat'"],
  [['--rate', '10', '-c', 'partitions'], "-c must be key=value, got 'partitions'"],
  [['--rate', '10', '-c', 'stage=dev'], "-c must not set stage, got 'stage=dev': use --stage"],
  [['--rate', '10', '-c', 'partitions=0'], "partitions must be an integer from 1 to 1000, got '0'"],
  [['--rate', '10', '-c', 'brokers=3'], 'brokers must be a multiple of availabilityZones (2), got 3'],
])('%j is rejected in one line', (argv, message) => {
  expect(() => parseCostOptions(argv)).toThrow(message);
});

describe('the command', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', join(ROOT, 'tools', 'pipeline.ts'), 'cost', ...args], {
      encoding: 'utf8',
    });

  test('prints JSON with the sum, the price of a million posts and the components', () => {
    const { stdout, status } = run('--rate', '100', '--stage', 'prod', '--json');
    const result = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(result).toMatchObject({ stage: 'prod', rate: 100, batch: 100, posts: 262_800_000 });
    expect(result.perMillionPosts).toBeCloseTo(result.monthly / 262.8, 6);
    for (const component of result.components) {
      expect(component).toEqual({
        ...{ name: expect.any(String), basis: expect.any(String) },
        ...{ fixed: expect.any(Number), usage: expect.any(Number), monthly: expect.any(Number) },
        perMillionPosts: expect.any(Number),
      });
    }
    expect(result.levers[0]).toEqual({
      name: expect.any(String),
      saves: expect.any(Number),
      givesUp: expect.any(String),
    });
  });

  test('prints a table, the largest lever and what is assumed', () => {
    const { stdout } = run('--rate', '10');
    expect(stdout).toMatch(
      /Kafka brokers and storage[^]*Sum[^]*Largest lever left: [^]*from memory[^]*Assumed:[^]*Left out:/,
    );
  });

  test('ends with 1 and one line on bad input', () => {
    const { stderr, stdout, status } = run('--rate', 'many');
    expect({ stderr, stdout, status }).toEqual({
      ...{ stderr: "cost: --rate must be a number from 0.001 to 1000000, got 'many'\n", stdout: '', status: 1 },
    });
  });
});
