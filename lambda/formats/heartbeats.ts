/**
 * `plan/heartbeats.json`: the heartbeat records that `seal` wrote after the newest sealed interval, so that it knows which records are
 * nothing else without reading the log, which holds personal data.
 *
 * Invariants: it names no record that is not a heartbeat record. One that it lacks, as its writer died, counts as a record: that makes
 * an interval of it, which is a run for nothing and no error.
 */
import { type PartitionRange } from './interval-metadata';

const VERSION = 1;

/** Offsets by partition. */
export type Heartbeats = ReadonlyMap<number, readonly number[]>;

/** Whether the ranges hold heartbeat records and nothing else. */
export function areHeartbeats(ranges: readonly PartitionRange[], known: Heartbeats): boolean {
  return ranges.every(({ partition, from, to }) => {
    const offsets = (known.get(partition) ?? []).filter((offset) => offset >= from && offset < to);
    return new Set(offsets).size === to - from;
  });
}

/** With those written now, without those before the end of the chain. */
export function withHeartbeats(
  known: Heartbeats,
  written: readonly { readonly partition: number; readonly offset: number }[],
  chainEnd: ReadonlyMap<number, number>,
): Heartbeats {
  const all = new Map([...known].map(([partition, offsets]) => [partition, [...offsets]]));
  for (const { partition, offset } of written) all.set(partition, [...(all.get(partition) ?? []), offset]);
  return new Map(
    [...all].map(([partition, offsets]) => [partition, offsets.filter((at) => at >= (chainEnd.get(partition) ?? 0))]),
  );
}

export function serializeHeartbeats(known: Heartbeats): string {
  return `${JSON.stringify({ version: VERSION, partitions: Object.fromEntries(known) })}\n`;
}

/** @throws Error naming the key if it is not a list of a version that this code reads */
export function parseHeartbeats(key: string, text: string): Heartbeats {
  const { version, partitions } = JSON.parse(text) as { version?: unknown; partitions?: Record<string, number[]> };
  if (version !== VERSION || !partitions) {
    throw new Error(`object '${key}' must be heartbeat records of version ${VERSION}, got version ${String(version)}`);
  }
  return new Map(Object.entries(partitions).map(([partition, offsets]) => [Number(partition), offsets]));
}
