import { synthesizeAssembly } from '../assembly/synthesize';
import { type Command } from '../kit/command';
import { DEPLOYMENT } from '../kit/options';
import { awsAccount } from './aws';
import { check } from './checks';
import { gather } from './gather';
import { needsOf } from './needs';
import { parsePreflightOptions } from './options';
import { asLine } from './verdict';

async function run(argv: readonly string[]): Promise<void> {
  const config = parsePreflightOptions(argv);
  const needs = needsOf(synthesizeAssembly(config).stacks);
  const answers = await gather(awsAccount(config.region), needs);
  const verdicts = check(config, needs, answers);
  const failed = verdicts.filter(({ ok }) => !ok).length;
  process.stdout.write(`${verdicts.map(asLine).join('\n')}\n`);
  process.stdout.write(failed === 0 ? `all ${verdicts.length} ok\n` : `${failed} of ${verdicts.length} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

export const command: Command = {
  options: DEPLOYMENT,
  about:
    'Asks the account and region what a deployment would find there. Nothing is changed. Ends with 1 if a check fails.',
  run,
};
