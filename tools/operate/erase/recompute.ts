/** Which intervals are compacted again, and the calls and runs of the pipeline that do it. */
import { parseIntervalName, type IntervalStart } from '../../../lambda/domain/intervals';

/** A file of `posts/` or `incomplete-posts/`. */
export interface IntervalFile {
  readonly interval: string;
  readonly partition: number;
}

/** @throws Error for any other key */
export function parseFileKey(key: string): IntervalFile {
  const interval = /interval=(\d{4}-\d{2}-\d{2}T\d{2}-\d{2})/.exec(key)?.[1];
  const partition = /partition=(\d+)/.exec(key)?.[1];
  if (interval === undefined || partition === undefined) {
    throw new Error(`key must name an interval and a partition, got '${key}'`);
  }
  return { interval, partition: Number(partition) };
}

/** Intervals are aligned to the length that the pipeline has; any length of minutes reads their names. */
export const startOf = (interval: string): IntervalStart => parseIntervalName(interval, 1);

/** Intervals in one call of compaction, which must end within the time of a function. */
const INTERVALS_PER_CALL = 6;

export interface CompactCall {
  readonly step: 'compact';
  readonly partition: number;
  readonly intervals: readonly string[];
}

/**
 * The calls that compute the files again. An interval reads the incomplete posts of the one before it, so the intervals of a partition
 * ascend. An interval whose files have nothing of the target passes nothing on, and is left out.
 */
export function callsFor(keys: readonly string[]): CompactCall[] {
  const byPartition = new Map<number, Set<string>>();
  for (const { partition, interval } of keys.map(parseFileKey)) {
    byPartition.set(partition, (byPartition.get(partition) ?? new Set()).add(interval));
  }
  return [...byPartition].flatMap(([partition, names]) => {
    // Names sort as time does.
    const intervals = [...names].sort();
    const calls: CompactCall[] = [];
    for (let at = 0; at < intervals.length; at += INTERVALS_PER_CALL) {
      calls.push({ step: 'compact', partition, intervals: intervals.slice(at, at + INTERVALS_PER_CALL) });
    }
    return calls;
  });
}

/** A range of intervals, as in the conf of a run of the DAG `pipeline`. */
export interface RunConf {
  readonly from: string;
  readonly to: string;
}

/**
 * The runs that compute the views of some intervals again: adjacent intervals share one.
 * @param all the names of all compacted intervals, sorted
 * @param limit intervals of a run
 */
export function runsFor(intervals: ReadonlySet<string>, all: readonly string[], limit: number): RunConf[] {
  const runs: { from: string; to: string }[] = [];
  let length = 0;
  for (const name of all) {
    if (!intervals.has(name)) {
      length = 0;
    } else if (length === 0 || length === limit) {
      runs.push({ from: name, to: name });
      length = 1;
    } else {
      runs[runs.length - 1].to = name;
      length++;
    }
  }
  return runs;
}
