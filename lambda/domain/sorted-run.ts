/**
 * A view's counts as a sorted run: rows in the order of their keys, in blocks. Everything here streams, so that what is held in
 * memory is a block for each run that is read, however many keys a view has.
 *
 * The order is one for TypeScript, DuckDB and Spark: integers by value, text by its UTF-8 bytes, dimension by dimension.
 *
 * Invariants: no key stands in a run twice; a run is never empty blocks only between others; merging runs of the parts of a
 * period gives the run of the period, trimming included.
 */
import { compareText, type DimensionValue } from './merge';
import { type View } from './views';

export type Key = readonly DimensionValue[];

export interface Row {
  /** In the order of the view's dimensions. */
  readonly key: Key;
  readonly value: number;
}

/** Rows in the order of their keys, block by block. */
export type Run = AsyncIterable<readonly Row[]>;

/** Rows that a merge hands on at once. */
const BLOCK_ROWS = 4_096;

export function compareValues(a: DimensionValue, b: DimensionValue): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : compareText(String(a), String(b));
}

/** From here on the order of UTF-16 is not that of code points. */
const SURROGATES = /[\ud800-\uffff]/;

/** In the order of keys. Where the engine's own order is the same, it takes a fraction of the time of comparing. */
export function valuesInOrder(values: readonly DimensionValue[]): readonly DimensionValue[] {
  if (values.every((value) => typeof value === 'number')) return [...Float64Array.from(values).sort()];
  const isPlain = values.every((value) => typeof value === 'string' && !SURROGATES.test(value));
  return isPlain ? values.toSorted() : values.toSorted(compareValues);
}

/** The first values of a key are before the whole key. */
export function compareKeys(a: Key, b: Key): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const order = compareValues(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** One run of rows that are all there. */
export async function* runOf(rows: readonly Row[]): Run {
  if (rows.length > 0) yield rows;
}

/** Merges runs by the view's rule, in memory for one block of each. */
export function mergeRuns(view: Pick<View, 'merge'>, runs: readonly Run[]): Run {
  if (runs.length === 0) return runOf([]);
  if (runs.length === 1) return runs[0];
  const middle = runs.length >> 1;
  return mergeTwo(view, mergeRuns(view, runs.slice(0, middle)), mergeRuns(view, runs.slice(middle)));
}

async function* mergeTwo(view: Pick<View, 'merge'>, a: Run, b: Run): Run {
  const combine = view.merge === 'sum' ? (x: number, y: number) => x + y : Math.max;
  const [left, right] = [new Cursor(a), new Cursor(b)];
  await Promise.all([left.advance(), right.advance()]);
  let block: Row[] = [];
  for (;;) {
    const [x, y] = [left.row, right.row];
    if (!x || !y) break;
    const order = compareKeys(x.key, y.key);
    block.push(order < 0 ? x : order > 0 ? y : { key: x.key, value: combine(x.value, y.value) });
    if (order <= 0 && left.step()) await left.advance();
    if (order >= 0 && right.step()) await right.advance();
    if (block.length === BLOCK_ROWS) {
      yield block;
      block = [];
    }
  }
  if (block.length > 0) yield block;
  yield* left.rest();
  yield* right.rest();
}

/** A place in a run. */
class Cursor {
  private readonly blocks: AsyncIterator<readonly Row[]>;
  private rows: readonly Row[] = [];
  private at = 0;

  constructor(run: Run) {
    this.blocks = run[Symbol.asyncIterator]();
  }

  /** Undefined after the last one. */
  get row(): Row | undefined {
    return this.rows[this.at];
  }

  /** To the next row. @returns whether the block is at its end */
  step(): boolean {
    return ++this.at === this.rows.length;
  }

  /** To the next block. */
  async advance(): Promise<void> {
    this.at = 0;
    do {
      const next = await this.blocks.next();
      this.rows = next.done ? [] : next.value;
      if (next.done) return;
    } while (this.rows.length === 0);
  }

  async *rest(): Run {
    for (; this.row !== undefined; await this.advance()) yield this.at === 0 ? this.rows : this.rows.slice(this.at);
  }
}

/**
 * Of each group of a `top` view the rows with the largest values (smaller keys first where they are equal), in the order of keys;
 * other views as they are. Groups are in one piece, as they are the first dimensions of the key.
 */
export function trimRun(view: View, run: Run): Run {
  return view.top ? trimGroups(view.top, run) : run;
}

async function* trimGroups({ groupBy, keep }: NonNullable<View['top']>, run: Run): Run {
  let group: Row[] = [];
  const sameGroup = ({ key }: Row) => {
    const [{ key: first }] = group;
    for (let i = 0; i < groupBy; i++) if (key[i] !== first[i]) return false;
    return true;
  };
  const best = () => {
    if (group.length <= keep) return group;
    const ranked = [...group.entries()].sort(([i, a], [j, b]) => b.value - a.value || i - j).slice(0, keep);
    return ranked.sort(([i], [j]) => i - j).map(([, row]) => row);
  };
  for await (const rows of run) {
    for (const row of rows) {
      if (group.length > 0 && !sameGroup(row)) {
        yield best();
        group = [];
      }
      group.push(row);
    }
  }
  if (group.length > 0) yield best();
}

/** The rows whose keys are greater than `after`. */
export async function* rowsAfter(run: Run | Iterable<readonly Row[]>, after: Key | undefined): Run {
  let passed = after === undefined;
  for await (const rows of run) {
    const left = passed ? rows : rows.filter(({ key }) => compareKeys(key, after!) > 0);
    if (left.length === 0) continue;
    passed = true;
    yield left;
  }
}

export interface ChunkLimits {
  readonly rows: number;
  /** Of the texts of the keys, UTF-8. */
  readonly bytes: number;
}

/** UTF-8 bytes of a value as text. */
export function textBytes(part: DimensionValue): number {
  if (typeof part === 'number') return String(part).length;
  return Buffer.byteLength(part);
}

/** Cuts a run anew, by its rows alone: equal runs give equal chunks, whatever blocks they came in. */
export async function* inChunks(run: Run, limits: ChunkLimits): Run {
  let chunk: Row[] = [];
  let bytes = 0;
  /** Of the last row: the next one mostly shares its first dimensions. */
  let last: Key = [];
  const sizes: number[] = [];
  for await (const rows of run) {
    for (const row of rows) {
      let size = 0;
      for (let i = 0; i < row.key.length; i++) {
        if (row.key[i] !== last[i]) sizes[i] = textBytes(row.key[i]);
        size += sizes[i];
      }
      last = row.key;
      if (chunk.length > 0 && (chunk.length === limits.rows || bytes + size > limits.bytes)) {
        yield chunk;
        chunk = [];
        bytes = 0;
      }
      chunk.push(row);
      bytes += size;
    }
  }
  if (chunk.length > 0) yield chunk;
}
