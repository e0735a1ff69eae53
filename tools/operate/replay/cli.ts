import { type HttpResponse } from '../../../lambda/runtime/http';
import { type Command } from '../../kit/command';
import { connectLambda, invoking } from '../function';
import { connectLake } from '../lake';
import { OPTIONS, parseReplayOptions } from './options';
import { replay } from './replay';

const print = (text: string) => void process.stdout.write(`${text}\n`);

async function run(argv: readonly string[]): Promise<void> {
  const options = parseReplayOptions(argv);
  const ingest = options.ingest === undefined ? undefined : invoking<HttpResponse>(options.ingest, connectLambda());
  const deps = { lake: connectLake(options.lake), ingest, say: print };
  const { posts, rejected } = await replay(deps, options.topic, options.filter);
  print(`${posts} ${ingest ? 'replayed' : 'to replay'}, ${rejected} still rejected`);
}

export const command: Command = { options: OPTIONS, run };
