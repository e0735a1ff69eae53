import { tmpdir } from 'node:os';
import { type Command } from '../../kit/command';
import { deleteReplaced, erase, viewsOf } from './erase';
import { connectLambda, invoking } from '../function';
import { connectLake } from '../lake';
import { OPTIONS, parseEraseOptions } from './options';
import { openParquetSearch } from './parquet';
import { countOf, search } from './search';
import { foundText, leftText, viewsText } from './text';

const print = (text: string) => void process.stdout.write(`${text}\n`);

async function run(argv: readonly string[]): Promise<void> {
  const { target, concurrency, compact, publish, lake: bucket } = parseEraseOptions(argv);
  const lake = connectLake(bucket);
  const parquet = await openParquetSearch();
  try {
    const deps = { lake, parquet, temporary: tmpdir(), concurrency, say: print };
    const found = await search(deps, target);
    // Reported before anything is changed: a second search after an interruption finds fewer intervals.
    print([foundText(found), ...viewsText(await viewsOf(lake, found))].join('\n'));
    if (compact === undefined) return print(leftText(found));
    const left = await erase({ ...deps, compact: invoking(compact, connectLambda()) }, target, found);
    print(leftText(left));
    const replaced = publish === undefined || (await deleteReplaced(invoking(publish, connectLambda()), print));
    process.exitCode = countOf(left) === 0 && replaced ? 0 : 1;
  } finally {
    parquet.close();
  }
}

export const command: Command = {
  options: OPTIONS,
  about:
    'Needs a person (all four options: there is no user id), posts, or both. Ends with 1 if something is left after --yes.',
  run,
};
