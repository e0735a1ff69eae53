/** A log in the lake as the batch layer leaves it: archived in batches that overlap, sealed interval by interval, compacted. */
import { makeHandler as makeArchive } from '../../lambda/archive/handler';
import { compactionWith } from '../../lambda/compact/engine';
import { makeHandler as makeCompact, type CompactResult } from '../../lambda/compact/handler';
import { intervalName, nextInterval } from '../../lambda/domain/intervals';
import { serialize, type Seal } from '../../lambda/formats/interval-metadata';
import { type KafkaRecord } from '../../lambda/domain/decode';
import { sealKey } from '../../lambda/formats/keys';
import { type ObjectStore } from '../../lambda/aws/s3';
import { type Compact } from '../../tools/operate/erase/erase';
import { lambdaEvent } from './posts-log';

export const TOPIC = 'posts';
export const INTERVAL_MINUTES = 60;

const BATCH = 5;
const AGAIN = 3;

/** @param records of one partition, offsets from 0 on without a gap */
export async function archiveLog(store: Pick<ObjectStore, 'put'>, records: readonly KafkaRecord[]): Promise<void> {
  const archive = makeArchive({ topic: TOPIC, store, report: () => undefined, now: () => 0 });
  for (let at = 0; at < records.length; at += BATCH) {
    await archive(lambdaEvent(TOPIC, records.slice(at, at + BATCH)));
    // As after a rebalance: again, with other borders.
    await archive(lambdaEvent(TOPIC, records.slice(at + AGAIN, at + AGAIN + BATCH)));
  }
}

/** @returns the names of the intervals, sorted */
export async function sealLog(
  store: Pick<ObjectStore, 'put'>,
  partition: number,
  records: readonly KafkaRecord[],
): Promise<string[]> {
  const ends = new Map<number, number>();
  let interval = -Infinity;
  for (const { offset, timestamp } of records) {
    interval = nextInterval(interval, timestamp, INTERVAL_MINUTES);
    ends.set(interval, offset + 1);
  }
  let previous: Pick<Seal, 'interval'> & { to: number } = { interval: '', to: 0 };
  for (const [start, to] of ends) {
    const seal: Seal = {
      interval: intervalName(start),
      previous: previous.interval || null,
      topic: TOPIC,
      intervalMinutes: INTERVAL_MINUTES,
      partitions: [{ partition, from: previous.to, to }],
    };
    await store.put(sealKey(start), serialize(seal));
    previous = { interval: seal.interval, to };
  }
  return [...ends.keys()].map(intervalName);
}

/** @param temporary folder for DuckDB's files */
export function compaction(store: ObjectStore, temporary: string, identityHorizonHours: number): Compact {
  const handle = makeCompact({
    intervalMinutes: INTERVAL_MINUTES,
    identityHorizonHours,
    store,
    compaction: compactionWith({ memoryMb: 256, threads: 1 }),
    temporary,
    report: () => undefined,
    now: () => 0,
  });
  // A call for named intervals has their result.
  return async (event) => (await handle(event)) as CompactResult;
}

/** All of it. @returns the names of the intervals, sorted */
export async function sealedLog(
  store: ObjectStore,
  compact: Compact,
  partition: number,
  records: readonly KafkaRecord[],
): Promise<string[]> {
  await archiveLog(store, records);
  const intervals = await sealLog(store, partition, records);
  await compact({ step: 'compact', partition, intervals });
  await compact({ step: 'commit', intervals });
  return intervals;
}
