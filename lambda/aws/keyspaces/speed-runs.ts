/** Writes and reads the runs of the speed layer, a chunk at a time. */
import { rowsOfColumns, type CountColumns } from '../../domain/count-columns';
import { type ColumnRun } from '../../domain/merged-chunks';
import { decodeColumns, encodeColumns } from '../../formats/counts-codec';
import { CLOSED, storedName } from '../../formats/speed-run';
import { type IntervalStart } from '../../domain/intervals';
import { type Run } from '../../domain/sorted-run';
import { type View } from '../../domain/views';
import { type AggregateStore, type LogKey, type SpeedChunk, type SpeedReader, type SpeedRunKey } from './store';

/** A run of a view. */
export interface RunOfView extends Omit<SpeedRunKey, 'view'> {
  readonly view: View;
}

const keyOf = ({ view, ...key }: RunOfView): SpeedRunKey => ({ ...key, view: storedName(view) });

/** The run that is all of an interval. */
export const closedRun = (key: LogKey, view: View, interval: IntervalStart): RunOfView => ({
  ...{ ...key, view, interval },
  ...{ tier: CLOSED, from: 0, to: 0 },
});

/**
 * Writes a run; nothing if it has no row.
 * @param chunks of the size that the store takes
 * @returns the sizes of the blobs, bytes
 */
export async function writeSpeedRun(
  store: Pick<AggregateStore, 'putSpeedChunk'>,
  target: RunOfView,
  chunks: ColumnRun,
): Promise<number[]> {
  const key = keyOf(target);
  const { view } = target;
  const sizes: number[] = [];
  let first: CountColumns | undefined;
  const put = async (chunk: number, of: number, columns: CountColumns) => {
    const counts = encodeColumns(view, columns);
    sizes.push(counts.length);
    await store.putSpeedChunk(key, chunk, { chunks: of, counts });
  };
  let count = 0;
  for await (const columns of chunks) {
    if (first) await put(count, 0, columns);
    else first = columns;
    count++;
  }
  // Last, so that a run that is there is all there.
  if (first) await put(0, count, first);
  return sizes;
}

/** @param first its first chunk */
function runFrom(
  store: Pick<SpeedReader, 'readSpeedChunk'>,
  view: View,
  key: SpeedRunKey,
  first: SpeedChunk,
): SpeedRun {
  async function* columns() {
    yield decodeColumns(view, first.counts);
    for (let chunk = 1; chunk < first.chunks; chunk++) {
      const found = await store.readSpeedChunk(key, chunk);
      if (!found) throw new Error(`chunk ${chunk} of a run of ${key.view} is gone: speedTtlHours is over`);
      yield decodeColumns(view, found.counts);
    }
  }
  return {
    columns,
    async *rows() {
      for await (const block of columns()) yield rowsOfColumns(block);
    },
  };
}

/** What a partition adds to a view in a range of offsets. */
export interface SpeedRun {
  readonly rows: () => Run;
  /** The same, for who counts them. */
  readonly columns: () => ColumnRun;
}

/** Undefined if the range adds nothing to this definition of the view. */
export async function openSpeedRun(
  store: Pick<SpeedReader, 'readSpeedChunk'>,
  of: RunOfView,
): Promise<SpeedRun | undefined> {
  const key = keyOf(of);
  const first = await store.readSpeedChunk(key, 0);
  return first && runFrom(store, of.view, key, first);
}

/** The runs of closed intervals, from `oldest` to `newest`. */
export async function closedRuns(
  store: Pick<SpeedReader, 'readSpeedChunk' | 'listClosed'>,
  key: LogKey,
  view: View,
  oldest: IntervalStart,
  newest: IntervalStart,
): Promise<(SpeedRun & { readonly interval: IntervalStart })[]> {
  const found = await store.listClosed({ ...key, view: storedName(view) }, oldest, newest);
  return found.map((first) => {
    const { interval } = first;
    return { interval, ...runFrom(store, view, keyOf(closedRun(key, view, interval)), first) };
  });
}
