/** Writes and reads the runs of the speed layer, a chunk at a time. */
import { type SourceCounts } from '../../domain/view-counter';
import { decodeColumns, decodeRows, encodeRows } from '../../formats/counts-codec';
import { CLOSED, storedName } from '../../formats/speed-run';
import { CHUNK } from '../../formats/view-run';
import { type IntervalStart } from '../../domain/intervals';
import { inChunks, type Row, type Run } from '../../domain/sorted-run';
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
 * @returns the sizes of the blobs, bytes
 */
export async function writeSpeedRun(
  store: Pick<AggregateStore, 'putSpeedChunk'>,
  target: RunOfView,
  run: Run,
): Promise<number[]> {
  const key = keyOf(target);
  const { view } = target;
  const sizes: number[] = [];
  let first: readonly Row[] | undefined;
  const put = async (chunk: number, chunks: number, rows: readonly Row[]) => {
    const counts = encodeRows(view, rows);
    sizes.push(counts.length);
    await store.putSpeedChunk(key, chunk, { chunks, counts });
  };
  let chunks = 0;
  for await (const rows of inChunks(run, CHUNK)) {
    if (first) await put(chunks, 0, rows);
    else first = rows;
    chunks++;
  }
  // Last, so that a run that is there is all there.
  if (first) await put(0, chunks, first);
  return sizes;
}

/** @param first its first chunk */
function runFrom(
  store: Pick<SpeedReader, 'readSpeedChunk'>,
  view: View,
  key: SpeedRunKey,
  first: SpeedChunk,
): SpeedRun {
  async function* blobs() {
    yield first.counts;
    for (let chunk = 1; chunk < first.chunks; chunk++) {
      const found = await store.readSpeedChunk(key, chunk);
      if (!found) throw new Error(`chunk ${chunk} of a run of ${key.view} is gone: speedTtlHours is over`);
      yield found.counts;
    }
  }
  return {
    async *rows() {
      for await (const blob of blobs()) yield decodeRows(view, blob);
    },
    async *columns() {
      for await (const blob of blobs()) yield decodeColumns(view, blob);
    },
  };
}

/** What a partition adds to a view in a range of offsets. */
export interface SpeedRun {
  readonly rows: () => Run;
  /** The same, for who counts them. */
  readonly columns: () => AsyncIterable<SourceCounts>;
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
