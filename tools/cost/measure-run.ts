/**
 * Measures what a bill is made of, in a real run: `tsx tools/cost/measure-run.ts FILE …options of npm start`. The counters of a run
 * are sums and maxima; here each report is kept as it comes, so that durations can be added up and set against the batch.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { CounterStore } from '../local/aws/counters';
import { JobRuns, type JobRun } from '../local/aws/job-runs';
import { type RunMeasurement, type StepMeasurement } from './measurement';

/** Where a run keeps its files changes nothing. */
const PLACES = new Set(['--data', '--answers']);
const TERMINAL = ['SUCCESS', 'FAILED', 'CANCELLED'];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const steps: Record<string, Mutable<StepMeasurement>> = {};
const jobs: JobRun[] = [];

/** Durations are told in the reports themselves; a report without one (control records, retries) is no invocation. */
function keep(line: string): void {
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
    if (taken) keep(line);
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
  const data = resolve(args[args.indexOf('--data') + 1]);
  const ended = jobs.filter(({ state }) => TERMINAL.includes(state));
  return {
    command: `npm start -- ${args.filter((arg, i) => !PLACES.has(arg) && !PLACES.has(args[i - 1])).join(' ')}`,
    date: new Date().toISOString().slice(0, 10),
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

const [file, ...args] = process.argv.slice(2);
if (file === undefined || !args.includes('--data')) {
  process.stderr.write('usage: tsx tools/cost/measure-run.ts FILE --exit --data DIR …options of npm start\n');
  process.exit(2);
}
tap();
process.on('exit', () => writeFileSync(file, `${JSON.stringify(measurement(args), null, 2)}\n`));
process.argv.splice(2, process.argv.length, ...args);
// Not before the taps are in place: it runs as it is loaded.
require('../local/start');
