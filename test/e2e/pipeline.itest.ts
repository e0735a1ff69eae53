/**
 * The whole, as a person runs it: `npm start -- --exit` on a copy of this repository whose view list has one entry more.
 * What was sent is known, so the answers are known, too: they must equal the naive reference in both layers, through faults
 * in the middle of the run.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bySection } from '../../lambda/domain/columns';
import { ENGINE_FAULTS } from '../../tools/local/chaos/faults/engines';
import { FUNCTION_FAULTS } from '../../tools/local/chaos/faults/functions';
import { generate } from '../../tools/loadgen/generate';
import { seeded, shuffled } from '../../tools/loadgen/random';
import { type AnswerRow, referenceAnswers, type Sent } from './reference';
import { PIPELINE_STEPS } from '../../lambda/runtime/metrics';
import { ROOT } from '../../tools/kit/root';

const POSTS = 1_200;
const ADDED_VIEW = `  { name: 'posts_by_downloaded', description: 'Added by a test', dimensions: ['downloaded'], merge: 'sum' },\n`;
const DISTINCT = 'users_joined_by_year';

interface Answers {
  readonly merged: Record<string, AnswerRow[]>;
  readonly batch: Record<string, AnswerRow[]>;
  readonly speed: Record<string, AnswerRow[]>;
  readonly views: Record<string, { readonly batch: number; readonly speed: number }>;
  readonly counters: Record<string, Record<string, number>>;
}

/** Another one at each run; the output of a run that fails names it. */
const SEED = randomInt(1_000_000);
/** Those that send no posts, which the reference does not know, and are over within seconds. */
const QUICK: readonly string[] = ['broker-killed', 'store-frozen', 'late-writers'];
const FAULTS = [...ENGINE_FAULTS, ...FUNCTION_FAULTS].filter(({ name }) => QUICK.includes(name));

let folder: string;
/** The last run. */
let started: ChildProcess | undefined;

/** The files that git would commit, with what setup installed linked in. */
function copyRepository(to: string): void {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8' });
  for (const file of files.split('\0').filter((name) => name !== '' && existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    writeFileSync(join(to, file), readFileSync(join(ROOT, file)));
  }
  mkdirSync(join(to, '.local'));
  for (const installed of ['node_modules', '.local/engines', '.local/layers']) {
    symlinkSync(join(ROOT, installed), join(to, installed));
  }
}

function addView(repository: string): void {
  const file = join(repository, 'lambda/domain/views.ts');
  const list = 'export const VIEWS: readonly View[] = [\n';
  const source = readFileSync(file, 'utf8');
  expect(source).toContain(list);
  writeFileSync(file, source.replace(list, `${list}${ADDED_VIEW}`));
}

/** What `--input` reads: a line a section, as the generator wrote it; returns the same, parsed. */
function writeInput(to: string, seed: number): Sent {
  const lines = bySection(() => [] as string[]);
  for (const { sections } of generate({ posts: POSTS, seed })) {
    for (const [section, text] of Object.entries(sections)) lines[section as keyof Sent].push(text);
  }
  mkdirSync(to, { recursive: true });
  for (const [section, texts] of Object.entries(lines)) {
    writeFileSync(join(to, `${section}.jsonl`), texts.map((text) => `${text}\n`).join(''));
  }
  const parsed = Object.entries(lines).map(([section, texts]) => [section, texts.map((text) => JSON.parse(text))]);
  return Object.fromEntries(parsed) as Sent;
}

interface Run {
  readonly code: number | null;
  readonly output: string;
}

/** Runs `npm start` without npm's own pre-script: the copy shares what is installed. */
function start(repository: string, args: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(ROOT, 'node_modules/.bin/tsx'), ['tools/pipeline.ts', 'start', '--exit', ...args], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started = child;
    let output = '';
    const take = (chunk: Buffer) => (output += chunk);
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Answers;

/** Rows in no particular order. */
const sorted = (rows: readonly AnswerRow[]) => rows.map((row) => JSON.stringify(row, Object.keys(row).sort())).sort();

function expectReference(answers: Answers, sent: Sent): void {
  for (const [name, rows] of Object.entries(referenceAnswers(sent))) {
    for (const layer of ['merged', 'batch', 'speed'] as const) {
      const answered = answers[layer][name];
      if (name === DISTINCT) {
        for (const { join_year, number_users_joined } of rows) {
          const found = answered.find((row) => row.join_year === join_year);
          const error = Math.abs(Number(found?.number_users_joined) / Number(number_users_joined) - 1);
          expect({ layer, join_year, withinTwoPercent: error <= 0.02 }).toEqual({
            layer,
            join_year,
            withinTwoPercent: true,
          });
        }
        expect(answered).toHaveLength(rows.length);
      } else {
        expect({ layer, name, rows: sorted(answered) }).toEqual({ layer, name, rows: sorted(rows) });
      }
    }
  }
}

describe('npm start -- --exit', () => {
  let sent: Sent;
  let first: Run;
  let second: Run;
  const at = (...names: string[]) => join(folder, ...names);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pipeline-e2e-'));
    const repository = at('repository');
    mkdirSync(repository);
    copyRepository(repository);
    addView(repository);
    sent = writeInput(at('input'), 11);
    const args = ['--input', at('input'), '--data', at('data')];

    first = await start(repository, [...args, '--answers', at('first.json')]);
    // Spark takes over from DuckDB, on the same data.
    const faults = shuffled(seeded(SEED), FAULTS).slice(0, 2);
    const chaos = [
      '--chaos',
      faults.map(({ name }) => name).join(),
      '--seed',
      String(SEED),
      '--rate',
      '100',
      '--views-engine',
      'spark',
    ];
    second = await start(repository, [...args, '--answers', at('second.json'), ...chaos]);
  }, 600_000);

  afterAll(async () => {
    // It took too long for the hook that waits for it.
    if (started?.exitCode === null && started.kill()) await once(started, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  test('ends with success: every acknowledged post is in both layers, once', () => {
    expect(first).toEqual({
      code: 0,
      output: expect.stringContaining('Every acknowledged post is in both layers, once'),
    });
  });

  test('answers as the naive reference does, in both layers', () => {
    expectReference(read(at('first.json')), sent);
  });

  test('computes and serves a view that is one more entry of the list, in both layers', () => {
    const { batch, speed } = read(at('first.json')).views.posts_by_downloaded;
    expect([batch, speed]).toEqual([2, 2]);
  });

  test('sets nothing aside that the generator did not make unreadable, and loses nothing', () => {
    const { counters } = read(at('first.json'));
    for (const step of PIPELINE_STEPS) expect([step, counters[step].dropped]).toEqual([step, 0]);
    expect(counters.archive.quarantined).toBe(counters.compact.quarantined);
  });

  test('gives the same answers after every post is sent again, through two faults that the seed chooses', () => {
    expect({ SEED, ...second }).toEqual({
      SEED,
      code: 0,
      output: expect.stringMatching(/recovered in [^]* recovered in /),
    });
    expectReference(read(at('second.json')), sent);
  });

  test('leaves no process behind', () => {
    const commands = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        } catch {
          return ''; // It ended while we looked.
        }
      });
    expect(commands.filter((command) => command.includes(at('data')))).toEqual([]);
  });
});
