import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scripts } from '../../../package.json';
import { COMMANDS } from '../../../tools/commands';
import { usage } from '../../../tools/kit/command';
import { ROOT } from '../../../tools/kit/root';

const NAMES = Object.keys(COMMANDS);

const pipeline = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'tools/pipeline.ts', ...args], {
    ...{ cwd: ROOT, encoding: 'utf8' },
  });
  return { status, stdout, stderr };
};

test('--help, or nothing, lists every command with one line', () => {
  const { status, stdout } = pipeline('--help');
  expect(status).toBe(0);
  for (const [name, { summary }] of Object.entries(COMMANDS)) {
    expect(stdout).toMatch(new RegExp(`^  ${name} +${summary.replace(/[()?]/g, '\\$&')}$`, 'm'));
  }
  expect(pipeline().stdout).toBe(stdout);
});

test.each(NAMES)('%s --help says how it is called, and runs nothing', (name) => {
  const { status, stdout, stderr } = pipeline(name, '--help');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toBe(`${usage(name, COMMANDS[name].summary, COMMANDS[name].load().command)}\n`);
  expect(stdout).toMatch(new RegExp(`^npm run pipeline -- ${name} `));
  expect(stdout).toMatch(/^ {2}--help +prints this$/m);
});

test.each(NAMES)('%s rejects an option that it does not have, in one line', (name) => {
  const { status, stdout, stderr } = pipeline(name, '--no-such-option');
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(new RegExp(`^${name}: Unknown option '--no-such-option': allowed are .*--help\\n$`));
});

test('a command that does not exist is rejected in one line that names those that do', () => {
  expect(pipeline('strat')).toEqual({
    ...{ status: 1, stdout: '' },
    stderr: `pipeline: the command must be one of ${NAMES.join(', ')}, got 'strat'\n`,
  });
});

test('short names call commands that exist, and the README names scripts that exist', () => {
  const called = Object.values(scripts).flatMap((script) => /tools\/pipeline\.ts (\S+)/.exec(script)?.[1] ?? []);
  expect(called.length).toBeGreaterThan(10);
  expect(NAMES).toEqual(expect.arrayContaining(called));
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const named = [...readme.matchAll(/\bnpm (?:run (?:-s )?)?([a-z][\w:-]*)/g)].map(([, name]) => name);
  const builtIn = ['ci', 'install'];
  expect(named).toEqual(expect.arrayContaining(['start', 'emulate', 'kept', 'dashboards']));
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named.filter((name) => !builtIn.includes(name))));
});
