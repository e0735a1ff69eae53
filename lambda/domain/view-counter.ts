/**
 * Counts a view over many sources whose values have codes of their own: the posts of hundreds of deltas, and blocks of runs. What a reader
 * counts is nearly all of what a question about the open interval costs, and much of what a fold costs. So values are looked up once a
 * source, rows are only appended and now and then combined, and texts that can't be among the best of a `top` view are not even decoded.
 */
import { combined, leastOfBest, rowsOfColumns, trimmed, type CountColumns, type Places } from './count-columns';
import { maskOf, type DimensionValue, type SectionMask } from './merge';
import { valuesInOrder, type Row } from './sorted-run';
import { sectionsOf, type View } from './views';

/** The values of a column of a source. */
export type SourceColumn =
  | {
      /** Of each row. */
      readonly codes: Uint32Array;
      readonly valueOf: (code: number) => DimensionValue | null;
      /** No code is as large. */
      readonly size: number;
    }
  | {
      /** Of each row; NaN is null. */
      readonly integers: Float64Array;
    };

export interface SourcePosts {
  readonly known: ArrayLike<SectionMask>;
  readonly news: ArrayLike<SectionMask>;
  readonly column: (name: View['dimensions'][number]) => SourceColumn | undefined;
}

const UNKNOWN = -1;
const NOT_ASKED = -2;
/** Rows that are not worth combining. */
const FEW = 4_096;

class Dimension {
  readonly values: DimensionValue[] = [];
  private readonly codes = new Map<DimensionValue, number>();

  codeOf(value: DimensionValue): number {
    let code = this.codes.get(value);
    if (code === undefined) {
      code = this.values.push(value) - 1;
      this.codes.set(value, code);
    }
    return code;
  }

  /** Of each of the rows; {@link UNKNOWN} where the value is null. */
  codesOf(column: SourceColumn, rows: Uint32Array): Int32Array {
    const found = new Int32Array(rows.length);
    if ('integers' in column) {
      for (let at = 0; at < rows.length; at++) {
        const value = column.integers[rows[at]];
        found[at] = Number.isNaN(value) ? UNKNOWN : this.codeOf(value);
      }
      return found;
    }
    const { codes, size, valueOf } = column;
    const own = new Int32Array(size).fill(NOT_ASKED);
    for (let at = 0; at < rows.length; at++) {
      const given = codes[rows[at]];
      if (own[given] === NOT_ASKED) {
        const value = valueOf(given);
        own[given] = value === null ? UNKNOWN : this.codeOf(value);
      }
      found[at] = own[given];
    }
    return found;
  }

  /** Those of the codes in the order of keys, and by code its place. */
  inOrder(codes: Uint32Array) {
    const { values } = this;
    const isUsed = new Uint8Array(values.length);
    for (const code of codes) isUsed[code] = 1;
    const dictionary = valuesInOrder(values.filter((_, code) => isUsed[code] === 1));
    const placeOf = new Uint32Array(values.length);
    for (let place = 0; place < dictionary.length; place++) placeOf[this.codeOf(dictionary[place])] = place;
    return { dictionary, placeOf };
  }
}

/** Whether a row has a value in each dimension. */
function isWhole(codes: readonly Int32Array[], at: number): boolean {
  for (let i = 0; i < codes.length; i++) if (codes[i][at] === UNKNOWN) return false;
  return true;
}

export class ViewCounter {
  private readonly dimensions: readonly Dimension[];
  /** Of each row that was added, by dimension. */
  private codes: readonly Uint32Array[];
  private values: Float64Array = new Float64Array(FEW);
  private added = 0;
  /** By group of a `top` view: rows with a smaller value are not among its best. */
  private readonly least: number[] = [];
  private readonly mask: SectionMask;

  constructor(private readonly view: View) {
    this.mask = maskOf(sectionsOf(view));
    this.dimensions = view.dimensions.map(() => new Dimension());
    this.codes = view.dimensions.map(() => new Uint32Array(FEW));
  }

  /** Whether there are so many keys. */
  exceeds(keys: number): boolean {
    if (this.added > keys) this.combine();
    return this.added > keys;
  }

  addPosts({ known, news, column }: SourcePosts): void {
    const { view, mask } = this;
    const columns = view.dimensions.flatMap((name) => column(name) ?? []);
    const valued = view.value && column(view.value);
    if (columns.length < view.dimensions.length || (view.value && !valued)) return;
    const all = new Uint32Array(known.length);
    let end = 0;
    for (let row = 0; row < known.length; row++) {
      if ((known[row] & mask) === mask && (news[row] & mask) !== 0) all[end++] = row;
    }
    const values = valued && 'integers' in valued ? valued.integers : undefined;
    if (valued && !values) return;
    this.addColumns(columns, all.subarray(0, end), values);
  }

  /** Those of a run. */
  addCounts({ rows, dimensions, values }: CountColumns): void {
    const columns = dimensions.map(({ dictionary, places }): SourceColumn => {
      return { codes: places, size: dictionary.length, valueOf: (place) => dictionary[place] };
    });
    const all = new Uint32Array(rows);
    for (let row = 0; row < rows; row++) all[row] = row;
    this.addColumns(columns, all, values);
  }

  addRows(rows: readonly Row[]): void {
    this.room(rows.length);
    for (const { key, value } of rows) {
      for (let i = 0; i < key.length; i++) this.codes[i][this.added] = this.dimensions[i].codeOf(key[i]);
      this.values[this.added++] = value;
    }
  }

  private addColumns(columns: readonly SourceColumn[], of: Uint32Array, values: Float64Array | undefined): void {
    let rows = of;
    const found: Int32Array[] = [];
    for (const [i, each] of columns.entries()) {
      found.push(this.dimensions[i].codesOf(each, rows));
      if (i > 0 || !values || this.view.top?.groupBy !== 1) continue;
      const { least } = this;
      const places = rows.map((_, at) => at).filter((at) => !(values[rows[at]] < (least[found[0][at]] ?? -Infinity)));
      rows = places.map((at) => rows[at]);
      found[0] = Int32Array.from(places, (at) => found[0][at]);
    }
    this.room(rows.length);
    for (let at = 0; at < rows.length; at++) {
      const value = values ? values[rows[at]] : 1;
      if (Number.isNaN(value) || !isWhole(found, at)) continue;
      for (let i = 0; i < found.length; i++) this.codes[i][this.added] = found[i][at];
      this.values[this.added++] = value;
    }
  }

  /** In the order of keys, trimmed. */
  counts(): CountColumns {
    const { view } = this;
    if (view.top) this.combine();
    const orders = this.dimensions.map((dimension, i) => dimension.inOrder(this.codes[i].subarray(0, this.added)));
    const places = orders.map(({ dictionary, placeOf }, i): Places => {
      return { size: dictionary.length, places: this.codes[i].subarray(0, this.added).map((code) => placeOf[code]) };
    });
    const all = combined(view.merge, places, this.values.subarray(0, this.added));
    return trimmed(view, {
      rows: all.values.length,
      dimensions: orders.map(({ dictionary }, i) => ({ dictionary, places: all.places[i] })),
      values: all.values,
    });
  }

  /** In the order of keys, trimmed. */
  rows(): Row[] {
    return rowsOfColumns(this.counts());
  }

  private room(more: number): void {
    if (this.added + more <= this.values.length) return;
    this.combine();
    // Twice as many as there are: so a row is combined a few times, however many are added.
    const size = Math.max(FEW, 2 * (this.added + more));
    const larger = <T extends Uint32Array | Float64Array>(before: T, now: T): T => {
      now.set(before.subarray(0, this.added));
      return now;
    };
    this.codes = this.codes.map((codes) => larger(codes, new Uint32Array(size)));
    this.values = larger(this.values, new Float64Array(size));
  }

  /** One row for each key. Of a `top` view those that may be among the best of their group. */
  private combine(): void {
    const { view, dimensions, added } = this;
    const places = this.codes.map((codes, i) => {
      return { places: codes.subarray(0, added), size: dimensions[i].values.length };
    });
    const { places: codes, values } = combined(view.merge, places, this.values.subarray(0, added));
    this.codes = codes;
    this.values = values;
    this.added = values.length;
    if (view.top?.groupBy === 1) this.drop(view.top.keep);
  }

  private drop(keep: number): void {
    const { codes, values, least } = this;
    let left = 0;
    for (let from = 0, to = 0; from < values.length; from = to) {
      const group = codes[0][from];
      while (to < values.length && codes[0][to] === group) to++;
      least[group] = leastOfBest(values.subarray(from, to), keep);
      for (let row = from; row < to; row++) {
        // Of those that are equal, who comes first is among the best: it is not known yet.
        if (values[row] < least[group]) continue;
        for (const each of codes) each[left] = each[row];
        values[left++] = values[row];
      }
    }
    this.added = left;
  }
}
