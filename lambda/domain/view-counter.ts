/**
 * Counts a view over many sources whose values have codes of their own: the posts of hundreds of deltas, and rows of runs. What a reader
 * counts is nearly all of what a question about the open interval costs, so values are looked up once a source, and texts that can't be
 * among the best of a `top` view are not even decoded.
 */
import { maskOf, type DimensionValue, type SectionMask } from './merge';
import { compareValues, type Row } from './sorted-run';
import { sectionsOf, type View } from './views';

/** The values of a column of a source. */
export type SourceColumn =
  | {
      /** Of each row; 0 is null. */
      readonly codes: Uint32Array;
      readonly valueOf: (code: number) => DimensionValue;
      /** No code is greater. */
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

/** Rows as columns: a value of a dimension is a place in its dictionary. */
export interface SourceCounts {
  readonly rows: number;
  readonly dimensions: readonly { readonly dictionary: readonly DimensionValue[]; readonly places: Uint32Array }[];
  readonly values: Float64Array;
}

/** Codes of a dimension are below it, so that two of them fit a number. */
const CODES = 2 ** 26;
const SMALL = 2 ** 15;
const UNKNOWN = -1;

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
    const codes = new Int32Array(rows.length);
    if ('integers' in column) {
      for (let at = 0; at < rows.length; at++) {
        const value = column.integers[rows[at]];
        codes[at] = Number.isNaN(value) ? UNKNOWN : this.codeOf(value);
      }
      return codes;
    }
    const own = new Int32Array(column.size + 1).fill(UNKNOWN);
    for (let at = 0; at < rows.length; at++) {
      const given = column.codes[rows[at]];
      if (given !== 0 && own[given] === UNKNOWN) own[given] = this.codeOf(column.valueOf(given));
      codes[at] = own[given];
    }
    return codes;
  }

  /** By code, the place of its value in the order of keys; of those that are used. */
  ranks(used: Iterable<number>): Uint32Array {
    const ranks = new Uint32Array(this.values.length);
    const order = [...new Set(used)];
    const { values } = this;
    order.sort((a, b) => compareValues(values[a], values[b]));
    for (let rank = 0; rank < order.length; rank++) ranks[order[rank]] = rank;
    return ranks;
  }
}

/** Numbers pairs of numbers. */
class Pairs {
  private readonly small = new Map<number, number>();
  private readonly large = new Map<number, number>();

  numberOf(a: number, b: number): number {
    // An integer of 31 bits is looked up in half the time.
    const isSmall = a < SMALL && b < SMALL;
    const map = isSmall ? this.small : this.large;
    const pair = isSmall ? a * SMALL + b : a * CODES + b;
    let number = map.get(pair);
    if (number === undefined) map.set(pair, (number = this.small.size + this.large.size));
    return number;
  }
}

/** Whether a row has a value in each dimension. */
function isWhole(codes: readonly Int32Array[], at: number): boolean {
  for (let i = 0; i < codes.length; i++) if (codes[i][at] === UNKNOWN) return false;
  return true;
}

/** The keys of a group of a `top` view that may be among its best. */
interface Group {
  keys: number[];
  /** Keys with a smaller value are not. */
  least: number;
  /** How many keys lead to a cut. */
  most: number;
}

export class ViewCounter {
  private readonly dimensions: readonly Dimension[];
  /** By level, what the keys begin with. */
  private readonly pairs: readonly Pairs[];
  /** By dimension, the code of each key. */
  private readonly codes: readonly number[][];
  private readonly values: number[] = [];
  private readonly groups: Map<number, Group> | undefined;
  private readonly among: boolean[] = [];
  private readonly mask: SectionMask;

  constructor(private readonly view: View) {
    this.mask = maskOf(sectionsOf(view));
    this.dimensions = view.dimensions.map(() => new Dimension());
    this.codes = view.dimensions.map(() => []);
    this.pairs = view.dimensions.map(() => new Pairs());
    if (view.top?.groupBy === 1) this.groups = new Map();
  }

  /** How many keys there are. */
  get size(): number {
    return this.values.length;
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
  addCounts({ rows, dimensions, values }: SourceCounts): void {
    const columns = dimensions.map(({ dictionary, places }): SourceColumn => {
      // 0 is null, which no key has.
      return {
        codes: places.map((place) => place + 1),
        size: dictionary.length,
        valueOf: (code) => dictionary[code - 1],
      };
    });
    const all = new Uint32Array(rows).map((_, row) => row);
    this.addColumns(columns, all, values);
  }

  private addColumns(columns: readonly SourceColumn[], of: Uint32Array, values: Float64Array | undefined): void {
    let rows = of;
    const codes: Int32Array[] = [];
    for (const [i, each] of columns.entries()) {
      codes.push(this.dimensions[i].codesOf(each, rows));
      if (i > 0 || !this.groups || !values) continue;
      const places = rows
        .map((_, place) => place)
        .filter((place) => this.isCandidate(codes[0][place], values[rows[place]]));
      rows = places.map((place) => rows[place]);
      codes[0] = Int32Array.from(places, (place) => codes[0][place]);
    }
    for (let at = 0; at < rows.length; at++) {
      const value = values ? values[rows[at]] : 1;
      if (!Number.isNaN(value) && isWhole(codes, at)) this.add(this.keyOf(codes, at), value);
    }
  }

  /** Whether a key of the group may be among its best with this value. */
  private isCandidate(group: number, value: number): boolean {
    const found = this.groups?.get(group);
    return !found || value >= found.least;
  }

  addRows(rows: readonly Row[]): void {
    const { dimensions } = this;
    const codes = dimensions.map(() => [0]);
    for (const { key, value } of rows) {
      codes[0][0] = dimensions[0].codeOf(key[0]);
      if (!this.isCandidate(codes[0][0], value)) continue;
      for (let i = 1; i < codes.length; i++) codes[i][0] = dimensions[i].codeOf(key[i]);
      this.add(this.keyOf(codes, 0), value);
    }
  }

  /** In the order of keys; of a `top` view the best of each group. */
  rows(): Row[] {
    const { view, dimensions, codes, values } = this;
    let keys = Array.from(values, (_, key) => key);
    if (this.groups) keys = [...this.groups.values()].flatMap((group) => group.keys);
    const ranks = dimensions.map((dimension, i) => dimension.ranks(keys.map((key) => codes[i][key])));
    const before = (a: number, b: number) => {
      for (let i = 0; i < codes.length; i++) {
        const difference = ranks[i][codes[i][a]] - ranks[i][codes[i][b]];
        if (difference !== 0) return difference;
      }
      return 0;
    };
    if (this.groups) {
      const { keep } = view.top!;
      keys = [...this.groups.values()].flatMap((group) =>
        group.keys.sort((a, b) => values[b] - values[a] || before(a, b)).slice(0, keep),
      );
    }
    keys.sort(before);
    return keys.map((key) => ({
      key: dimensions.map((dimension, i) => dimension.values[codes[i][key]]),
      value: values[key],
    }));
  }

  private keyOf(codes: readonly ArrayLike<number>[], at: number): number {
    const last = codes.length - 1;
    let pair = codes[0][at];
    for (let i = 1; i <= last; i++) pair = this.pairs[i].numberOf(pair, codes[i][at]);
    if (last === 0) pair = this.pairs[0].numberOf(0, pair);
    // The numbers of the last level are the keys.
    if (pair === this.codes[0].length) for (let i = 0; i < codes.length; i++) this.codes[i].push(codes[i][at]);
    return pair;
  }

  private add(key: number, value: number): void {
    const { values } = this;
    if (key === values.length) values.push(value);
    else if (this.view.merge === 'sum') values[key] += value;
    else if (value > values[key]) values[key] = value;
    else return;
    if (this.groups) this.join(this.groups, key);
  }

  private join(groups: Map<number, Group>, key: number): void {
    if (this.among[key]) return;
    const { keep } = this.view.top!;
    const of = this.codes[0][key];
    let group = groups.get(of);
    if (!group) groups.set(of, (group = { keys: [], least: -Infinity, most: 2 * keep }));
    if (this.values[key] < group.least) return;
    this.among[key] = true;
    group.keys.push(key);
    if (group.keys.length < group.most) return;
    const { values } = this;
    group.keys.sort((a, b) => values[b] - values[a]);
    group.least = values[group.keys[keep - 1]];
    // Of those that are equal, who comes first is among the best: it is not known yet.
    const end = group.keys.findIndex((each) => values[each] < group.least);
    if (end >= 0) for (const dropped of group.keys.splice(end)) this.among[dropped] = false;
    group.most = group.keys.length + keep;
  }
}
