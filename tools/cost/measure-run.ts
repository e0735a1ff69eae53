/**
 * Measures the billed quantities of a real run. The counters of a run are sums and maxima. This command counts each report, so that
 * durations can be summed and related to the size of the batch.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { type Command } from '../kit/command';
import { onlyFile, parse } from '../kit/options';
import { today } from '../kit/time';
import { CounterStore } from '../local/aws/counters';
import { JobRuns, type JobRun } from '../local/aws/job-runs';
import { parseOptions } from '../local/run/options';
import { command as START } from '../local/start';
import { type RunMeasurement, type StepMeasurement } from './measurement';

/** Options for folders, which have no influence on the result. */
const PLACES = new Set(['--data', '--answers']);
const TERMINAL = ['SUCCESS', 'FAILED', 'CANCELLED'];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const steps: Record<string, Mutable<StepMeasurement>> = {};
const jobs: JobRun[] = [];

/** A report without a duration (control records, retries) is not an invocation. */
function count(line: string): void {
  const report = JSON.parse(line) as Record<string, unknown>;
  const number = (name: string) => (typeof report[name] === 'number' ? report[name] : 0);
  if (typeof report.step !== 'string' || typeof report.duration !== 'number') return;
  const step = (steps[report.step] ??= {
    ...{ reports: 0, received: 0, written: 0, bytes: 0, writeUnits: 0, milliseconds: 0 },
    ...{ receivedSquared: 0, receivedMilliseconds: 0 },
  });
  const received = number('received');
  step.reports += 1;
  step.received += received;
  step.written += number('written');
  step.bytes += number('bytes');
  step.writeUnits += number('writeUnits');
  step.milliseconds += report.duration;
  step.receivedSquared += received * received;
  step.receivedMilliseconds += received * report.duration;
}

function filesUnder(folder: string, part: string): number {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  return all.filter((entry) => entry.isFile() && `${entry.parentPath}/`.includes(part) && !entry.name.endsWith('.json'))
    .length;
}

function tap(): void {
  const take = CounterStore.prototype.take;
  CounterStore.prototype.take = function (this: CounterStore, line: string, source: string) {
    const taken = take.call(this, line, source);
    if (taken) count(line);
    return taken;
  };
  const start = JobRuns.prototype.start;
  JobRuns.prototype.start = function (this: JobRuns, ...given: Parameters<JobRuns['start']>) {
    const run = start.apply(this, given);
    if (!jobs.includes(run)) jobs.push(run);
    return run;
  };
}

function measurement(args: readonly string[]): RunMeasurement {
  const { data } = parseOptions(args);
  const ended = jobs.filter(({ state }) => TERMINAL.includes(state));
  return {
    command: `npm start -- ${args.filter((arg, i) => !PLACES.has(arg) && !PLACES.has(args[i - 1])).join(' ')}`,
    date: today(),
    machine: `${cpus()[0].model.trim()}, ${cpus().length} cores, ${process.platform} ${process.arch}, node ${process.version}`,
    steps,
    archiveObjects: filesUnder(data, '/raw/posts/'),
    spark: {
      jobs: ended.length,
      seconds: ended.reduce((sum, { createdAt, updatedAt }) => sum + updatedAt - createdAt, 0),
      cores: cpus().length,
    },
  };
}

async function run(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parse(argv, START.options, { positionals: true });
  const file = onlyFile(positionals);
  if (!values.exit) throw new Error('--exit must be given: the measurement is written when the run ends');
  const args = argv.filter((arg) => arg !== file);
  tap();
  process.on('exit', () => writeFileSync(file, `${JSON.stringify(measurement(args), null, 2)}\n`));
  await START.run(args);
}

export const command: Command = {
  operands: 'FILE --data DIR --exit',
  options: START.options,
  about: 'Accepts the options of start. Writes the reports of each step and the Spark jobs as JSON.',
  run,
};
