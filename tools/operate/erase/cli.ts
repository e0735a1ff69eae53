/** `npm run erase`: takes a person out of the lake, and proves it by searching again. */
import { tmpdir } from 'node:os';
import { erase, viewsOf } from './erase';
import { connectLambda, invoking } from '../function';
import { connectLake } from '../lake';
import { parseEraseOptions, USAGE } from './options';
import { openParquetSearch } from './parquet';
import { countOf, search } from './search';
import { foundText, leftText, viewsText } from './text';

const print = (text: string) => void process.stdout.write(`${text}\n`);

async function main(argv: readonly string[]): Promise<void> {
  const options = parseEraseOptions(argv);
  if (options === 'help') return print(USAGE);
  const { target, concurrency, compact } = options;
  const lake = connectLake(options.lake);
  const parquet = await openParquetSearch();
  try {
    const deps = { lake, parquet, temporary: tmpdir(), concurrency, say: print };
    const found = await search(deps, target);
    // Told before anything is changed: whoever has to begin again finds fewer intervals.
    print([foundText(found), ...viewsText(await viewsOf(lake, found))].join('\n'));
    if (compact === undefined) return print(leftText(found));
    const left = await erase({ ...deps, compact: invoking(compact, connectLambda()) }, target, found);
    print(leftText(left));
    process.exitCode = countOf(left) === 0 ? 0 : 1;
  } finally {
    parquet.close();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`erase: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}\n`);
  process.exitCode = 1;
});
