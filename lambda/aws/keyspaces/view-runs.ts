/** Reads and writes the runs of the batch layer over the view store, a chunk at a time. */
import { decodeRows, encodeRows } from '../../formats/counts-codec';
import { CHUNK, decodeFirstKeys, encodeFirstKeys, isOfDefinition } from '../../formats/view-run';
import { compareKeys, inChunks, rowsAfter, runOf, type Key, type Row, type Run } from '../../domain/sorted-run';
import { type View } from '../../domain/views';
import { type BatchReader, type RunStore } from './store';

/** The run was replaced, and deleted, while it was read: start again. */
export class RunReplacedError extends Error {
  override readonly name = 'RunReplacedError';
}

export interface StoredRun {
  readonly version: string;
  /** @param after only rows with greater keys. @throws RunReplacedError */
  rows(after?: Key): Run;
}

/** The run of a view and period; undefined if there is none of this definition of the view. */
export async function openRun(store: BatchReader, view: View, period: string): Promise<StoredRun | undefined> {
  const pointer = await store.readRun(view.name, period);
  if (!pointer || !isOfDefinition(view, pointer.version)) return undefined;
  const { version, chunks, counts, firstKeys } = pointer;
  if (chunks === 0) {
    return { version, rows: (after) => rowsAfter(runOf(decodeRows(view, counts!)), after) };
  }
  async function* from(first: number): Run {
    for (let chunk = first; chunk < chunks; chunk++) {
      const blob = await store.readChunk({ view: view.name, period, version, chunk });
      if (!blob) {
        throw new RunReplacedError(`chunk ${chunk} of view '${view.name}' in ${period} is gone: version ${version}`);
      }
      yield decodeRows(view, blob);
    }
  }
  return {
    version,
    rows: (after) => rowsAfter(from(after === undefined ? 0 : chunkOf(decodeFirstKeys(firstKeys!), after)), after),
  };
}

/** The chunk that holds the first key greater than `after`, or the one before it. */
function chunkOf(firstKeys: readonly Key[], after: Key): number {
  let [low, high] = [0, firstKeys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(firstKeys[middle], after) <= 0) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

export interface Written {
  readonly rows: number;
  /** Size of each row of the store, bytes. */
  readonly sizes: readonly number[];
}

export interface RunTarget {
  readonly view: View;
  readonly period: string;
  readonly version: string;
}

export interface WriteOptions {
  /** Called before the first chunk that does not stand in the pointer row. */
  readonly beforeChunks: () => Promise<void>;
  /** Called when all chunks are there, before the pointer row names them. */
  readonly beforePointer: () => Promise<void>;
}

/** Writes a run: chunks first, the pointer row last. A run of one chunk is the pointer row's. */
export async function writeRun(
  store: RunStore,
  target: RunTarget,
  run: Run,
  { beforeChunks, beforePointer }: WriteOptions,
): Promise<Written> {
  const { view, period, version } = target;
  const sizes: number[] = [];
  const firstKeys: Key[] = [];
  let rows = 0;
  let held: readonly Row[] | undefined;
  const writeHeld = async (chunk: readonly Row[]) => {
    if (firstKeys.length === 0) await beforeChunks();
    const counts = encodeRows(view, chunk);
    await store.putChunk({ view: view.name, period, version, chunk: firstKeys.length }, counts);
    firstKeys.push(chunk[0].key);
    sizes.push(counts.length);
  };
  for await (const chunk of inChunks(run, CHUNK)) {
    if (held) await writeHeld(held);
    held = chunk;
    rows += chunk.length;
  }
  if (firstKeys.length === 0) {
    const counts = encodeRows(view, held ?? []);
    await beforePointer();
    await store.putRun(view.name, period, { version, chunks: 0, counts });
    return { rows, sizes: [counts.length] };
  }
  await writeHeld(held!);
  const keys = encodeFirstKeys(firstKeys);
  await beforePointer();
  await store.putRun(view.name, period, { version, chunks: firstKeys.length, firstKeys: keys });
  return { rows, sizes: [...sizes, keys.length] };
}
