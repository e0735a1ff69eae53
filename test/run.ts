/**
 * `npm test`: every suite, and one closing line `N passed, N failed`.
 *
 * `npm test -- unit dag` runs the named suites. What follows one suite goes to its runner: `npm test -- unit -t 'a name'`.
 * `npm test -- test/unit/lib/keys.test.ts` runs one file. `npm run test:all` adds the rehearsals of the other stages.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { ROOT } from '../tools/kit/root';

const HANGING_MS = 20_000;
/** What Node may take to write its report. */
const REPORT_MS = 5_000;
const ALL = '--all';
const scratch = mkdtempSync(join(tmpdir(), 'pipeline-test-'));

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** Takes what a run prints; without one it goes to the terminal as it comes. */
type Sink = (chunk: Buffer) => void;

interface RunOptions {
  readonly sink?: Sink;
  /** For the suite's runner, after its own arguments. */
  readonly more: readonly string[];
}

type Run = (options: RunOptions) => Promise<Counts>;

interface Suite {
  readonly name: string;
  readonly what: string;
  /** Folders of its test files; those that other suites have below them are not its own. @default - it has no files */
  readonly folders?: readonly string[];
  /** Only with `--all`, or by name. */
  readonly extra?: boolean;
  readonly run: Run;
  /** About what it takes alone, on two cores: what takes long begins early. */
  readonly seconds: number;
  /** Take the place of `run` where the whole suite runs: together the same tests, in several lanes. */
  readonly parts?: readonly Part[];
}

interface Part {
  readonly name: string;
  readonly seconds: number;
  readonly run: Run;
}

const bin = (name: string) => join(ROOT, 'node_modules', '.bin', name);
const python = (engine: string) => join(ROOT, '.local', 'engines', engine, 'bin', 'python');

interface Execution {
  readonly code: number;
  /** It was through, and did not end. */
  readonly hung: boolean;
}

interface ExecuteOptions {
  readonly sink?: Sink;
  /** A file that the command writes when it is through: if it goes on for long after, it is ended. */
  readonly finished?: string;
}

function execute(command: string, args: readonly string[], options: ExecuteOptions = {}): Promise<Execution> {
  const { sink, finished } = options;
  return new Promise((resolve, reject) => {
    const output = sink ? 'pipe' : 'inherit';
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', output, output] });
    if (sink) for (const stream of [child.stdout, child.stderr]) stream?.on('data', sink);
    let hung = false;
    const watch = setInterval(() => {
      if (finished === undefined || !existsSync(finished) || Date.now() - statSync(finished).mtimeMs < HANGING_MS)
        return;
      clearInterval(watch);
      hung = true;
      // Node writes what keeps it running, see REPORT.
      child.kill('SIGUSR2');
      setTimeout(() => child.kill('SIGKILL'), REPORT_MS);
    }, 1_000);
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(watch);
      resolve({ code: code ?? 1, hung });
    });
  });
}

/** A command that is one test: it passes with exit code 0. */
const command =
  (file: string, ...args: readonly string[]): Run =>
  async ({ sink, more }) => {
    const failed = (await execute(file, [...args, ...more], { sink })).code === 0 ? 0 : 1;
    return { passed: 1 - failed, failed };
  };

/** A suite that crashes before it can count, or counts nothing, has failed. */
function atLeastOne(counts: Counts, exitCode: number): Counts {
  const nothingFailed = counts.failed === 0;
  return nothingFailed && (exitCode !== 0 || counts.passed === 0) ? { ...counts, failed: 1 } : counts;
}

/** Has Node write what it waits for when it gets SIGUSR2. @see https://nodejs.org/api/report.html */
const REPORT = ['--report-on-signal', '--report-signal=SIGUSR2', '--report-exclude-env', '--report-exclude-network'];

interface Handle {
  readonly type: string;
  readonly is_active: boolean;
  readonly is_referenced: boolean;
}

/** What kept a process running, from the report that it wrote into `directory`. */
function openHandles(directory: string): readonly Handle[] {
  const [file] = readdirSync(directory).filter((name) => name.startsWith('report.'));
  if (file === undefined) return [];
  const { libuv } = JSON.parse(readFileSync(join(directory, file), 'utf8')) as { libuv: Handle[] };
  return libuv.filter(({ type, is_active, is_referenced }) => type !== 'loop' && is_active && is_referenced);
}

/**
 * Jest that does not end has failed if a test left a process behind. A timer or a socket of a client that was cut off during an
 * outage is reported, and not a failure: it is gone with the process.
 */
function leftOpen(directory: string): number {
  const handles = openHandles(directory);
  console.error(`jest did not end; open are:\n${handles.map((each) => JSON.stringify(each)).join('\n')}`);
  return handles.length === 0 || handles.some(({ type }) => type === 'process') ? 1 : 0;
}

const jest =
  (project: string, ...args: readonly string[]): Run =>
  async ({ sink, more }) => {
    const directory = mkdtempSync(join(scratch, `${project}-`));
    const report = join(directory, 'results.json');
    const options = ['--selectProjects', project, '--json', `--outputFile=${report}`, ...args, ...more];
    const node = [...REPORT, `--report-directory=${directory}`, require.resolve('jest/bin/jest')];
    const { code, hung } = await execute(process.execPath, [...node, ...options], { sink, finished: report });
    try {
      const result = JSON.parse(readFileSync(report, 'utf8')) as Record<string, number>;
      const left = hung ? leftOpen(directory) : 0;
      const failed = result.numFailedTests + result.numRuntimeErrorTestSuites + left;
      return atLeastOne({ passed: result.numPassedTests, failed }, hung ? 0 : code);
    } catch {
      return { passed: 0, failed: 1 };
    }
  };

/** Engines are started and ended by test files one after the other: each then has what it leaves behind reported. */
const onEngines = (project: string, ...args: readonly string[]) => jest(project, '--runInBand', ...args);

/** Each check of the rehearsal is a test. */
const rehearsal =
  (stage: string): Run =>
  async ({ sink, more }) => {
    const report = join(scratch, `rehearsal-${stage}.json`);
    const args = ['tools/pipeline.ts', 'rehearse', '--stage', stage, '--results', report, ...more];
    const { code } = await execute(bin('tsx'), args, { sink });
    try {
      const { passed, failed } = JSON.parse(readFileSync(report, 'utf8')) as Counts;
      return atLeastOne({ passed, failed }, code);
    } catch {
      return { passed: 0, failed: 1 };
    }
  };

const pytest =
  (engine: string, folder: string): Run =>
  async ({ sink, more }) => {
    const report = join(scratch, `${engine}.xml`);
    const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', `--junitxml=${report}`];
    const named = more.some((each) => each.endsWith('.py'));
    const { code } = await execute(python(engine), [...args, ...(named ? [] : [folder]), ...more], { sink });
    const counted = (attribute: string, xml: string) =>
      Number(new RegExp(` ${attribute}="(\\d+)"`).exec(xml)?.[1] ?? 0);
    try {
      const xml = readFileSync(report, 'utf8');
      const failed = counted('failures', xml) + counted('errors', xml);
      return atLeastOne({ passed: counted('tests', xml) - failed - counted('skipped', xml), failed }, code);
    } catch {
      return { passed: 0, failed: 1 };
    }
  };

const FAULTS = 'test/engines/kafka-faults';
const BATCH = 'test/engines/(batch|views)\\.';
const PROVE = 'test/e2e/prove';

const SUITES: readonly Suite[] = [
  {
    name: 'engines',
    what: 'stores, pollers and faults on real engines',
    folders: ['test/engines'],
    seconds: 440,
    run: onEngines('engines'),
    parts: [
      { name: 'most', seconds: 200, run: onEngines('engines', '--testPathIgnorePatterns', FAULTS, BATCH) },
      { name: 'kafka-faults', seconds: 140, run: onEngines('engines', FAULTS) },
      { name: 'batch', seconds: 145, run: onEngines('engines', BATCH) },
    ],
  },
  {
    name: 'e2e',
    what: 'the whole pipeline, with faults and by npm start',
    folders: ['test/e2e'],
    seconds: 440,
    run: onEngines('e2e', '--testPathIgnorePatterns', PROVE),
    parts: [
      { name: 'observability', seconds: 300, run: onEngines('e2e', 'test/e2e/observability') },
      { name: 'pipeline', seconds: 140, run: onEngines('e2e', 'test/e2e/pipeline') },
    ],
  },
  {
    name: 'unit',
    what: 'cores, handlers with fakes, templates',
    folders: ['test'],
    seconds: 155,
    run: jest('unit', '--maxWorkers=50%'),
  },
  // The stage with the most in it; the others are for `npm run test:all`.
  { name: 'rehearse', what: 'deployment of stage prod to the emulator', seconds: 100, run: rehearsal('prod') },
  ...['dev', 'lean'].map((stage) => ({
    name: `rehearse-${stage}`,
    what: `deployment of stage ${stage} to the emulator`,
    extra: true,
    seconds: 95,
    run: rehearsal(stage),
  })),
  {
    name: 'prove',
    what: 'a proof of stage lean, without an account',
    folders: ['test/e2e/prove'],
    extra: true,
    seconds: 300,
    run: onEngines('e2e', PROVE),
  },
  {
    name: 'spark',
    what: 'the Spark job on Spark',
    folders: ['test/engines/spark'],
    seconds: 18,
    run: pytest('spark', 'test/engines/spark'),
  },
  {
    name: 'dag',
    what: 'the DAG on Airflow',
    folders: ['test/unit/dags'],
    seconds: 20,
    run: pytest('airflow', 'test/unit/dags'),
  },
  {
    name: 'validator',
    what: "the emulator's extension",
    folders: ['test/rehearsal'],
    seconds: 4,
    run: pytest('rehearsal', 'test/rehearsal'),
  },
  {
    name: 'cfn-lint',
    what: 'the templates, by cfn-lint',
    seconds: 19,
    run: command(bin('tsx'), 'tools/pipeline.ts', 'cfn-lint'),
  },
  { name: 'types', what: 'tsc', seconds: 12, run: command(bin('tsc'), '--noEmit') },
  { name: 'web types', what: 'tsc with the DOM', seconds: 3, run: command(bin('tsc'), '--noEmit', '-p', 'web') },
  { name: 'lint', what: 'eslint', seconds: 20, run: command(bin('eslint'), '.') },
  {
    name: 'format',
    what: 'prettier',
    seconds: 9,
    run: command(bin('prettier'), '--check', '--log-level=warn', '.'),
  },
];

/** As many as cores: with one more, waits of suites with a clock run out. More than three would need more memory than a laptop has. */
const LANES = Math.min(3, availableParallelism());

/** A suite, or a part of it, in one lane. */
interface Task {
  readonly suite: Suite;
  readonly title: string;
  readonly seconds: number;
  readonly run: Run;
}

interface Result extends Counts {
  readonly suite: Suite;
  readonly seconds: number;
}

/** The longest first, so that all lanes end at about the same time. */
function tasksOf(suites: readonly Suite[]): Task[] {
  return suites
    .flatMap((suite) =>
      suite.parts
        ? suite.parts.map(({ name, seconds, run }) => ({ suite, title: `${suite.name}, ${name}`, seconds, run }))
        : [{ suite, title: suite.name, seconds: suite.seconds, run: suite.run }],
    )
    .sort((a, b) => b.seconds - a.seconds);
}

/** A line of jest about one file. */
const OF_A_FILE = /^(PASS|FAIL) .*$/gm;

/** What a task prints is held back until it ends, so that it stays together; unless it runs alone. */
async function run({ suite, title, run }: Task, more: readonly string[], held?: Buffer[]): Promise<Result> {
  const heading = `\n== ${title}: ${suite.what}`;
  if (held) console.log(`-- ${title} begins`);
  else console.log(heading);
  const started = Date.now();
  const sink =
    held &&
    ((chunk: Buffer) => {
      held.push(chunk);
      // So that a run of minutes shows how far it is.
      if (suite.parts) for (const [line] of chunk.toString().matchAll(OF_A_FILE)) console.log(`-- ${title}: ${line}`);
    });
  const counts = await run({ sink, more }).catch((error: Error) => {
    console.error(`${title} could not be started: ${error.message}`);
    return { passed: 0, failed: 1 };
  });
  const seconds = (Date.now() - started) / 1000;
  if (held) {
    console.log(heading);
    process.stdout.write(Buffer.concat(held));
  }
  return { suite, seconds, ...counts };
}

async function runAll(tasks: readonly Task[], more: readonly string[]): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = [...tasks];
  const lanes = Math.min(LANES, tasks.length);
  const lane = async () => {
    for (let task = waiting.shift(); task; task = waiting.shift())
      results.push(await run(task, more, lanes > 1 ? [] : undefined));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

/** The suite of a test file: that with the longest folder above it; Python has suites of its own. */
function suiteOf(file: string): Suite {
  const above = ({ folders = [] }: Suite) => folders.filter((folder) => file.startsWith(`${folder}/`));
  const longest = (suite: Suite) => Math.max(-1, ...above(suite).map(({ length }) => length));
  return SUITES.reduce((best, suite) => (longest(suite) > longest(best) ? suite : best));
}

interface Wanted {
  readonly tasks: readonly Task[];
  readonly more: readonly string[];
}

/** @throws Error naming what is not known */
function parse(args: readonly string[]): Wanted {
  const split = args.findIndex((each) => each.startsWith('-'));
  const names = split < 0 ? args : args.slice(0, split);
  const options = split < 0 ? [] : args.slice(split);
  const more = options.filter((each) => each !== ALL);
  const files = names.filter((name) => existsSync(resolve(name)) && !SUITES.some((suite) => suite.name === name));
  const unknown = names.filter((name) => !files.includes(name) && !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    const all = SUITES.map((suite) => suite.name).join(', ');
    throw new Error(`no such suite or file: ${unknown.join(', ')}; suites are ${all}`);
  }
  const paths = files.map((file) => relative(ROOT, resolve(file)));
  const suites =
    names.length === 0
      ? SUITES.filter(({ extra }) => options.includes(ALL) || !extra)
      : SUITES.filter((suite) => names.includes(suite.name) || paths.some((path) => suiteOf(path) === suite));
  const passed = [...more, ...paths];
  if (passed.length === 0) return { tasks: tasksOf(suites), more: [] };
  if (suites.length !== 1) throw new Error(`${passed.join(' ')} can be for one suite only`);
  const [suite] = suites;
  return { tasks: [{ ...suite, suite, title: suite.name }], more: passed };
}

/** One result of each suite: counts and seconds of its parts, added. */
function bySuite(results: readonly Result[]): Result[] {
  return SUITES.flatMap((suite) => {
    const own = results.filter((result) => result.suite === suite);
    const sum = (of: 'passed' | 'failed' | 'seconds') => own.reduce((total, each) => total + each[of], 0);
    return own.length === 0 ? [] : [{ suite, passed: sum('passed'), failed: sum('failed'), seconds: sum('seconds') }];
  });
}

async function main(): Promise<void> {
  const { tasks, more } = parse(process.argv.slice(2));
  const results = bySuite(await runAll(tasks, more));
  const lines = results.map(({ suite: { name }, passed, failed, seconds }) => {
    const counts = `${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed`;
    return `${name.padEnd(13)} ${counts} ${seconds.toFixed(1).padStart(8)} s`;
  });
  const sum = (of: keyof Counts) => results.reduce((total, each) => total + each[of], 0);
  const total = { passed: sum('passed'), failed: sum('failed') };
  console.log(`\n${lines.join('\n')}\n\n${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

main()
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  })
  .finally(() => rmSync(scratch, { recursive: true, force: true }));
