import { type Command } from '../kit/command';
import { nearestRank } from '../kit/nearest-rank';
import { address, flag, integer, oneOf, optional, parse, required, text, withDefault } from '../kit/options';
import { inSeconds } from '../kit/time';
import { GENERATIONS } from './clients';
import { INPUT_PATTERN } from './input';
import { generateLoad, type LoadOptions } from './load';
import { type Tally } from './send';

const whole = (value: string, help: string, from = 0) => integer(value, help, from, 999_999_999_999_999);

const OPTIONS = {
  url: required(address('base address of the ingest API', 'the http address of the ingest API')),
  generation: withDefault('native', oneOf('G', `clients: ${GENERATIONS.join(', ')}`, GENERATIONS)),
  posts: withDefault('2000', whole('N', 'posts to generate')),
  seed: withDefault('1', whole('S', 'seed of the generated posts')),
  'first-index': withDefault('0', whole('I', 'index of the first generated post')),
  input: optional(text('DIR', `sends DIR/${INPUT_PATTERN} instead; any may be missing`, 'a folder')),
  rate: withDefault('0', whole('R', 'records a second, 0 for no limit')),
  concurrency: withDefault('8', whole('C', 'requests in flight', 1)),
  batch: withDefault('50', whole('B', 'posts in one native request', 1)),
  sign: flag('signs with SigV4 and the credentials of the environment (always done for amazonaws.com)'),
};

/** @throws Error of one line that names the option, its value and what is allowed */
export function parseOptions(args: readonly string[]): LoadOptions {
  const { 'first-index': firstIndex, sign, ...values } = parse(args, OPTIONS).values;
  return { ...values, firstIndex, sign: sign || undefined };
}

/** The tally in a few lines. */
export function summary(tally: Tally): string {
  const latencies = [...tally.latencies].sort((a, b) => a - b);
  const milliseconds = (share: number) => `${(nearestRank(latencies, share) ?? 0).toFixed(0)} ms (p${share * 100})`;
  const seconds = tally.duration / 1000;
  const lines = [
    `${tally.accepted} of ${tally.sent} records accepted (${tally.acknowledged.size} posts) in ${inSeconds(seconds)}, ` +
      `${Math.round(tally.accepted / Math.max(seconds, 0.001))}/s; ${tally.requests} requests, ${tally.retries} repeated`,
    `responses after ${milliseconds(0.5)}, ${milliseconds(0.99)}`,
    `${tally.rejected.length} rejected, ${tally.quarantined.length} bound for quarantine`,
  ];
  const shown = [...tally.rejected, ...tally.quarantined].slice(0, 5);
  return [...lines, ...shown.map(({ key, reason }) => `  ${key}: ${reason}`)].join('\n');
}

const PROGRESS_MS = 200;

async function run(argv: readonly string[]): Promise<void> {
  const options = parseOptions(argv);
  let shown = 0;
  const tally = await generateLoad({
    ...options,
    onProgress: ({ sent, accepted, retries }) => {
      if (!process.stderr.isTTY || Date.now() - shown < PROGRESS_MS) return;
      shown = Date.now();
      process.stderr.write(`\r${sent} sent, ${accepted} accepted, ${retries} repeated `);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.log(summary(tally));
}

export const command: Command = { options: OPTIONS, run };
