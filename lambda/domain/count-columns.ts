/**
 * Rows of a view as columns: what the speed layer folds, and what its readers count. A value of a dimension is a place in a sorted
 * dictionary, so rows are sorted by counting, a dimension at a time, and no object is made for a row.
 *
 * Invariants: rows are in the order of a run (sorted-run.ts), and no key occurs twice; a dictionary may have values that no row has.
 */
import { type DimensionValue } from './merge';
import { compareKeys, textBytes, type ChunkLimits, type Key, type Row } from './sorted-run';
import { type View } from './views';

export interface CountColumns {
  readonly rows: number;
  readonly dimensions: readonly { readonly dictionary: readonly DimensionValue[]; readonly places: Uint32Array }[];
  readonly values: Float64Array;
}

/** Numbers below `size`, one for each row. */
export interface Places {
  readonly places: Uint32Array;
  readonly size: number;
}

/** The rows in the order of their places: a radix sort, the last dimension first. */
function rowsInOrder(dimensions: readonly Places[], rows: number): Uint32Array {
  let order = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) order[row] = row;
  for (let i = dimensions.length - 1; i >= 0; i--) {
    const { places, size } = dimensions[i];
    if (size === 1) continue;
    const starts = new Uint32Array(size + 1);
    for (let row = 0; row < rows; row++) starts[places[row] + 1]++;
    for (let place = 1; place < size; place++) starts[place] += starts[place - 1];
    const next = new Uint32Array(rows);
    for (let at = 0; at < rows; at++) next[starts[places[order[at]]]++] = order[at];
    order = next;
  }
  return order;
}

/** Sorts rows by their places, and combines those of one key. @returns the places by dimension, and the values */
export function combined(
  merge: View['merge'],
  dimensions: readonly Places[],
  values: Float64Array,
): { readonly places: Uint32Array[]; readonly values: Float64Array } {
  const rows = values.length;
  const order = rowsInOrder(dimensions, rows);
  /** The first row of each key. */
  const firsts = new Uint32Array(rows);
  const sums = new Float64Array(rows);
  let keys = 0;
  for (let at = 0; at < rows; at++) {
    const row = order[at];
    const value = values[row];
    if (keys === 0 || !isSameKey(dimensions, firsts[keys - 1], row)) {
      firsts[keys] = row;
      sums[keys++] = value;
    } else if (merge === 'sum') sums[keys - 1] += value;
    else if (value > sums[keys - 1]) sums[keys - 1] = value;
  }
  return { places: dimensions.map(({ places }) => gathered(places, firsts, keys)), values: sums.slice(0, keys) };
}

function isSameKey(dimensions: readonly Places[], a: number, b: number): boolean {
  // The last dimension differs most often.
  for (let i = dimensions.length - 1; i >= 0; i--) {
    const { places } = dimensions[i];
    if (places[a] !== places[b]) return false;
  }
  return true;
}

function gathered(places: Uint32Array, rows: Uint32Array, count: number): Uint32Array {
  const found = new Uint32Array(count);
  for (let at = 0; at < count; at++) found[at] = places[rows[at]];
  return found;
}

/** The `keep`-th largest of the values; -Infinity if there are fewer. */
export function leastOfBest(values: Float64Array, keep: number): number {
  return values.length < keep ? -Infinity : values.toSorted()[values.length - keep];
}

/** The end of the group of a row: of the rows whose first dimensions are the same. */
function endOfGroup({ rows, dimensions }: CountColumns, groupBy: number, from: number): number {
  let to = from + 1;
  for (; to < rows; to++) {
    for (let i = 0; i < groupBy; i++) {
      const { places } = dimensions[i];
      if (places[to] !== places[from]) return to;
    }
  }
  return to;
}

/** Where the last group of a `top` view begins; of another view all rows are before it. */
export function startOfLastGroup({ top }: View, counts: CountColumns): number {
  if (!top) return counts.rows;
  let start = 0;
  for (let end = 0; end < counts.rows; end = endOfGroup(counts, top.groupBy, end)) start = end;
  return start;
}

/** What {@link trimRun} retains of them. */
export function trimmed({ top }: View, counts: CountColumns): CountColumns {
  if (!top) return counts;
  const { rows, dimensions, values } = counts;
  const left = new Uint32Array(rows);
  let count = 0;
  for (let from = 0, to = 0; from < rows; from = to) {
    to = endOfGroup(counts, top.groupBy, from);
    const least = leastOfBest(values.subarray(from, to), top.keep);
    let equal = top.keep;
    for (let row = from; row < to; row++) if (values[row] > least) equal--;
    for (let row = from; row < to; row++) {
      if (values[row] > least || (values[row] === least && equal-- > 0)) left[count++] = row;
    }
  }
  return {
    rows: count,
    dimensions: dimensions.map(({ dictionary, places }) => ({ dictionary, places: gathered(places, left, count) })),
    values: Float64Array.from(left.subarray(0, count), (row) => values[row]),
  };
}

export const sliceOf = ({ dimensions, values }: CountColumns, from: number, to: number): CountColumns => ({
  rows: to - from,
  dimensions: dimensions.map(({ dictionary, places }) => ({ dictionary, places: places.subarray(from, to) })),
  values: values.subarray(from, to),
});

export const keyAt = ({ dimensions }: CountColumns, row: number): Key =>
  dimensions.map(({ dictionary, places }) => dictionary[places[row]]);

export const rowsOfColumns = (counts: CountColumns): Row[] =>
  Array.from(counts.values, (value, row) => ({ key: keyAt(counts, row), value }));

/** The first row whose key is greater. */
export function firstAfter(counts: CountColumns, key: Key): number {
  let [low, high] = [0, counts.rows];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(keyAt(counts, middle), key) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Where chunks end, as {@link inChunks} cuts them; the last one may go on behind the rows. */
export function endsOfChunks({ rows, dimensions }: CountColumns, limits: ChunkLimits): number[] {
  const sizes = dimensions.map(({ dictionary }) => Uint32Array.from(dictionary, textBytes));
  const ends: number[] = [];
  let bytes = 0;
  for (let row = 0, first = 0; row < rows; row++) {
    let size = 0;
    for (let i = 0; i < sizes.length; i++) size += sizes[i][dimensions[i].places[row]];
    if (row > first && (row - first === limits.rows || bytes + size > limits.bytes)) {
      ends.push(row);
      first = row;
      bytes = 0;
    }
    bytes += size;
  }
  if (rows > 0) ends.push(rows);
  return ends;
}
