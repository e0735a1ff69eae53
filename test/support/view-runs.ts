/** Runs of views for tests: from counts, as they are stored and as engines write them. */
import { encodeRows } from '../../lambda/formats/counts-codec';
import { runVersion, type RunPointer } from '../../lambda/formats/view-run';
import { type DimensionValue } from '../../lambda/domain/merge';
import { mergeRuns, rowsAfter, runOf, type Row, type Run } from '../../lambda/domain/sorted-run';
import { type View } from '../../lambda/domain/views';
import { type BatchRun } from '../../lambda/query/reader';
import { add, sortedRows, type Counts } from '../../tools/kit/counts';

/** The key of counts: dimension values, in the order of the view's dimensions. */
export const joinKey = (values: readonly DimensionValue[]): string => values.join('\u001f');

export async function rowsOf(run: Run): Promise<Row[]> {
  const found: Row[] = [];
  for await (const rows of run) found.push(...rows);
  return found;
}

export async function countsOf(run: Run): Promise<Counts> {
  return new Map((await rowsOf(run)).map(({ key, value }) => [joinKey(key), value]));
}

/** Merges `other` into `target` and returns `target`. */
export function mergeCounts(view: View, target: Counts, other: ReadonlyMap<string, number>): Counts {
  for (const [key, value] of other) add(view, target, key, value);
  return target;
}

/** A run that stands in its pointer row. */
export function inlineRun(view: View, counts: ReadonlyMap<string, number>): RunPointer {
  return { version: runVersion(view, ['test']), chunks: 0, counts: encodeRows(view, sortedRows(view, counts)) };
}

/** What a reader finds for periods with these counts. */
export function batchRunOf(view: View, counts: readonly Counts[], version = 'test'): BatchRun {
  const runs = (after?: Row['key']) => counts.map((each) => rowsAfter(runOf(sortedRows(view, each)), after));
  return { version, rows: (after) => mergeRuns(view, runs(after)) };
}
