/** The commands in the documents: their options, suites, generators and test paths exist. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scripts } from '../../../package.json';
import { COMMANDS } from '../../../tools/commands';
import { GENERATORS } from '../../../tools/docgen/generate';
import { ROOT } from '../../../tools/kit/root';

const tracked = (...patterns: string[]) =>
  execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...patterns], { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '');

/** Decisions and the changelog cite commands as they were. */
const DOCUMENTS = tracked('*.md').filter((file) => !/^(docs\/adr\/|CHANGELOG)/.test(file));
const TEXT = DOCUMENTS.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n');

/** Each `npm start`, `npm test` and `npm run <script>` with what follows `--`. */
const CALLS = [...TEXT.matchAll(/\bnpm (?:run (?:-s )?)?([\w:-]+) -- ([^`\n#&|]+)/g)].map(([text, script, args]) => ({
  text: text.trim(),
  script,
  words: args.trim().split(/\s+/),
}));
const callsOf = (name: string) => CALLS.filter(({ script }) => script === name);

/** The command of tools/pipeline.ts that a script runs, and the words after it. */
function commandOf(script: string, words: readonly string[]): [name: string | undefined, rest: readonly string[]] {
  const [, name] = /tools\/pipeline\.ts(?: ([\w-]+))?/.exec((scripts as Record<string, string>)[script] ?? '') ?? [];
  return name === undefined && script === 'pipeline' ? [words[0], words.slice(1)] : [name, words];
}

test('the documents call commands, suites and generators', () => {
  for (const script of ['start', 'emulate', 'erase', 'rehearse', 'pipeline', 'test', 'generate']) {
    expect([script, callsOf(script).length > 0]).toEqual([script, true]);
  }
});

test('options are options of their command', () => {
  const unknown = CALLS.flatMap(({ text, script, words }) => {
    const [name, rest] = commandOf(script, words);
    if (name === undefined || !/^[a-z]/.test(name)) return [];
    const entry = COMMANDS[name] as (typeof COMMANDS)[string] | undefined;
    if (!entry) return [text];
    const known = ['help', ...Object.keys(entry.load().command.options)];
    return rest
      .filter((word) => /^--\w/.test(word) && !known.includes(word.slice(2)))
      .map((word) => `${word} in ${text}`);
  });
  expect(unknown).toEqual([]);
});

test('suites are in test/run.ts', () => {
  const suites = [...readFileSync(join(ROOT, 'test/run.ts'), 'utf8').matchAll(/\bname: '([\w -]+)'/g)].map(
    ([, name]) => name,
  );
  const named = callsOf('test').flatMap(({ words }) => words.filter((word) => /^[a-z][\w-]*$/.test(word)));
  expect(suites).toEqual(expect.arrayContaining(named));
});

test('generators exist', () => {
  const named = callsOf('generate').flatMap(({ words }) => words.filter((word) => !word.startsWith('--')));
  expect(Object.keys(GENERATORS)).toEqual(expect.arrayContaining(named));
});

test('patterns of test paths match a test', () => {
  const tests = tracked('test/*.test.ts', 'test/*.itest.ts');
  const patterns = [...TEXT.matchAll(/--testPathPatterns ([^\s`]+)/g)].map(([, pattern]) => pattern);
  expect(patterns.length).toBeGreaterThan(0);
  expect(patterns.filter((pattern) => !tests.some((file) => new RegExp(pattern).test(file)))).toEqual([]);
});
