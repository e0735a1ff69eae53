/**
 * An open interval as the speed layer leaves it in the store: posts of the load generator with keys of 53 random bits and names of 14 to 30
 * random letters, appended batch by batch in each partition and folded when the function would. Only its event is left out.
 */
import { startFolding, writeFold } from '../../lambda/aggregate/fold';
import { nextFold } from '../../lambda/aggregate/folding';
import { type Chain, EMPTY_CHAIN, endOf } from '../../lambda/aws/keyspaces/speed-chain';
import { type AggregateStore, type LogKey } from '../../lambda/aws/keyspaces/store';
import { type Sections } from '../../lambda/domain/columns';
import { decodeRecord } from '../../lambda/domain/decode';
import { maskOfPresent } from '../../lambda/domain/merge';
import { PostColumns } from '../../lambda/domain/post-columns';
import { minuteOf } from '../../lambda/domain/timestamps';
import { MINUTE } from '../../lambda/domain/time';
import { encodePosts } from '../../lambda/formats/post-blob';
import { type SpeedSchema } from '../../lambda/formats/speed-head';
import { type Random, seeded } from '../loadgen/random';
import { START, posts, records } from './posts';

/** Posts that are generated; each is sent many times, with another key, poster and minute. */
const POOL = 20_000;
const POSTERS_A_POST = 1 / 4;
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];

export interface Load {
  readonly topic: string;
  readonly partitions: number;
  /** Of the interval. */
  readonly batches: number;
  /** Of a batch. */
  readonly posts: number;
}

function pool(): Sections[] {
  return records(posts(POOL), POOL).flatMap((record) => {
    const decoded = decodeRecord(record);
    return decoded.kind === 'post' ? [decoded.sections] : [];
  });
}

export interface Filler {
  /** Appends the next batch of each partition. */
  next(): Promise<void>;
}

/** @param store where it is written, and read for folds */
export function filler(store: AggregateStore, schema: SpeedSchema, load: Load): Filler {
  const random = seeded(1);
  const source = pool();
  const posters = Math.ceil(load.partitions * load.batches * load.posts * POSTERS_A_POST);
  const chains = Array.from({ length: load.partitions }, (): Chain => EMPTY_CHAIN);
  let batch = 0;

  function batchOf(at: number): PostColumns {
    const columns = PostColumns.of(schema.columns);
    for (let i = 0; i < load.posts; i++) {
      const sections = random.pick(source);
      const { pin } = sections;
      const known = maskOfPresent(sections);
      const name = pin?.poster_name && nameOf(seeded(random.integer(1, posters)));
      const sent = pin
        ? { ...sections, pin: { ...pin, poster_name: name ?? null, arrival_minute: minuteOf(at) } }
        : sections;
      columns.push(random.integer(0, 2 ** 21 - 1) * 2 ** 32 + random.integer(0, 2 ** 32 - 1), known, known, sent);
    }
    return columns;
  }

  async function append(partition: number, at: number): Promise<void> {
    const key: LogKey = { topic: load.topic, partition };
    let chain = chains[partition];
    const from = endOf(chain) + 1;
    const delta = { views: schema.fingerprint, posts: batchOf(at), canaries: new Map<string, number>() };
    const blob = encodePosts(delta);
    const row = { from, to: from + load.posts - 1, interval: START, asOf: at };
    await store.appendLog(key, { ...row, posts: blob });
    chain = { ...chain, deltas: [...chain.deltas, { ...row, ...delta, bytes: blob.length }] };
    for (;;) {
      const fold = nextFold(chain.head, chain.deltas);
      if (!fold) break;
      const always = { schema, horizon: 1, count: () => undefined, allows: () => true };
      const folded = await writeFold(store, key, chain, startFolding(fold), always);
      if (!folded || folded === 'more') throw new Error('a fold was not finished');
      chain = folded;
    }
    chains[partition] = chain;
  }

  return {
    async next() {
      const at = START + Math.floor((batch++ * schema.intervalMinutes * MINUTE) / load.batches);
      for (let partition = 0; partition < load.partitions; partition++) await append(partition, at);
    },
  };
}

function nameOf(random: Random): string {
  return Array.from({ length: random.integer(14, 30) }, () => random.pick(LETTERS)).join('');
}
