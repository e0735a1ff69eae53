/** Lets faults strike one after the other, and measures what each does. */
import { repeatedly } from '../../kit/repeatedly';
import { inSeconds } from '../../kit/time';
import { shuffled } from '../../loadgen/random';
import { isThrough } from '../run/completion';
import { type QueryClient } from '../run/query-client';
import { type Fault, type Target } from './fault';

/** What a fault did. */
export interface Struck {
  readonly fault: string;
  /** ms */
  readonly at: number;
  /** From its begin to its end, ms. */
  readonly lasted: number;
  /** From its end until nothing is to be seen of it, ms; undefined if that was too long. */
  readonly recovered: number | undefined;
  /** The most records that both consumers had not taken in; undefined while Kafka did not say. */
  readonly lag: number | undefined;
  /** The longest time without an acknowledged post, ms. */
  readonly silence: number;
  /** Why it could not strike. */
  readonly failed?: string;
}

export interface StrikeOptions {
  readonly target: Target;
  readonly query: QueryClient;
  readonly intervalMinutes: number;
  /** Posts a second that flow. */
  readonly rate: number;
  /** Records that were acknowledged so far, by any client. */
  readonly accepted: () => number;
  /** Whether enough posts were sent: another round of faults is not wanted. */
  readonly enough: () => boolean;
  readonly say: (line: string) => void;
}

const POLL_MS = 500;
const LONGEST_RECOVERY_MS = 600_000;
/** Between a recovery and the next fault. */
const CALM_MS = 2_000;
/** Seconds of posts that are on their way while nothing is wrong: archive waits for one. */
const ON_THE_WAY = 4;
/** And some, so that the limit makes sense at any rate. */
const FEW_RECORDS = 200;

const sleep = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));

async function lagOf({ cloud }: Target, maxAgeMs: number): Promise<number | undefined> {
  const lags = await cloud.lag(maxAgeMs).catch(() => undefined);
  return lags && Object.values(lags).reduce((sum, each) => sum + sumOf(Object.values(each)), 0);
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);

/** Looks at lag and acknowledgements until it is stopped. */
function observe({ target, accepted }: StrikeOptions) {
  const seen: { lag: number | undefined; silence: number } = { lag: undefined, silence: 0 };
  let last = { at: Date.now(), accepted: accepted() };
  const stopLag = repeatedly(POLL_MS, async () => {
    const lag = await lagOf(target, POLL_MS);
    if (lag !== undefined) seen.lag = Math.max(seen.lag ?? 0, lag);
  });
  const timer = setInterval(() => {
    seen.silence = Math.max(seen.silence, Date.now() - last.at);
    if (accepted() !== last.accepted) last = { at: Date.now(), accepted: accepted() };
  }, 50);
  return {
    seen,
    stop: async () => {
      clearInterval(timer);
      await stopLag();
    },
  };
}

async function isRecovered({ recovered }: Fault, over: number, options: StrikeOptions): Promise<boolean> {
  const { target, query, rate, intervalMinutes } = options;
  const status = await query.status().catch(() => undefined);
  if (!status?.asOf || Date.parse(status.asOf) < over) return false;
  if (recovered === 'published' && !isThrough(status.boundary, over, intervalMinutes)) return false;
  const lag = await lagOf(target, 0);
  return lag !== undefined && lag <= 2 * ON_THE_WAY * rate + FEW_RECORDS;
}

async function strikeOnce(fault: Fault, options: StrikeOptions): Promise<Struck> {
  const { target, say } = options;
  const at = Date.now();
  const { seen, stop } = observe(options);
  say(`${fault.name}: ${fault.what}`);
  try {
    const end = await fault.strike(target);
    await sleep(fault.seconds * 1_000);
    await end();
    const over = Date.now();
    const lag = seen.lag === undefined ? '' : `, ${seen.lag} records to take in at most`;
    say(`${fault.name} is over after ${inSeconds((over - at) / 1_000)}${lag}`);
    let recovered: number | undefined;
    while (recovered === undefined && Date.now() - over < LONGEST_RECOVERY_MS) {
      if (await isRecovered(fault, over, options)) recovered = Date.now() - over;
      else await sleep(POLL_MS);
    }
    const outcome = recovered === undefined ? 'has not recovered' : `recovered in ${inSeconds(recovered / 1_000)}`;
    say(`${fault.name} ${outcome}`);
    return { fault: fault.name, at, lasted: over - at, recovered, ...seen };
  } catch (error) {
    const failed = (error as Error).message;
    say(`${fault.name} failed to strike: ${failed}`);
    return { fault: fault.name, at, lasted: Date.now() - at, recovered: undefined, ...seen, failed };
  } finally {
    await stop();
  }
}

/** Each fault once, and then again and again until enough posts were sent; in a random order each time. */
export async function strikeAll(faults: readonly Fault[], options: StrikeOptions): Promise<Struck[]> {
  const struck: Struck[] = [];
  do {
    for (const fault of shuffled(options.target.random, faults)) {
      if (struck.length >= faults.length && options.enough()) break;
      struck.push(await strikeOnce(fault, options));
      await sleep(CALM_MS);
    }
  } while (!options.enough());
  return struck;
}
