/**
 * The speed layer: adds the records of an MSK batch to the view rows of their interval, within seconds.
 *
 * Delivery is at least once, a batch may be redelivered with other borders, and an abandoned invocation may still
 * write. Therefore each write is conditional on the row being unchanged since it was read. A row stores the offset up
 * to which it counts, and only later records are added. The partition's state is written last. Bad records are counted
 * (archive quarantines them) and never stop the batch. An outage throws, and the event source redelivers the batch.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 */
import { type IntervalStart } from '../domain/intervals';
import { decodeCounts, encodeCounts } from '../formats/counts-codec';
import { type KafkaRecord } from '../domain/decode';
import { ENV, requirePositiveInteger } from '../runtime/env';
import { recordsByPartition, sizeOf, type LambdaKafkaEvent } from '../runtime/kafka-event';
import { invoked, log } from '../runtime/log';
import { type Counts } from '../domain/merge';
import { report, type ReportOf } from '../runtime/metrics';
import { storeFromEnvironment, type AggregateStore, type SpeedRowKey } from '../aws/keyspaces/store';
import { VIEWS, type View } from '../domain/views';
import { applyChange, applyRecords, type BatchOutcome, type RowChange, type Settings } from './core';
import { decodeState, emptyState, encodeState, stateSchema, type PartitionState } from '../formats/speed-state';

export interface AggregateDeps {
  readonly store: AggregateStore;
  readonly intervalMinutes: number;
  readonly recentPosts: number;
  /** @default - all views */
  readonly views?: readonly View[];
  readonly now: () => number;
  readonly report: ReportOf<'aggregate'>;
  readonly log: Pick<typeof log, 'warn'>;
}

/** How often a partition is retried when a condition fails. Two concurrent writers settle it in one or two attempts. */
const ATTEMPTS = 5;
/** Concurrent row writes per partition. */
const CONCURRENT_ROWS = 8;
const WRITE_UNIT_BYTES = 1024;
/** Approximate size of a row's key, offset and instant. */
const ROW_OVERHEAD_BYTES = 100;

interface CachedRow {
  readonly appliedOffset: number;
  /** Undefined if they are of another definition of the view: they count as absent. */
  readonly counts: Counts | undefined;
}

/**
 * What the last batch of a partition left in memory. It may be stale, because another process may have taken over the
 * partition; the conditional writes detect that.
 */
interface CachedPartition {
  readonly state: PartitionState;
  /** Offset of the stored state; undefined if no state is stored. */
  readonly storedOffset: number | undefined;
  /** Rows of the newest interval, by view. */
  readonly rows: Map<string, CachedRow | undefined>;
  readonly interval: IntervalStart;
}

interface Tally {
  writeUnits: number;
  bytes: number;
  conditionFailed: number;
}

/** Another writer was faster: the data that was read is stale. */
class OutOfDateError extends Error {
  override readonly name = 'OutOfDateError';
}

const unitsOf = (bytes: number) => Math.ceil((bytes + ROW_OVERHEAD_BYTES) / WRITE_UNIT_BYTES);

/** Waits for all items even after a failure, so that nothing is in flight when an attempt is repeated. */
async function inParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>) {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await work(items[next++]);
  };
  const done = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, worker));
  const failed = done.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
}

export function makeHandler(deps: AggregateDeps): (event: LambdaKafkaEvent) => Promise<void> {
  const views = deps.views ?? VIEWS;
  const schema = stateSchema(views, deps.intervalMinutes);
  const settings: Settings = {
    views,
    columns: schema.columns,
    intervalMinutes: deps.intervalMinutes,
    recentPosts: deps.recentPosts,
  };
  const cache = new Map<string, CachedPartition>();

  async function load(topic: string, partition: number): Promise<CachedPartition> {
    const stored = await deps.store.readState(topic, partition);
    const state = stored ? decodeState(stored.appliedOffset, stored.state, schema) : emptyState();
    return { state, storedOffset: stored?.appliedOffset, rows: new Map(), interval: state.interval };
  }

  async function writeRow(
    partition: number,
    change: RowChange,
    before: CachedPartition,
    after: CachedPartition,
    newest: number,
    tally: Tally,
  ): Promise<void> {
    const { view, interval } = change;
    const key: SpeedRowKey = { view: view.name, interval, partition };
    let row: CachedRow | undefined;
    if (interval === before.interval && before.rows.has(view.name)) {
      row = before.rows.get(view.name);
    } else {
      const stored = await deps.store.readSpeedRow(key);
      row = stored && { appliedOffset: stored.appliedOffset, counts: decodeCounts(view, stored.counts) };
    }
    // Safe to change cached counts in place: they were removed from the cache and return only if all writes succeed.
    const counts: Counts = row?.counts ?? new Map<string, number>();
    if (!applyChange(change, counts, row?.counts && row.appliedOffset)) {
      if (interval === after.interval) after.rows.set(view.name, row);
      return;
    }
    const blob = encodeCounts(view, counts);
    const { appliedOffset } = after.state;
    // A failed condition is billed like a write.
    tally.writeUnits += unitsOf(blob.length);
    const applied = await deps.store.casSpeedRow(key, row?.appliedOffset, {
      appliedOffset,
      asOf: newest,
      counts: blob,
    });
    if (!applied) {
      tally.conditionFailed++;
      throw new OutOfDateError(`row of view '${view.name}' is no longer at offset ${row?.appliedOffset ?? 'none'}`);
    }
    tally.bytes += blob.length;
    if (interval === after.interval) after.rows.set(view.name, { appliedOffset, counts });
  }

  async function attempt(
    topic: string,
    partition: number,
    records: readonly KafkaRecord[],
    tally: Tally,
  ): Promise<BatchOutcome> {
    const id = `${topic}-${partition}`;
    const cached = cache.get(id);
    // Removed while it changes: a failure in between must not leave a half-applied state in the cache.
    cache.delete(id);
    // A cached state that ends before the batch begins is stale: another instance had what lies between. Only the stored one shows
    // whether the log lost offsets.
    const isStale = cached !== undefined && records[0].offset > cached.state.appliedOffset + 1;
    const before = cached && !isStale ? cached : await load(topic, partition);
    const outcome = applyRecords(before.state, records, settings);
    if (outcome.applied === 0) {
      cache.set(id, before);
      return outcome;
    }
    const { state } = before;
    const rows = before.interval === state.interval ? new Map(before.rows) : new Map<string, CachedRow | undefined>();
    const after: CachedPartition = { state, storedOffset: state.appliedOffset, rows, interval: state.interval };
    await inParallel(outcome.changes, CONCURRENT_ROWS, (change) =>
      writeRow(partition, change, before, after, outcome.newest, tally),
    );
    const blob = encodeState(state, schema);
    tally.writeUnits += unitsOf(blob.length);
    const row = { appliedOffset: state.appliedOffset, state: blob };
    if (!(await deps.store.casState(topic, partition, before.storedOffset, row))) {
      tally.conditionFailed++;
      throw new OutOfDateError(`state is no longer at offset ${before.storedOffset ?? 'none'}`);
    }
    tally.bytes += blob.length;
    cache.set(id, after);
    return outcome;
  }

  async function aggregate(topic: string, partition: number, records: readonly KafkaRecord[]): Promise<void> {
    const began = deps.now();
    const tally: Tally = { writeUnits: 0, bytes: 0, conditionFailed: 0 };
    for (let retries = 0; ; retries++) {
      try {
        const outcome = await attempt(topic, partition, records, tally);
        if (outcome.gap > 0) {
          deps.log.warn('offsets are missing in the log', {
            topic,
            partition,
            missing: outcome.gap,
            last: records.at(-1)?.offset,
          });
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
          ...(outcome.applied > 0 ? { freshness: now - outcome.newest } : {}),
        });
        return;
      } catch (error) {
        if (!(error instanceof OutOfDateError)) throw error;
        if (retries + 1 >= ATTEMPTS) {
          throw new Error(
            `partition ${partition} of topic '${topic}' has another writer: ${ATTEMPTS} attempts failed`,
            {
              cause: error,
            },
          );
        }
      }
    }
  }

  return async (event) => {
    const topic = Object.values(event.records).flat().at(0)?.topic;
    if (topic === undefined) return;
    const partitions = [...recordsByPartition(event, topic)];
    // An error in one partition must not stop the others: the batch is redelivered, and they skip what they applied.
    await inParallel(partitions, partitions.length, ([partition, records]) => aggregate(topic, partition, records));
  };
}

export const handler = invoked(() =>
  makeHandler({
    store: storeFromEnvironment('aggregate'),
    intervalMinutes: requirePositiveInteger(ENV.intervalMinutes),
    recentPosts: requirePositiveInteger(ENV.recentPosts),
    now: Date.now,
    report,
    log,
  }),
);
