/** Compaction's decisions as plain values: which parts of which raw objects to read, and what the manifest contains. */
import { intervalName, parseIntervalName, type IntervalStart } from '../domain/intervals';
import { type Manifest, type PartitionRange, type PartitionSummary, type Seal } from '../formats/interval-metadata';
import { type RawRange } from '../formats/keys';
import { cover, describeRanges, type Covered } from '../domain/ranges';
import { POST_FILE_COLUMNS } from './columns';
import { HOUR } from '../domain/time';

/**
 * The parts of the raw objects that cover the range, each offset once: objects overlap where a batch was redelivered
 * with other borders. Offsets therefore need not be compared with each other later.
 * @throws Error naming the partition and offsets if any are missing, which sealing rules out
 */
export function sourcesOf(objects: readonly RawRange[], range: PartitionRange): readonly Covered<RawRange>[] {
  const { parts, missing } = cover(objects, range.from, range.to);
  if (missing.length > 0) {
    throw new Error(
      `the raw log of partition ${range.partition} lacks offsets ${describeRanges(missing)}, though the interval is sealed`,
    );
  }
  return parts;
}

/** The oldest interval whose sections are still recognized in this interval. */
export function horizonStart(interval: IntervalStart, horizonHours: number): IntervalStart {
  return interval - horizonHours * HOUR;
}

/** @throws Error if the seal does not contain the partition */
export function rangeOf(seal: Seal, partition: number): PartitionRange {
  const range = seal.partitions.find((each) => each.partition === partition);
  if (!range) {
    const known = seal.partitions.map((each) => each.partition).join(', ');
    throw new Error(`partition must be one of ${known} in interval ${seal.interval}, got ${partition}`);
  }
  return range;
}

/** @throws Error if a partition has no summary, or its summary covers other offsets */
export function manifestOf(seal: Seal, summaries: readonly (PartitionSummary | undefined)[]): Manifest {
  const partitions = seal.partitions.map(({ partition, from, to }, i) => {
    const summary = summaries[i];
    if (!summary) throw new Error(`partition ${partition} of interval ${seal.interval} is not compacted yet`);
    if (summary.partition !== partition || summary.from !== from || summary.to !== to) {
      throw new Error(
        `partition ${partition} of interval ${seal.interval} must be compacted from ${from} to ${to}, ` +
          `got partition ${summary.partition} from ${summary.from} to ${summary.to}`,
      );
    }
    return summary;
  });
  return {
    interval: seal.interval,
    previous: seal.previous,
    topic: seal.topic,
    rows: partitions.reduce((sum, { rows }) => sum + rows, 0),
    columns: Object.fromEntries(POST_FILE_COLUMNS.map(({ name, type }) => [name, type])),
    partitions,
  };
}

export interface CompactEvent {
  readonly step: 'compact';
  readonly partition: number;
  readonly intervals: readonly string[];
}

const SHAPES = '{"step":"compact","partition":0,"intervals":["2026-11-22T21-00"]} or {"step":"commit","intervals":[…]}';

/**
 * @throws Error naming the field, its value and what is allowed; intervals must ascend, as each builds on the one
 * before
 */
export function parseEvent(
  event: unknown,
  intervalMinutes: number,
): { step: 'compact'; partition: number; intervals: IntervalStart[] } | { step: 'commit'; intervals: IntervalStart[] } {
  const { step, partition, intervals } = (event ?? {}) as Partial<Record<keyof CompactEvent, unknown>>;
  if (step !== 'compact' && step !== 'commit') {
    throw new Error(`step must be compact or commit, as in ${SHAPES}, got '${String(step)}'`);
  }
  if (!Array.isArray(intervals) || intervals.length === 0) {
    throw new Error(
      `intervals must be a list of at least one interval name, as in ${SHAPES}, got '${JSON.stringify(intervals)}'`,
    );
  }
  const starts = intervals.map((name) => parseIntervalName(String(name), intervalMinutes));
  for (let i = 1; i < starts.length; i++) {
    if (starts[i] <= starts[i - 1]) {
      throw new Error(`intervals must ascend, got ${intervalName(starts[i])} after ${intervalName(starts[i - 1])}`);
    }
  }
  if (step === 'commit') return { step, intervals: starts };
  if (!Number.isSafeInteger(partition) || (partition as number) < 0) {
    throw new Error(`partition must be an integer of at least 0, got '${String(partition)}'`);
  }
  return { step, partition: partition as number, intervals: starts };
}

export interface Resources {
  readonly memoryMb: number;
  readonly threads: number;
}

const MB_PER_VCPU = 1_769;
/** Share for Node, the SDK, DuckDB's own code, and what DuckDB allocates outside its buffer manager. */
const OTHER_SHARE = 0.45;
const OTHER_MB = 1_024;

/**
 * How much of a function of this size DuckDB may use; beyond that it spills to disk.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
 */
export function resourcesOf(functionMb: number): Resources {
  return {
    memoryMb: Math.floor(functionMb - Math.min(functionMb * OTHER_SHARE, OTHER_MB)),
    threads: Math.max(1, Math.floor(functionMb / MB_PER_VCPU)),
  };
}
