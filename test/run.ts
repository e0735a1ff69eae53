/**
 * `npm test`: every suite, and one closing line `N passed, N failed`. Suites run two at a time, those that measure time alone.
 * `npm test -- unit dag` runs the named suites only.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../tools/kit/root';

const HANGING_MS = 20_000;
/** What Node may take to write its report. */
const REPORT_MS = 5_000;
const scratch = mkdtempSync(join(tmpdir(), 'pipeline-test-'));

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** Takes what a suite prints; without one it goes to the terminal as it comes. */
type Sink = (chunk: Buffer) => void;

interface Suite {
  readonly name: string;
  readonly what: string;
  /** It tells by the clock whether something comes late: it has the machine to itself, after the others. */
  readonly alone?: boolean;
  readonly run: (sink?: Sink) => Promise<Counts>;
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
      // Node writes what keeps it up, see REPORT.
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
  (file: string, ...args: readonly string[]) =>
  async (sink?: Sink): Promise<Counts> => {
    const failed = (await execute(file, args, { sink })).code === 0 ? 0 : 1;
    return { passed: 1 - failed, failed };
  };

/** A suite that crashes before it can count, or counts nothing, has failed. */
function atLeastOne(counts: Counts, exitCode: number): Counts {
  const nothingFailed = counts.failed === 0;
  return nothingFailed && (exitCode !== 0 || counts.passed === 0) ? { ...counts, failed: 1 } : counts;
}

/** Has Node write, when it gets SIGUSR2, what it waits for. @see https://nodejs.org/api/report.html */
const REPORT = ['--report-on-signal', '--report-signal=SIGUSR2', '--report-exclude-env', '--report-exclude-network'];

interface Handle {
  readonly type: string;
  readonly is_active: boolean;
  readonly is_referenced: boolean;
}

/** What kept a process up, of the report that it wrote into `directory`. */
function openHandles(directory: string): readonly Handle[] {
  const [file] = readdirSync(directory).filter((name) => name.startsWith('report.'));
  if (file === undefined) return [];
  const { libuv } = JSON.parse(readFileSync(join(directory, file), 'utf8')) as { libuv: Handle[] };
  return libuv.filter(({ type, is_active, is_referenced }) => type !== 'loop' && is_active && is_referenced);
}

/**
 * Jest that does not end has failed if a test left a process behind. A timer or a socket of a client that was cut off in the
 * middle of an outage is told, and no failure: it is gone with the process that a function or a person ends.
 */
function leftOpen(directory: string): number {
  const handles = openHandles(directory);
  console.error(`jest did not end by itself; open are:\n${handles.map((each) => JSON.stringify(each)).join('\n')}`);
  return handles.length === 0 || handles.some(({ type }) => type === 'process') ? 1 : 0;
}

const jest =
  (project: string, ...args: readonly string[]) =>
  async (sink?: Sink): Promise<Counts> => {
    const directory = mkdtempSync(join(scratch, `${project}-`));
    const report = join(directory, 'results.json');
    const options = ['--selectProjects', project, '--json', `--outputFile=${report}`, ...args];
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

/** Each check of the rehearsal is a test. */
const rehearsal =
  (stage: string) =>
  async (sink?: Sink): Promise<Counts> => {
    const report = join(scratch, `rehearsal-${stage}.json`);
    const args = ['tools/pipeline.ts', 'rehearse', '--stage', stage, '--results', report];
    const { code } = await execute(bin('tsx'), args, { sink });
    try {
      const { passed, failed } = JSON.parse(readFileSync(report, 'utf8')) as Counts;
      return atLeastOne({ passed, failed }, code);
    } catch {
      return { passed: 0, failed: 1 };
    }
  };

const pytest =
  (engine: string, folder: string) =>
  async (sink?: Sink): Promise<Counts> => {
    const report = join(scratch, `${engine}.xml`);
    const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', `--junitxml=${report}`, folder];
    const { code } = await execute(python(engine), args, { sink });
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

/**
 * The longest first, so that both lanes end at about the same time. Each keeps about one core busy: those that start engines
 * also wait for them.
 */
const SUITES: readonly Suite[] = [
  {
    name: 'integration',
    what: 'stores, pollers and faults on real engines',
    run: jest('integration', '--runInBand', '--testPathIgnorePatterns', 'test/e2e/'),
  },
  { name: 'unit', what: 'cores, handlers with fakes, templates', run: jest('unit', '--maxWorkers=50%') },
  { name: 'rehearse', what: 'deployment of stage dev to the emulator', run: rehearsal('dev') },
  // It has what dev has not; lean, which lies between the two, is rehearsed by CI.
  { name: 'rehearse-prod', what: 'deployment of stage prod to the emulator', run: rehearsal('prod') },
  { name: 'spark', what: 'the Spark job on Spark', run: pytest('spark', 'test/engines/spark') },
  { name: 'dag', what: 'the DAG on Airflow', run: pytest('airflow', 'test/unit/dags') },
  { name: 'cfn-lint', what: 'the templates, by cfn-lint', run: command(bin('tsx'), 'tools/pipeline.ts', 'cfn-lint') },
  { name: 'types', what: 'tsc', run: command(bin('tsc'), '--noEmit') },
  { name: 'format', what: 'prettier', run: command(bin('prettier'), '--check', '--log-level=warn', '.') },
  { name: 'lint', what: 'eslint', run: command(bin('eslint'), '.') },
  { name: 'judge', what: "the emulator's extension", run: pytest('rehearsal', 'test/rehearsal') },
  { name: 'web types', what: 'tsc with the DOM', run: command(bin('tsc'), '--noEmit', '-p', 'web') },
  {
    name: 'e2e',
    what: 'the whole pipeline, by npm start',
    alone: true,
    run: jest('integration', '--runInBand', 'test/e2e/'),
  },
];

/** Two on larger machines, too: with engines and compilers in each, three would need more memory than a laptop has. */
const LANES = Math.min(2, availableParallelism());

interface Result extends Counts {
  readonly suite: Suite;
  readonly seconds: number;
}

/** What a suite prints is held back until it ends, so that it stays together; unless it runs by itself. */
async function run(suite: Suite, held?: Buffer[]): Promise<Result> {
  const title = `\n== ${suite.name}: ${suite.what}`;
  if (held) console.log(`-- ${suite.name} begins`);
  else console.log(title);
  const started = Date.now();
  const counts = await suite.run(held && ((chunk) => held.push(chunk))).catch((error: Error) => {
    console.error(`${suite.name} could not be started: ${error.message}`);
    return { passed: 0, failed: 1 };
  });
  const seconds = (Date.now() - started) / 1000;
  if (held) {
    console.log(title);
    process.stdout.write(Buffer.concat(held));
  }
  return { suite, seconds, ...counts };
}

async function runAll(suites: readonly Suite[]): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = suites.filter(({ alone }) => !alone);
  const together = LANES > 1 && waiting.length > 1;
  const lane = async () => {
    for (let suite = waiting.shift(); suite; suite = waiting.shift())
      results.push(await run(suite, together ? [] : undefined));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  for (const suite of suites.filter(({ alone }) => alone)) results.push(await run(suite));
  return results;
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    throw new Error(`no such suite: ${unknown.join(', ')}; there are ${SUITES.map((suite) => suite.name).join(', ')}`);
  }
  const suites = SUITES.filter((suite) => wanted.length === 0 || wanted.includes(suite.name));
  const results = await runAll(suites);
  results.sort((a, b) => SUITES.indexOf(a.suite) - SUITES.indexOf(b.suite));
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
