/** `npm run pipeline -- trace --index 7`: where a post is, step by step. */
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toIndex } from '../../../lambda/domain/sections/fields';
import { s3Client } from '../../engines';
import { type Command } from '../../kit/command';
import { address, integer, optional, parse, required, text, withDefault } from '../../kit/options';
import { ROOT } from '../../kit/root';
import { signerFor, type Sign } from '../../loadgen/sign';
import { openParquetSearch } from '../erase/parquet';
import { connectLake } from '../lake';
import { answersFor } from './answers';
import { traceText } from './text';
import { trace } from './trace';

const ENDPOINTS = join(ROOT, '.local', 'endpoints.json');

const OPTIONS = {
  index: required({
    ...integer('N', 'the `index` of the post', 0, Number.MAX_SAFE_INTEGER),
    parse: (given: string) => toIndex(given) ?? undefined,
  }),
  lake: optional(text('BUCKET', "the lake's bucket; without it, that of the run that is up", 'the name of a bucket')),
  url: optional(address('of the query API (output QueryUrl), to print the answers, too', 'the address of a query API')),
  concurrency: withDefault('16', integer('N', 'objects at once, 1 to 256', 1, 256)),
};

interface Place {
  readonly lake: ReturnType<typeof connectLake>;
  readonly url: URL | undefined;
  readonly sign: Sign | undefined;
}

/** @throws Error of one line if no bucket is named and no run is up */
function placeOf(bucket: string | undefined, url: string | undefined): Place {
  const query = url === undefined ? undefined : new URL(url);
  if (bucket !== undefined) return { lake: connectLake(bucket), url: query, sign: query && signerFor(query) };
  if (!existsSync(ENDPOINTS)) throw new Error('--lake must be the name of a bucket where no run is up (npm start)');
  const run = JSON.parse(readFileSync(ENDPOINTS, 'utf8')) as Record<'s3' | 'lake' | 'query', string>;
  return { lake: connectLake(run.lake, s3Client(run.s3)), url: query ?? new URL(run.query), sign: undefined };
}

async function run(argv: readonly string[]): Promise<void> {
  const { index, lake: bucket, url: given, concurrency } = parse(argv, OPTIONS).values;
  const { lake, url, sign } = placeOf(bucket, given);
  const parquet = await openParquetSearch();
  try {
    const deps = { lake, parquet, concurrency, temporary: tmpdir(), say: () => undefined };
    const found = await trace(deps, index);
    const answers = url === undefined ? [] : await answersFor(url, sign, found.rows);
    process.stdout.write(`${traceText(index, found, answers)}\n`);
    if (found.records.length === 0 && found.quarantine.length === 0) process.exitCode = 1;
  } finally {
    parquet.close();
  }
}

export const command: Command = {
  options: OPTIONS,
  about: `Reads every object of the raw log and every file of posts/, as erase does. Ends with 1 if the post is nowhere.
Requests to the query API are signed with the credentials of the environment.`,
  run,
};
