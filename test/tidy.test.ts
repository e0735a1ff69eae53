/** Keeps the house tidy: what no compiler or linter sees. Each finding names the file and what to do about it. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../tools/kit/root';

const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** Tracked and new files that git does not ignore, by path from the root. */
const FILES = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)));

const isCode = (file: string) => /\.(ts|mjs|cjs|py)$/.test(file);
const isProse = (file: string) => file.endsWith('.md');
const isGenerated = (file: string) =>
  (isProse(file) ? /generated/i : /auto-generated|^"""Generated/).test(textOf(file).slice(0, 400));

describe('files, exports and dependencies', () => {
  const knip = promisify(execFile);
  const unused = (...args: readonly string[]) =>
    knip(join(ROOT, 'node_modules/.bin/knip'), ['--no-config-hints', ...args], { cwd: ROOT }).then(
      ({ stdout, stderr }) => `${stdout}${stderr}`,
      (error: { readonly stdout: string; readonly stderr: string }) => `${error.stdout}${error.stderr}`,
    );

  test('are all in use, and outside of test/ not by tests alone', async () => {
    expect(await Promise.all([unused(), unused('--production')])).toEqual(['', '']);
  });
});

/** Phrases that DESIGN's vocabulary replaced, with the word to use. */
const OLD_WORDS: readonly (readonly [RegExp, string])[] = [
  [/\b(batch|speed) ways?\b/i, 'layer'],
  [/\bBucketStart\b|\bbucketOf\b/, 'interval'],
  [/\b(a|each|every|per|one) bucket (and|of) (partition|time)\b/i, 'interval'],
  [/\bwitness(es|ed)?\b/i, 'later record'],
  [/\bticks?\b(?!s? ?:|Limit|s: \{)/, 'heartbeat record'],
  [/\bcarry file|carried (over|along) (to|by) (an|the next) interval\b/i, 'dedup index, incomplete posts'],
  [/\brefus(al|als)\b/i, 'validation error'],
  [/\bplanted (mistake|fault)s?\b/i, 'mutation'],
  [/\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\bstand-ins?\b/i, 'fake'],
  [/\btold\b/i, 'notified, logged, named'],
];
/** Old words may stay in history, and where they are somebody else's. */
const OLD_WORDS_ALLOWED =
  /^(CHANGELOG\.md|docs\/adr\/|docs\/glossary\.md|test\/tidy\.test\.ts|web\/chart\.ts|package-lock\.json)/;

const PROSE_WIDTH = 140;

/** A command in a line of prose can't be wrapped: it does not count. */
const wrappable = (text: string) => text.replace(/`[^`]{40,}`/g, '');

/** Lines of prose: paragraphs of Markdown, and comments in code. Tables, code, links alone and generated documents are none. */
function proseOf(file: string): { line: number; text: string }[] {
  const lines = textOf(file).split('\n');
  if (isProse(file)) {
    let fenced = false;
    return lines.flatMap((text, at) => {
      if (/^\s*```/.test(text)) fenced = !fenced;
      return fenced || /^\s*(\||<!--|\[[^\]]+\]:|!\[)/.test(text) ? [] : [{ line: at + 1, text }];
    });
  }
  return lines.flatMap((text, at) =>
    /^\s*(\*|\/\*\*?|\/\/|#)\s/.test(text) && !/https?:\/\//.test(text) ? [{ line: at + 1, text }] : [],
  );
}

describe('words', () => {
  test('are those of docs/glossary.md', () => {
    const found = FILES.filter((file) => (isCode(file) || isProse(file)) && !OLD_WORDS_ALLOWED.test(file)).flatMap(
      (file) =>
        textOf(file)
          .split('\n')
          .flatMap((text, at) =>
            OLD_WORDS.filter(([phrase]) => phrase.test(text)).map(
              ([phrase, use]) => `${file}:${at + 1}: '${phrase.exec(text)![0]}', use: ${use}`,
            ),
          ),
    );
    expect(found).toEqual([]);
  });

  test(`stand in lines of at most ${PROSE_WIDTH} characters`, () => {
    const long = FILES.filter((file) => (isCode(file) || isProse(file)) && !isGenerated(file)).flatMap((file) =>
      proseOf(file)
        .filter(({ text }) => wrappable(text).length > PROSE_WIDTH)
        .map(({ line, text }) => `${file}:${line}: ${text.length}`),
    );
    expect(long).toEqual([]);
  });
});

describe('folders', () => {
  const TOP = [
    'bin',
    'clients',
    'dags',
    'docs',
    'lambda',
    'lib',
    'observability',
    'spark',
    'stages',
    'test',
    'tools',
    'web',
  ];

  test('are the rooms that the README names', () => {
    const top = new Set(
      FILES.filter((file) => file.includes('/') && !file.startsWith('.')).map((file) => file.split('/')[0]),
    );
    expect([...top].sort()).toEqual(TOP);
    const tools = new Set(FILES.flatMap((file) => /^tools\/[^/]+(?=\/)/.exec(file)?.[0] ?? []));
    const readme = textOf('README.md');
    expect([...tools].filter((folder) => !readme.includes(`\`${folder}/\``))).toEqual([]);
  });

  test('of functions are a handler over a core', () => {
    const steps = FILES.filter((file) => /^lambda\/.*\/handler\.ts$/.test(file)).map(dirname);
    expect(steps.length).toBeGreaterThan(8);
    expect(steps.filter((folder) => !FILES.includes(`${folder}/core.ts`))).toEqual([]);
  });

  test('of unit tests mirror the tree', () => {
    const folders = new Set(FILES.filter((file) => /^test\/unit\/.*\.(test\.ts|py)$/.test(file)).map(dirname));
    const own = ['docs', 'tree'];
    expect(
      [...folders]
        .map((folder) => folder.slice('test/unit/'.length))
        .filter((folder) => !own.includes(folder) && !existsSync(join(ROOT, folder))),
    ).toEqual([]);
  });
});
