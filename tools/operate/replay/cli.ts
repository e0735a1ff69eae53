/** `npm run replay`: sends records of the quarantine again, once the rules take them. */
import { type HttpResponse } from '../../../lambda/runtime/http';
import { connectLambda, invoking } from '../function';
import { connectLake } from '../lake';
import { parseReplayOptions, USAGE } from './options';
import { replay } from './replay';

const print = (text: string) => void process.stdout.write(`${text}\n`);

async function main(argv: readonly string[]): Promise<void> {
  const options = parseReplayOptions(argv);
  if (options === 'help') return print(USAGE);
  const ingest = options.ingest === undefined ? undefined : invoking<HttpResponse>(options.ingest, connectLambda());
  const deps = { lake: connectLake(options.lake), ingest, say: print };
  const { posts, refused } = await replay(deps, options.topic, options.filter);
  print(`${posts} ${ingest ? 'replayed' : 'to replay'}, ${refused} refused still`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`replay: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}\n`);
  process.exitCode = 1;
});
