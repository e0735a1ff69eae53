/**
 * Which intervals are due, and what a seal contains: pure, with Kafka's offset lookup as a parameter.
 *
 * Invariants: seals form one chain, and in each partition ranges meet without gap or overlap; an interval in which no partition has a
 * record, or heartbeat records only, is not sealed; an interval is due only when each partition has a later record, so its end can't move.
 */
import { intervalName, type IntervalStart } from '../domain/intervals';
import { type PartitionRange, type Seal } from '../formats/interval-metadata';

/** An offset for each partition. */
export type Offsets = ReadonlyMap<number, number>;

export interface DueInterval {
  readonly interval: IntervalStart;
  /** The first offset after the interval, for every partition. */
  readonly to: Offsets;
}

export interface DueOptions {
  /** Start of the newest sealed interval; if none is sealed, of any interval before the first record. */
  readonly after: IntervalStart;
  /** The newest interval to seal; every partition must have a later record. */
  readonly upTo: IntervalStart;
  /** Length of an interval, ms. */
  readonly length: number;
  /** The end of the chain in each partition. A partition that is not named starts at 0. */
  readonly from: Offsets;
  /**
   * For every partition, the first offset whose record is not before the interval's end; never decreases between
   * intervals.
   */
  readonly endOf: (interval: IntervalStart) => Promise<Offsets>;
  /** Whether the ranges hold heartbeat records and nothing else: what holds nothing else is no interval. */
  readonly areHeartbeats: (ranges: readonly PartitionRange[]) => boolean;
  /** The most intervals to return. */
  readonly limit: number;
}

/** One end of a search range: an interval and the offsets at its end, at least those of the chain's end. */
interface Edge {
  readonly interval: IntervalStart;
  readonly to: Offsets;
}

const rangesBetween = (from: Offsets, to: Offsets): PartitionRange[] =>
  [...to].map(([partition, offset]) => ({ partition, from: from.get(partition) ?? 0, to: offset }));

/** The chain never goes back, whatever a lookup returns (retention may have removed what it searched for). */
function atLeast(offsets: Offsets, floor: Offsets): Offsets {
  return new Map([...offsets].map(([partition, offset]) => [partition, Math.max(offset, floor.get(partition) ?? 0)]));
}

/**
 * The non-empty intervals after `after` up to `upTo`, oldest first. Bisects: if there is nothing but heartbeat records between the ends
 * of two intervals, everything between them is empty and needs no lookup. So n intervals among m cost about n·log₂(m)
 * lookups. The offsets of empty intervals go to the next one, which begins where the last seal ends.
 */
export async function dueIntervals(options: DueOptions): Promise<{ due: DueInterval[]; more: boolean }> {
  const { after, upTo, length, from, endOf, areHeartbeats, limit } = options;
  const due: DueInterval[] = [];
  let more = false;
  if (upTo <= after) return { due, more };

  const edge = async (interval: IntervalStart): Promise<Edge> => ({
    interval,
    to: atLeast(await endOf(interval), from),
  });
  const search = async (low: Edge, high: Edge): Promise<void> => {
    if (more || areHeartbeats(rangesBetween(low.to, high.to))) return;
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
 * An interval before the first record, for a chain that does not exist yet: goes back in doubling steps until an
 * interval's end is where the log starts.
 * @param lows the first available offset of each partition
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

/**
 * A partition of another log than the sealed one: the topic was made anew under the same name. All records before the end of a seal are
 * older than the end of its interval, and stay so; those of a topic that was made later are newer, and begin at offset 0 again.
 * @param from for each partition, an offset up to which the log has records that are older than the end of the sealed interval
 */
export function ofAnotherLog({ partitions }: Seal, from: Offsets): PartitionRange | undefined {
  return partitions.find(({ partition, to }) => (from.get(partition) ?? 0) < to);
}

/** The next seal of the chain: in every partition it starts where the previous one ended. */
export function nextSeal(
  { topic, intervalMinutes }: Pick<Seal, 'topic' | 'intervalMinutes'>,
  previous: Seal | undefined,
  due: DueInterval,
): Seal {
  const from = offsetsOf(previous);
  const partitions = rangesBetween(from, due.to).sort((a, b) => a.partition - b.partition);
  return {
    interval: intervalName(due.interval),
    previous: previous?.interval ?? null,
    topic,
    intervalMinutes,
    partitions,
  };
}
