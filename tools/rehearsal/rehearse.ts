/**
 * `npm run rehearse`: deploys a stage's unmodified templates with the real CDK to an AWS emulator, twice, in opposite orders of
 * creation. It uses the deployed app, deploys it again, updates it, deletes it, and checks what remains.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cdkSynth } from '../assembly/cdk-synth';
import { type Command } from '../kit/command';
import { ROOT } from '../kit/root';
import { inSeconds } from '../kit/time';
import { type Clock, startClock } from '../local/run/clock';
import { environment, reasonOf } from './cdk';
import { CHANGE } from './checks';
import { OPTIONS, parseOptions, type RehearsalOptions } from './options';
import { rowsOf } from './record';
import { formatChecks, formatTypes, unsupportedTypes } from './report';
import { runScenario } from './scenario';

type Settings = Readonly<Record<string, string>>;

/**
 * @param settings keys of the configuration to override
 * @returns the folder of the cloud assembly
 * @throws Error of one line
 */
async function synthesize(stage: string, dir: string, name: string, settings: Settings): Promise<string> {
  const assembly = join(dir, name);
  try {
    await cdkSynth({ ...settings, stage }, assembly, environment(dir));
  } catch (error) {
    throw new Error(`cdk synth failed: ${reasonOf({ code: 1, output: (error as Error).message })}`);
  }
  return assembly;
}

async function rehearse({ stage, settings, results }: RehearsalOptions, clock: Clock): Promise<boolean> {
  const dir = join(ROOT, '.local', 'rehearsal', stage);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const given = Object.fromEntries(settings.map((pair) => pair.split(/=(.*)/s, 2)));
  const assembly = clock.phase('synthesize', () => synthesize(stage, dir, 'assembly', given));
  const changed = assembly.then(() => synthesize(stage, dir, 'changed', { ...given, ...CHANGE.keys }));
  // Nothing awaits it yet, and a failure until then must not end the process.
  changed.catch(() => undefined);
  const scenarios = [
    runScenario({ order: 'forward', dir: join(dir, 'forward'), assembly, changed, clock }),
    runScenario({ order: 'reverse', dir: join(dir, 'reverse'), assembly, clock }),
  ];
  // If one fails, the other still has to stop its emulator.
  await Promise.allSettled(scenarios);
  const [forward, reverse] = await Promise.all(scenarios);
  const seconds = clock.mark('in all');
  const checks = [...forward.checks, ...reverse.checks];
  const failed = checks.filter(({ problem }) => problem !== '').length;
  const unsupported = unsupportedTypes(checks);
  console.log(`\n${formatTypes(forward.record)}\n`);
  console.log(`  not supported: ${unsupported.length === 0 ? 'none' : unsupported.join(', ')}`);
  console.log('  taken out: none, the templates are deployed unmodified\n');
  console.log(formatChecks(checks));
  if (forward.retained.length > 0) {
    const list = forward.retained.map(({ type, physicalId }) => `${type} ${physicalId}`);
    console.log(`\n  retained: ${list.join('\n            ')}`);
  }
  console.log(`\n${checks.length - failed} checks held, ${failed} did not; ${inSeconds(seconds)}`);
  if (results !== undefined) {
    const counts = { passed: checks.length - failed, failed };
    const types = rowsOf(forward.record);
    const document = { stage, settings, ...counts, checks, types, unsupported, timings: clock.timings };
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
