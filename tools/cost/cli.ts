/** `npm run cost`: what a stage costs at a rate. */
import { estimate } from './estimate';
import { parseCostOptions, USAGE } from './options';
import { asText } from './text';

function main(argv: readonly string[]): void {
  const options = parseCostOptions(argv);
  if (options === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const result = estimate(options.config, options);
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : asText(result));
}

try {
  main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`cost: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}\n`);
  process.exitCode = 1;
}
