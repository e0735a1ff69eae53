/** What compaction reads and writes, as plain values: which parts of which raw objects, which chain, which manifest. */
import { intervalName, parseIntervalName, type IntervalStart } from '../domain/intervals';
import { type Manifest, type PartitionRange, type PartitionSummary, type Seal } from '../formats/interval-metadata';
import { type RawRange } from '../formats/keys';
import { parseRunEvent, type RunEvent } from '../formats/run-event';
import { cover, describeRanges, type Covered } from '../domain/ranges';
import { POST_FILE_COLUMNS } from '../formats/post-files';

/** Of the code: to be raised with every change by which the same inputs give other files. */
export const COMPACTION_VERSION = 1;

/**
 * The parts of the raw objects that hold the range, each offset once: objects overlap where a batch was delivered again
 * with other borders. So no offset has to be compared with another.
 * @throws Error naming partition and offsets if something is missing, which sealing excludes
 */
export function sourcesOf<T extends RawRange>(objects: readonly T[], range: PartitionRange): readonly Covered<T>[] {
  const { parts, missing } = cover(objects, range.from, range.to);
  if (missing.length > 0) {
    throw new Error(
      `the raw log of partition ${range.partition} lacks offsets ${describeRanges(missing)}, though the interval is sealed`,
    );
  }
  return parts;
}

/** @throws Error if the partition is no part of the seal */
export function rangeOf(seal: Seal, partition: number): PartitionRange {
  const range = seal.partitions.find((each) => each.partition === partition);
  if (!range) {
    const known = seal.partitions.map((each) => each.partition).join(', ');
    throw new Error(`partition must be one of ${known} in interval ${seal.interval}, got ${partition}`);
  }
  return range;
}

/** @throws Error if a partition has no summary, or one of other offsets */
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
    intervalMinutes: seal.intervalMinutes,
    rows: partitions.reduce((sum, { rows }) => sum + rows, 0),
    columns: Object.fromEntries(POST_FILE_COLUMNS.map(({ name, type }) => [name, type])),
    partitions,
  };
}

/** A call for named intervals, by operators and tests: everything is computed, whether it is there or not. */
interface IntervalsCall {
  readonly intervals: readonly IntervalStart[];
}

/** A call of a run: its plan says which intervals. */
interface RunCall extends RunEvent {
  readonly intervals?: undefined;
}

export type CompactCall =
  | (IntervalsCall & { readonly step: 'compact'; readonly partition: number })
  /** The call takes the partitions whose number modulo `of` is `partition`, so that no partition of a seal is left out. */
  | (RunCall & { readonly step: 'compact'; readonly partition: number; readonly of: number })
  | ((IntervalsCall | RunCall) & { readonly step: 'commit' });

const SHAPES =
  '{"step":"compact","run":"…","partition":0,"of":12}, {"step":"commit","run":"…"}, ' +
  '{"step":"compact","partition":0,"intervals":["2026-11-22T21-00"]} or {"step":"commit","intervals":[…]}';

/** @throws Error naming the field, its value and what is allowed; intervals must ascend, as each builds on the one before */
export function parseEvent(event: unknown, intervalMinutes: number): CompactCall {
  const { step, partition, of, intervals } = (event ?? {}) as Readonly<Record<string, unknown>>;
  if (step !== 'compact' && step !== 'commit') {
    throw new Error(`step must be compact or commit, as in ${SHAPES}, got '${String(step)}'`);
  }
  const run = parseRunEvent(event);
  if (run === undefined) {
    const starts = parseRising(intervals, intervalMinutes);
    return step === 'commit'
      ? { step, intervals: starts }
      : { step, partition: integer('partition', partition, 0), intervals: starts };
  }
  if (step === 'commit') return { ...run, step };
  const tasks = integer('of', of, 1);
  const task = integer('partition', partition, 0);
  if (task >= tasks) throw new Error(`partition must be less than of, got ${task} of ${tasks}`);
  return { ...run, step, partition: task, of: tasks };
}

function parseRising(intervals: unknown, intervalMinutes: number): IntervalStart[] {
  if (!Array.isArray(intervals) || intervals.length === 0) {
    throw new Error(`intervals must be a list of at least one interval name, as in ${SHAPES}`);
  }
  const starts = intervals.map((name) => parseIntervalName(String(name), intervalMinutes));
  for (let i = 1; i < starts.length; i++) {
    if (starts[i] <= starts[i - 1]) {
      throw new Error(`intervals must ascend, got ${intervalName(starts[i])} after ${intervalName(starts[i - 1])}`);
    }
  }
  return starts;
}

function integer(name: string, value: unknown, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw new Error(`${name} must be an integer of at least ${least}, got '${String(value)}'`);
}

/** What computes the views of an interval: a job of EMR Serverless, `commit` by DuckDB, or one of them by the interval's size. */
export const VIEWS_ENGINES = ['spark', 'duckdb', 'auto'] as const;
export type ViewsEngineName = (typeof VIEWS_ENGINES)[number];

/**
 * Most rows of an interval whose views DuckDB computes where both engines are there: two such intervals fit into a step's budget, so that
 * a run catches up.
 * @see docs/adr/0032-a-second-engine-for-the-views.md
 */
export const AUTO_ROWS = 5_000_000;

/** Most rows of an interval whose views `commit` computes. Those of larger ones are left to the Spark job. */
export const ROWS_OF_DUCKDB: Readonly<Record<ViewsEngineName, number>> = {
  spark: 0,
  duckdb: Infinity,
  auto: AUTO_ROWS,
};

/** @throws Error naming the environment variable, its value and what is allowed */
export function parseViewsEngine(variable: string, value: string): ViewsEngineName {
  const found = VIEWS_ENGINES.find((name) => name === value);
  if (found) return found;
  throw new Error(`environment variable ${variable} must be one of ${VIEWS_ENGINES.join(', ')}, got '${value}'`);
}

export interface Resources {
  readonly memoryMb: number;
  readonly threads: number;
}

const MB_PER_VCPU = 1_769;
/** Node, the SDK, DuckDB's own code, and what DuckDB allocates beside its buffer manager. */
const OTHER_SHARE = 0.45;
const OTHER_MB = 1_024;

/**
 * What DuckDB may take of a function of this size: beyond it, it spills to disk.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
 */
export function resourcesOf(functionMb: number): Resources {
  return {
    memoryMb: Math.floor(functionMb - Math.min(functionMb * OTHER_SHARE, OTHER_MB)),
    threads: Math.max(1, Math.floor(functionMb / MB_PER_VCPU)),
  };
}
