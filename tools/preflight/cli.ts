/** `npm run preflight`: what a deployment would find in its account, before anything is created. */
import { synthesizeAssembly } from '../assembly/synthesize';
import { awsAccount } from './aws';
import { check } from './checks';
import { gather } from './gather';
import { needsOf } from './needs';
import { parsePreflightOptions, USAGE } from './options';
import { asLine } from './verdict';

async function main(argv: readonly string[]): Promise<void> {
  const config = parsePreflightOptions(argv);
  if (config === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const needs = needsOf(synthesizeAssembly(config).stacks);
  const answers = await gather(awsAccount(config.region), needs);
  const verdicts = check(config, needs, answers);
  const failed = verdicts.filter(({ ok }) => !ok).length;
  process.stdout.write(`${verdicts.map(asLine).join('\n')}\n`);
  process.stdout.write(failed === 0 ? `all ${verdicts.length} ok\n` : `${failed} of ${verdicts.length} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`preflight: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}\n`);
  process.exitCode = 1;
});
