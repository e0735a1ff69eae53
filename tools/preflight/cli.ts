import { synthesizeAssembly } from '../assembly/synthesize';
import { type Command } from '../kit/command';
import { DEPLOYMENT } from '../kit/options';
import { awsAccount } from './aws';
import { check } from './checks';
import { gather } from './gather';
import { needsOf } from './needs';
import { parsePreflightOptions } from './options';
import { asLine } from './result';

async function run(argv: readonly string[]): Promise<void> {
  const config = parsePreflightOptions(argv);
  const needs = needsOf(synthesizeAssembly(config).stacks);
  const responses = await gather(awsAccount(config.region), needs);
  const results = check(config, needs, responses);
  const failed = results.filter(({ ok }) => !ok).length;
  process.stdout.write(`${results.map(asLine).join('\n')}\n`);
  process.stdout.write(failed === 0 ? `all ${results.length} ok\n` : `${failed} of ${results.length} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

export const command: Command = {
  options: DEPLOYMENT,
  about: 'Checks the account and region before a deployment. Nothing is changed. Exits with 1 if a check fails.',
  run,
};
