/**
 * Merges runs as columns, and cuts what comes out into chunks: in memory for two blocks of each run and a chunk, however
 * many keys the view has.
 */
import {
  endsOfChunks,
  firstAfter,
  keyAt,
  sliceOf,
  startOfLastGroup,
  trimmed,
  type CountColumns,
} from './count-columns';
import { compareKeys, type ChunkLimits, type Key } from './sorted-run';
import { ViewCounter } from './view-counter';
import { type View } from './views';

/** A run as columns, block by block. */
export type ColumnRun = AsyncIterable<CountColumns>;

/** One run of rows that are all there. */
export async function* columnRun(counts: CountColumns): ColumnRun {
  if (counts.rows > 0) yield counts;
}

/** A place in a run. It is one block ahead, so it is known which one is the last. */
class Place {
  private block: CountColumns | undefined;
  private ahead: CountColumns | undefined;
  private readonly blocks: AsyncIterator<CountColumns>;

  constructor(run: ColumnRun) {
    this.blocks = run[Symbol.asyncIterator]();
  }

  async begin(): Promise<void> {
    this.block = await this.read();
    this.ahead = this.block && (await this.read());
  }

  private async read(): Promise<CountColumns | undefined> {
    const next = await this.blocks.next();
    return next.done ? undefined : next.value;
  }

  /** The key up to which all rows are in memory; undefined if all of the run is. */
  get end(): Key | undefined {
    return this.ahead && keyAt(this.block!, this.block!.rows - 1);
  }

  /** Takes the rows up to a key, of those in memory. @param key undefined: all */
  async take(key: Key | undefined): Promise<CountColumns[]> {
    const { block } = this;
    if (!block) return [];
    const end = key ? firstAfter(block, key) : block.rows;
    if (end < block.rows) {
      this.block = sliceOf(block, end, block.rows);
    } else {
      this.block = this.ahead;
      this.ahead = this.block && (await this.read());
    }
    return end > 0 ? [sliceOf(block, 0, end)] : [];
  }
}

function merged(view: View, parts: readonly CountColumns[]): CountColumns {
  if (parts.length === 1) return trimmed(view, parts[0]);
  const counter = new ViewCounter(view);
  for (const part of parts) counter.addCounts(part);
  return counter.counts();
}

/** The merged and trimmed run of a view. Chunks follow from its rows alone, whatever blocks its parts came in. */
export async function* mergedChunks(view: View, runs: readonly ColumnRun[], limits: ChunkLimits): ColumnRun {
  const places = runs.map((run) => new Place(run));
  await Promise.all(places.map((place) => place.begin()));
  let rest: CountColumns[] = [];
  for (;;) {
    const ends = places.flatMap((place) => (place.end ? [place.end] : []));
    const cut = ends.sort(compareKeys).at(0);
    const parts = rest;
    for (const place of places) parts.push(...(await place.take(cut)));
    if (parts.length === 0) return;
    const all = merged(view, parts);
    // What follows may replace rows of the last group, and fill the last chunk.
    const fixed = cut ? startOfLastGroup(view, all) : Infinity;
    let from = 0;
    for (const end of endsOfChunks(all, limits)) {
      if (end >= fixed) break;
      yield sliceOf(all, from, end);
      from = end;
    }
    if (!cut) return;
    rest = [sliceOf(all, from, all.rows)];
  }
}
