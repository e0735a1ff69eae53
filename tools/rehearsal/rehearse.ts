/**
 * `npm run rehearse`: deploys a stage's unmodified templates with the real CDK to an emulator of AWS, twice, in opposite orders
 * of creation; uses what was deployed, deploys it again, changes it, deletes it, and looks at what is left.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../engines/paths';
import { type Command } from '../kit/command';
import { inSeconds } from '../kit/time';
import { type Clock, startClock } from '../local/run/clock';
import { cdk, reasonOf } from './cdk';
import { CHANGE } from './checks';
import { runCourse } from './course';
import { OPTIONS, parseOptions, type RehearsalOptions } from './options';
import { rowsOf } from './record';
import { formatChecks, formatTypes, refusedTypes } from './report';

/**
 * @param settings keys of the configuration to override
 * @returns the folder of the cloud assembly
 * @throws Error of one line
 */
async function synthesize(stage: string, dir: string, name: string, settings: readonly string[]): Promise<string> {
  const assembly = join(dir, name);
  const context = [`stage=${stage}`, ...settings].flatMap((each) => ['-c', each]);
  const finished = await cdk(`synth-${name}`, ['synth', '-q', ...context, '-o', assembly], { dir });
  if (finished.code !== 0) throw new Error(`cdk synth failed: ${reasonOf(finished)}`);
  return assembly;
}

async function rehearse({ stage, settings, results }: RehearsalOptions, clock: Clock): Promise<boolean> {
  const dir = join(ROOT, '.local', 'rehearsal', stage);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const assembly = clock.phase('synthesize', () => synthesize(stage, dir, 'assembly', settings));
  const changes = Object.entries(CHANGE.keys).map((pair) => pair.join('='));
  const changed = assembly.then(() => synthesize(stage, dir, 'changed', [...settings, ...changes]));
  // It is waited for much later: a failure until then must not end the process.
  changed.catch(() => undefined);
  const courses = [
    runCourse({ order: 'forward', dir: join(dir, 'forward'), assembly, changed, clock }),
    runCourse({ order: 'reverse', dir: join(dir, 'reverse'), assembly, clock }),
  ];
  // Whatever becomes of one, the other's emulator is to be stopped.
  await Promise.allSettled(courses);
  const [forward, reverse] = await Promise.all(courses);
  const seconds = clock.mark('in all');
  const checks = [...forward.checks, ...reverse.checks];
  const failed = checks.filter(({ problem }) => problem !== '').length;
  const refused = refusedTypes(checks);
  console.log(`\n${formatTypes(forward.record)}\n`);
  console.log(`  not supported: ${refused.length === 0 ? 'none' : refused.join(', ')}`);
  console.log('  taken out: none, the templates are deployed as they are\n');
  console.log(formatChecks(checks));
  if (forward.kept.length > 0) {
    console.log(`\n  kept: ${forward.kept.map(({ type, physicalId }) => `${type} ${physicalId}`).join('\n        ')}`);
  }
  console.log(`\n${checks.length - failed} checks held, ${failed} did not; ${inSeconds(seconds)}`);
  if (results !== undefined) {
    const counts = { passed: checks.length - failed, failed };
    const types = rowsOf(forward.record);
    const document = { stage, settings, ...counts, checks, types, refused, timings: clock.timings };
    writeFileSync(results, `${JSON.stringify(document, null, 2)}\n`);
  }
  return failed === 0;
}

async function run(argv: readonly string[]): Promise<void> {
  const options = parseOptions(argv);
  const held = await rehearse(options, startClock(console.log));
  process.exit(held ? 0 : 1);
}

export const command: Command = { options: OPTIONS, run };
