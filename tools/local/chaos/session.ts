/** A run with faults: the posts that flow, the other clients, and the faults that strike meanwhile. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { requestsOf } from '../../loadgen/clients';
import { type GeneratedPost, generate } from '../../loadgen/generate';
import { readPosts } from '../../loadgen/input';
import { type Random, seeded } from '../../loadgen/random';
import { sendAll, type Tally } from '../../loadgen/send';
import { type AirflowEngine } from '../../engines';
import { type Running } from '../run/bring-up';
import { type RunOptions } from '../run/options';
import { type QueryClient } from '../run/query-client';
import { type Fault, type Target } from './fault';
import { type LakeProxy, startLakeProxy } from './lake-proxy';
import { type Struck, strikeAll } from './strike';
import { waitFor } from './wait';

export interface Chaos {
  readonly faults: readonly Fault[];
  /** Puts what loses requests before S3. */
  beforeLake(endpoint: string): Promise<string>;
  /** Writes what faults make fail to a file: on the terminal nothing else could be seen. */
  onError(message: string): void;
  run(session: Session): Promise<readonly Struck[]>;
  stop(): Promise<void>;
}

interface Session {
  readonly running: Running;
  readonly query: QueryClient;
  readonly airflow: Promise<AirflowEngine>;
  readonly intervalMinutes: number;
  /** Gets what any client sends. */
  readonly tally: Tally;
  readonly say: (line: string) => void;
  readonly onProgress: (tally: Tally) => void;
}

type FlowOptions = Pick<RunOptions, 'input' | 'posts' | 'rate' | 'seed'>;
type ChaosOptions = FlowOptions & Pick<RunOptions, 'data'>;

/** Posts a second if no rate is given: as fast as possible, they would be through before the first fault. */
const RATE = 200;
const BATCH = 50;
/** Far from what flows. */
const FIRST_INDEX_OF_OTHERS = 1_000_000_000;
/** The batch layer has published something: what is slow when it starts is no fault. */
const FIRST_INTERVAL = { within: 600_000, every: 1_000 };

/** The posts of the run, and further ones, or those of the files again, until it is over. */
export function* flow({ input, posts, seed }: FlowOptions, over: () => boolean): Generator<GeneratedPost> {
  const files = input === undefined ? undefined : readPosts(input);
  const count = files?.length ?? Math.max(BATCH, posts);
  let sent = 0;
  for (let round = 0; count > 0; round++) {
    for (const post of files ?? generate({ posts: count, seed: seed + round, firstIndex: round * count })) {
      if (sent >= count && over()) return;
      sent++;
      yield post;
    }
  }
}

export function startChaos(faults: readonly Fault[], options: ChaosOptions): Chaos {
  const random = seeded(options.seed);
  let lake: LakeProxy | undefined;
  return {
    faults,
    async beforeLake(endpoint) {
      lake = await startLakeProxy(endpoint, random);
      return lake.url;
    },
    onError: (message) => appendFileSync(join(options.data, 'errors.log'), `${new Date().toISOString()} ${message}\n`),
    run: (session) => runChaos(faults, session, options, random, lake!),
    stop: async () => lake?.stop(),
  };
}

async function runChaos(
  faults: readonly Fault[],
  { running, query, airflow: starting, intervalMinutes, tally, say, onProgress }: Session,
  options: FlowOptions,
  random: Random,
  lake: LakeProxy,
): Promise<readonly Struck[]> {
  const url = running.cloud.ingestUrl;
  const rate = options.rate || RATE;
  let over = false;
  const posts = flow(options, () => over);
  const flowing = sendAll(requestsOf('native', posts, BATCH), { url, rate, tally, onProgress });
  // Awaited after the faults.
  flowing.catch(() => undefined);
  try {
    const airflow = await starting;
    const published = async () => (await query.boundary().catch(() => undefined))?.reconciledInterval ?? undefined;
    await waitFor('the first published interval', published, FIRST_INTERVAL);
    let next = FIRST_INDEX_OF_OTHERS;
    const target: Target = {
      ...{ ...running, airflow, lake, random },
      indexes: (count) => (next += count) - count,
      send: async (posts, { generation = 'native', batch = BATCH, ...sending } = {}) =>
        void (await sendAll(requestsOf(generation, posts, batch), { url, tally, ...sending })),
    };
    const accepted = () => tally.accepted;
    const enough = () => tally.sent >= options.posts;
    return await strikeAll(faults, { target, query, intervalMinutes, rate, accepted, enough, say });
  } finally {
    over = true;
    lake.set({});
    await flowing;
  }
}
