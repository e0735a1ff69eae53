/** `npm run emulate -- --url URL …`: the emulator alone, against any deployment. */
import { parseArgs } from 'node:util';
import { GENERATIONS, type Generation } from './clients';
import { emulate, type EmulateOptions } from './emulate';
import { type Tally } from './send';

export const USAGE = `usage: npm run emulate -- --url URL [options]
  --url URL            base address of the ingest API
  --generation G       ${GENERATIONS.join(' | ')} (native)
  --posts N            posts to generate (2000)
  --seed S             seed of the generated posts (1)
  --first-index I      index of the first generated post (0)
  --input DIR          send DIR/{pin,geo,user}.jsonl instead; any may be missing
  --rate R             records a second, 0 for no limit (0)
  --concurrency C      requests under way at a time (8)
  --batch B            posts in one native request (50)
  --sign               sign with SigV4 and the credentials of the environment (done by itself for amazonaws.com)`;

function wholeNumber(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text) || Number(text) < least) {
    throw new Error(`--${name} must be an integer of at least ${least}, got '${text}'`);
  }
  return Number(text);
}

/** @throws Error of one line that names the option, its value and what is allowed */
export function parseOptions(args: readonly string[]): EmulateOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: text,
      generation: text,
      posts: text,
      seed: text,
      'first-index': text,
      input: text,
      rate: text,
      concurrency: text,
      batch: text,
      sign: { type: 'boolean' },
    },
  });
  if (values.url === undefined || !URL.canParse(values.url) || !/^https?:/.test(values.url)) {
    throw new Error(`--url must be the http address of the ingest API, got '${values.url ?? ''}'`);
  }
  const generation = values.generation ?? 'native';
  if (!(GENERATIONS as readonly string[]).includes(generation)) {
    throw new Error(`--generation must be one of ${GENERATIONS.join(', ')}, got '${generation}'`);
  }
  return {
    url: values.url,
    generation: generation as Generation,
    posts: wholeNumber('posts', values.posts, 0),
    seed: wholeNumber('seed', values.seed, 0),
    firstIndex: wholeNumber('first-index', values['first-index'], 0),
    input: values.input,
    rate: wholeNumber('rate', values.rate, 0),
    concurrency: wholeNumber('concurrency', values.concurrency, 1),
    batch: wholeNumber('batch', values.batch, 1),
    sign: values.sign,
  };
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** The tally in a few lines. */
export function summary(tally: Tally): string {
  const latencies = [...tally.latencies].sort((a, b) => a - b);
  const seconds = tally.duration / 1000;
  const lines = [
    `${tally.accepted} of ${tally.sent} records taken (${tally.acknowledged.size} posts) in ${seconds.toFixed(1)} s, ` +
      `${Math.round(tally.accepted / Math.max(seconds, 0.001))}/s; ${tally.requests} requests, ${tally.retries} repeated`,
    `answered in ${percentile(latencies, 0.5).toFixed(0)} ms (p50), ${percentile(latencies, 0.99).toFixed(0)} ms (p99)`,
    `${tally.rejected.length} refused, ${tally.quarantined.length} bound for quarantine`,
  ];
  const told = [...tally.rejected, ...tally.quarantined].slice(0, 5);
  return [...lines, ...told.map(({ key, reason }) => `  ${key}: ${reason}`)].join('\n');
}

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    console.log(USAGE);
    return;
  }
  const options = parseOptions(process.argv.slice(2));
  let shown = 0;
  const tally = await emulate({
    ...options,
    onProgress: ({ sent, accepted, retries }) => {
      if (!process.stderr.isTTY || Date.now() - shown < 200) return;
      shown = Date.now();
      process.stderr.write(`\r${sent} sent, ${accepted} taken, ${retries} repeated `);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.log(summary(tally));
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}
