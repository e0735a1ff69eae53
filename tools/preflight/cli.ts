/** `npm run preflight`: checks the account before a deployment creates anything. */
import { synthesizeAssembly } from '../assembly/synthesize';
import { awsAccount } from './aws';
import { check } from './checks';
import { gather } from './gather';
import { needsOf } from './needs';
import { parsePreflightOptions, USAGE } from './options';
import { asLine } from './result';

async function main(argv: readonly string[]): Promise<void> {
  const config = parsePreflightOptions(argv);
  if (config === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const needs = needsOf(synthesizeAssembly(config).stacks);
  const responses = await gather(awsAccount(config.region), needs);
  const results = check(config, needs, responses);
  const failed = results.filter(({ ok }) => !ok).length;
  process.stdout.write(`${results.map(asLine).join('\n')}\n`);
  process.stdout.write(failed === 0 ? `all ${results.length} ok\n` : `${failed} of ${results.length} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`preflight: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}\n`);
  process.exitCode = 1;
});
