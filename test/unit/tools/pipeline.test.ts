import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scripts } from '../../../package.json';
import { COMMANDS } from '../../../tools/commands';
import { usage } from '../../../tools/kit/command';
import { ROOT } from '../../../tools/kit/root';

const NAMES = Object.keys(COMMANDS);

const node = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', ...args], {
    ...{ cwd: ROOT, encoding: 'utf8' },
  });
  return { status, stdout, stderr };
};
const pipeline = (...args: readonly string[]) => node('tools/pipeline.ts', ...args);

/** Calls every command with an option, in one process: to start one takes a second or two. Prints what each printed and threw. */
const CALL_ALL = `
const { pipeline } = require('./tools/pipeline.ts');
const [option, ...names] = process.argv.slice(1);
(async () => {
  const { log } = console;
  const all = {};
  for (const name of names) {
    const call = (all[name] = { printed: '' });
    console.log = (text) => (call.printed += text + '\\n');
    await pipeline([name, option]).catch(({ message }) => (call.thrown = message));
  }
  log(JSON.stringify(all));
})();
`;
const callAll = (option: string) => {
  const { status, stdout, stderr } = node('-e', CALL_ALL, '--', option, ...NAMES);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Readonly<Record<string, { readonly printed: string; readonly thrown?: string }>>;
};

test('--help, or nothing, lists every command with one line', () => {
  const { status, stdout } = pipeline('--help');
  expect(status).toBe(0);
  for (const [name, { summary }] of Object.entries(COMMANDS)) {
    expect(stdout).toMatch(new RegExp(`^  ${name} +${summary.replace(/[()?]/g, '\\$&')}$`, 'm'));
  }
  expect(pipeline().stdout).toBe(stdout);
});

describe('--help', () => {
  let calls: ReturnType<typeof callAll>;
  beforeAll(() => {
    calls = callAll('--help');
  });

  test.each(NAMES)('of %s says how it is called, and runs nothing', (name) => {
    const printed = `${usage(name, COMMANDS[name].summary, COMMANDS[name].load().command)}\n`;
    expect(calls[name]).toEqual({ printed });
    expect(printed).toMatch(new RegExp(`^npm run pipeline -- ${name} `));
    expect(printed).toMatch(/^ {2}--help +prints this$/m);
  });

  test('ends the process without an error', () => {
    expect(pipeline('cost', '--help')).toEqual({ status: 0, stdout: calls.cost.printed, stderr: '' });
  });
});

describe('an option that a command does not have', () => {
  let calls: ReturnType<typeof callAll>;
  beforeAll(() => {
    calls = callAll('--no-such-option');
  });

  test.each(NAMES)('is rejected by %s in one line', (name) => {
    const thrown = new RegExp(`^${name}: Unknown option '--no-such-option': allowed are .*--help$`);
    expect(calls[name]).toEqual({ printed: '', thrown: expect.stringMatching(thrown) });
  });

  test('ends the process with an error', () => {
    const stderr = `${calls.cost.thrown}\n`;
    expect(pipeline('cost', '--no-such-option')).toEqual({ status: 1, stdout: '', stderr });
  });
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
