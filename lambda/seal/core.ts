/** Which intervals are due, and what a seal says: pure, with Kafka's offset look-up handed in. */
import { intervalName, type IntervalStart } from '../domain/intervals';
import { type PartitionRange, type Seal } from '../formats/interval-metadata';

/** An offset for each partition. */
export type Offsets = ReadonlyMap<number, number>;

export interface DueInterval {
  readonly interval: IntervalStart;
  /** For every partition, the first offset after the interval. */
  readonly to: Offsets;
}

export interface DueOptions {
  /** Start of the newest sealed interval; of any interval before the first record if none is sealed. */
  readonly after: IntervalStart;
  /** The newest interval wanted; every partition must have a later record. */
  readonly upTo: IntervalStart;
  /** Length of an interval, ms. */
  readonly length: number;
  /** Where each partition's chain has come to. A partition that is not named starts at 0. */
  readonly from: Offsets;
  /** For every partition, the first offset whose record is not before the end of the interval; never falls from interval to interval. */
  readonly endOf: (interval: IntervalStart) => Promise<Offsets>;
  /** The most intervals to give. */
  readonly limit: number;
}

/** Both ends of one step of the search: what the interval's end is, counted from where the chain has come to. */
interface Edge {
  readonly interval: IntervalStart;
  readonly to: Offsets;
}

function sameOffsets(a: Offsets, b: Offsets): boolean {
  for (const partition of new Set([...a.keys(), ...b.keys()])) {
    if ((a.get(partition) ?? 0) !== (b.get(partition) ?? 0)) return false;
  }
  return true;
}

/** The chain never goes back, whatever a look-up says (retention may have removed what it looked for). */
function atLeast(offsets: Offsets, floor: Offsets): Offsets {
  return new Map([...offsets].map(([partition, offset]) => [partition, Math.max(offset, floor.get(partition) ?? 0)]));
}

/**
 * The non-empty intervals after `after` up to `upTo`, oldest first. Bisects: where the ends of two intervals are equal in every
 * partition, all between is empty and needs no look-up. So n intervals among m cost about n·log₂(m) look-ups.
 */
export async function dueIntervals(options: DueOptions): Promise<{ due: DueInterval[]; more: boolean }> {
  const { after, upTo, length, from, endOf, limit } = options;
  const due: DueInterval[] = [];
  let more = false;
  if (upTo <= after) return { due, more };

  const edge = async (interval: IntervalStart): Promise<Edge> => ({
    interval,
    to: atLeast(await endOf(interval), from),
  });
  const search = async (low: Edge, high: Edge): Promise<void> => {
    if (more || sameOffsets(low.to, high.to)) return;
    if (high.interval - low.interval === length) {
      if (due.length === limit) more = true;
      else due.push({ interval: high.interval, to: high.to });
      return;
    }
    const steps = (high.interval - low.interval) / length;
    const middle = await edge(low.interval + Math.floor(steps / 2) * length);
    await search(low, middle);
    await search(middle, high);
  };
  await search({ interval: after, to: from }, await edge(upTo));
  return { due, more };
}

/**
 * An interval before the first record, for a chain that has not begun: goes back in doubling steps until the end of an interval
 * is where the log starts.
 * @param lows the first offset that each partition still has
 */
export async function beforeFirst(
  upTo: IntervalStart,
  length: number,
  lows: Offsets,
  endOf: DueOptions['endOf'],
): Promise<IntervalStart> {
  for (let step = 1; ; step *= 2) {
    const interval = upTo - step * length;
    if (interval <= 0) return 0;
    const end = await endOf(interval);
    if ([...end].every(([partition, offset]) => offset <= (lows.get(partition) ?? 0))) return interval;
  }
}

export function offsetsOf(seal: Seal | undefined): Offsets {
  return new Map(seal?.partitions.map(({ partition, to }) => [partition, to]) ?? []);
}

/** The next link of the chain: in every partition it starts where the previous one ended. */
export function nextSeal(topic: string, previous: Seal | undefined, due: DueInterval): Seal {
  const from = offsetsOf(previous);
  const partitions: PartitionRange[] = [...due.to]
    .map(([partition, to]) => ({ partition, from: from.get(partition) ?? 0, to }))
    .sort((a, b) => a.partition - b.partition);
  return { interval: intervalName(due.interval), previous: previous?.interval ?? null, topic, partitions };
}
