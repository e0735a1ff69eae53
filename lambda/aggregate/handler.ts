/**
 * The speed layer: appends the posts of an MSK batch to the log of their partition, within seconds, and folds the log where it has grown.
 *
 * Delivery is at least once, a batch may be redelivered with other borders, any instance may get it, and an abandoned invocation may still
 * write. Therefore a row is appended at the end of the chain only, under the condition that nobody else did, and rows never change. Bad
 * records are counted (archive quarantines them) and never stop the batch. An outage throws, and the event source redelivers the batch.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 */
import { type KafkaRecord } from '../domain/decode';
import { RecentPosts } from '../domain/recent-posts';
import { HOUR } from '../domain/time';
import { VIEWS, type View } from '../domain/views';
import { decodePosts, encodePosts } from '../formats/post-blob';
import { encodeHead, speedSchema } from '../formats/speed-head';
import { asOfEnd, EMPTY_CHAIN, endOf, intervalOfEnd, readChain, type Chain } from '../aws/keyspaces/speed-chain';
import { storeFromEnvironment, type AggregateStore, type LogKey } from '../aws/keyspaces/store';
import { keyspacesStore } from '../aws/keyspaces/writer';
import { mapConcurrently } from '../runtime/concurrent';
import { ENV, requireNonNegativeInteger, requirePositiveInteger } from '../runtime/env';
import { recordsByPartition, sizeOf, type LambdaKafkaEvent } from '../runtime/kafka-event';
import { invoked, log } from '../runtime/log';
import { report, type ReportOf } from '../runtime/metrics';
import { applyRecords, type BatchOutcome, type Part } from './core';
import { startFolding, writeFold, type Folding } from './fold';
import { FOLD, isSameFold, nextFold, type FoldLimits } from './folding';

export interface AggregateDeps {
  readonly store: AggregateStore;
  readonly intervalMinutes: number;
  /** How many intervals with posts, before the newest one, a partition remembers, to count each post once. */
  readonly horizon: number;
  /** How far back the batch layer remembers. */
  readonly identityHorizonHours: number;
  /** @default - all views */
  readonly views?: readonly View[];
  /** @default FOLD */
  readonly limits?: FoldLimits;
  readonly now: () => number;
  readonly report: ReportOf<'aggregate'>;
  readonly log: Pick<typeof log, 'warn'>;
}

/** How often a partition is retried when a condition fails. Two concurrent writers settle it in one or two attempts. */
const ATTEMPTS = 5;
/** Rows live longer, and no broker's clock is as far ahead. */
const TRUSTED_MS = HOUR;
const WRITE_UNIT_BYTES = 1024;
/** Approximate size of a row's key, offsets and instant. */
const ROW_OVERHEAD_BYTES = 100;

/**
 * What the last batch of a partition left in memory. It may be behind, because another instance got batches since: then only what is new
 * is read.
 */
interface Warm {
  chain: Chain;
  readonly recent: RecentPosts;
  folding?: Folding;
}

interface Applied extends BatchOutcome {
  /** When queries see it, ms: it is folded after that. */
  readonly visible: number;
}

interface Tally {
  writeUnits: number;
  bytes: number;
  conditionFailed: number;
}

/** Another writer was faster: what was read is out of date. */
class OutOfDateError extends Error {
  override readonly name = 'OutOfDateError';
}

export function makeHandler(deps: AggregateDeps): (event: LambdaKafkaEvent) => Promise<void> {
  const { store, horizon, identityHorizonHours } = deps;
  const schema = speedSchema(deps.views ?? VIEWS, deps.intervalMinutes);
  const limits = deps.limits ?? FOLD;
  const cache = new Map<string, Warm>();

  /** Reads what is in the store and not in memory. */
  async function catchUp(key: LogKey, { chain: known, recent, folding }: Warm): Promise<Warm> {
    const chain = await readChain(store, key, schema, known);
    // Some of it may be known already. To take note of the end of the log again leads to the same.
    for (const interval of chain.head.remembered) {
      if (interval < known.head.interval) continue;
      for (const blob of await store.readPosts(key, interval, known.head.foldedTo + 1)) {
        recent.replay(interval, decodePosts(blob).posts);
      }
    }
    for (const { to, interval, posts } of chain.deltas) if (to > endOf(known)) recent.replay(interval, posts);
    return { chain, recent, folding };
  }

  const cold = (): Warm => ({
    chain: EMPTY_CHAIN,
    recent: new RecentPosts(horizon, identityHorizonHours, schema.waiting),
  });

  function countRow(tally: Tally, bytes: number): void {
    tally.writeUnits += Math.ceil((bytes + ROW_OVERHEAD_BYTES) / WRITE_UNIT_BYTES);
    tally.bytes += bytes;
  }

  /** What deltas depend on is stored before the first of them: another version notices what it can't go on with. */
  async function begin(key: LogKey, warm: Warm, tally: Tally): Promise<void> {
    const { head } = warm.chain;
    const state = encodeHead(head, schema);
    countRow(tally, state.length);
    if (!(await store.casHead(key, undefined, { foldedTo: head.foldedTo, state }))) {
      tally.conditionFailed++;
      throw new OutOfDateError('another writer began the chain');
    }
    warm.chain = { ...warm.chain, stored: true };
  }

  async function append(key: LogKey, warm: Warm, part: Part, tally: Tally): Promise<void> {
    const posts = encodePosts(part);
    const { from, to, interval, asOf } = part;
    // A failed condition is billed like a write.
    countRow(tally, posts.length);
    if (!(await store.appendLog(key, { from, to, interval, asOf, posts }))) {
      tally.conditionFailed++;
      throw new OutOfDateError(`another writer appended at offset ${from}`);
    }
    part.posts.rest();
    const { chain } = warm;
    warm.chain = { ...chain, deltas: [...chain.deltas, { ...part, bytes: posts.length }] };
  }

  /** @returns undefined if another writer moved the head: what is in memory is out of date */
  async function fold(key: LogKey, warm: Warm, ms: number, tally: Tally): Promise<Warm | undefined> {
    const began = deps.now();
    for (;;) {
      const next = nextFold(warm.chain.head, warm.chain.deltas, limits);
      if (!next) return { ...warm, folding: undefined };
      const begun = warm.folding && isSameFold(warm.folding.fold, next);
      const folding = begun ? warm.folding! : startFolding(next);
      const chain = await writeFold(store, key, warm.chain, folding, {
        ...{ schema, horizon },
        count: (bytes) => countRow(tally, bytes),
        allows: () => deps.now() - began < ms,
      });
      if (chain === 'more') return { ...warm, folding };
      if (!chain) return undefined;
      warm.chain = chain;
    }
  }

  /** Whether a row may be appended to what is in memory: only the condition of the insert says that nobody else did. */
  function isCurrent(chain: Chain, [first]: readonly KafkaRecord[]): boolean {
    // If it ends before the batch begins, another instance had what lies between. Only the store shows whether the log lost offsets.
    if (first.offset > endOf(chain) + 1) return false;
    // Where rows have expired, others may begin further back, and no condition fails.
    return deps.now() - asOfEnd(chain) < TRUSTED_MS;
  }

  async function attempt(key: LogKey, records: readonly KafkaRecord[], tally: Tally): Promise<Applied> {
    const id = `${key.topic}-${key.partition}`;
    const cached = cache.get(id);
    // Removed while it changes: a failure in between must not leave something half applied in memory.
    cache.delete(id);
    const warm = cached && isCurrent(cached.chain, records) ? cached : await catchUp(key, cached ?? cold());
    const { chain, recent } = warm;
    const position = { offset: endOf(chain), interval: intervalOfEnd(chain), asOf: asOfEnd(chain) };
    const outcome = applyRecords(position, recent, records, schema);
    if (!chain.stored && outcome.parts.length > 0) await begin(key, warm, tally);
    for (const part of outcome.parts) await append(key, warm, part, tally);
    const visible = deps.now();
    // Without a post nobody waits, and no other batch may follow for long.
    const folded = await fold(key, warm, outcome.posts > 0 ? limits.ms : Infinity, tally);
    if (folded) cache.set(id, folded);
    return { ...outcome, visible };
  }

  async function aggregate(key: LogKey, records: readonly KafkaRecord[]): Promise<void> {
    const began = deps.now();
    const tally: Tally = { writeUnits: 0, bytes: 0, conditionFailed: 0 };
    for (let retries = 0; ; retries++) {
      try {
        const outcome = await attempt(key, records, tally);
        if (outcome.gap > 0) {
          const { topic, partition } = key;
          const last = records.at(-1)?.offset;
          deps.log.warn('offsets are missing in the log', { topic, partition, missing: outcome.gap, last });
        }
        const now = deps.now();
        deps.report('aggregate', {
          received: records.length,
          written: outcome.posts,
          repeated: outcome.repeated,
          quarantined: outcome.quarantined,
          controlRecords: outcome.controlRecords,
          gap: outcome.gap,
          batchBytes: sizeOf(records),
          ...tally,
          retries,
          duration: now - began,
          ...(outcome.applied > 0 ? { freshness: outcome.visible - outcome.newest } : {}),
        });
        return;
      } catch (error) {
        if (!(error instanceof OutOfDateError)) throw error;
        if (retries + 1 >= ATTEMPTS) {
          const { topic, partition } = key;
          throw new Error(
            `partition ${partition} of topic '${topic}' has another writer: ${ATTEMPTS} attempts failed`,
            { cause: error },
          );
        }
      }
    }
  }

  return async (event) => {
    const topic = Object.values(event.records).flat().at(0)?.topic;
    if (topic === undefined) return;
    // An error in one partition must not stop the others: the batch is redelivered, and they skip what they applied.
    const parts = [...recordsByPartition(event, topic)];
    await mapConcurrently(parts, parts.length, ([partition, records]) => aggregate({ topic, partition }, records));
  };
}

export const handler = invoked(() =>
  makeHandler({
    store: storeFromEnvironment('aggregate', keyspacesStore),
    intervalMinutes: requirePositiveInteger(ENV.intervalMinutes),
    horizon: requireNonNegativeInteger(ENV.speedHorizonIntervals),
    identityHorizonHours: requirePositiveInteger(ENV.identityHorizonHours),
    now: Date.now,
    report,
    log,
  }),
);
