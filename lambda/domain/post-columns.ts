/**
 * Posts as columns of codes: what a batch brings, in the form in which the speed layer stores and counts it. A value is stored once in
 * the dictionary of its column and is a small integer everywhere else, so a key of a view is one number.
 *
 * Invariants: rows are in log order; `known` and `news` are sections as bits, `news` is part of `known`; a value of a section that is not
 * known is null.
 */
import { columnOf, type ColumnName, type Sections } from './columns';
import { ALL_SECTIONS, planOf, type DimensionValue, type SectionMask } from './merge';
import { compareValues, type Row } from './sorted-run';
import { type View } from './views';

/** Place of null in every column. */
const NULL = 0;

/** 70 bytes a row at most: a key, two masks, and four bytes or a number in each column. */
const MOST_ROWS = 6_000;
const MOST_TEXT_BYTES = 256 * 1_024;

export class CodedColumn {
  /** UTF-8 bytes of the texts in the dictionary. */
  textBytes = 0;
  /** The value of code n is at n - 1. */
  readonly values: DimensionValue[] = [];
  /** A code for each row. */
  readonly codes: number[] = [];
  private readonly codeOfValue = new Map<DimensionValue, number>();

  codeOf(value: DimensionValue | null): number {
    if (value === null) return NULL;
    let code = this.codeOfValue.get(value);
    if (code === undefined) {
      code = this.values.push(value);
      this.codeOfValue.set(value, code);
      if (typeof value === 'string') this.textBytes += Buffer.byteLength(value);
    }
    return code;
  }

  valueAt(row: number): DimensionValue | null {
    const code = this.codes[row];
    return code === NULL ? null : this.values[code - 1];
  }

  /** By code, the place of its value in the order of keys. */
  ranks(): Uint32Array {
    const order = Array.from(this.values, (_, i) => i);
    order.sort((a, b) => compareValues(this.values[a], this.values[b]));
    const ranks = new Uint32Array(this.values.length + 1);
    for (let rank = 0; rank < order.length; rank++) ranks[order[rank] + 1] = rank;
    return ranks;
  }
}

/** Of each post. */
interface Heads {
  readonly index: number[];
  readonly known: SectionMask[];
  readonly news: SectionMask[];
}

export class PostColumns implements Heads {
  readonly index: number[];
  readonly known: SectionMask[];
  readonly news: SectionMask[];

  constructor(
    readonly columns: ReadonlyMap<ColumnName, CodedColumn>,
    { index, known, news }: Heads = { index: [], known: [], news: [] },
  ) {
    this.index = index;
    this.known = known;
    this.news = news;
  }

  /** Without a row. */
  static of(names: readonly ColumnName[]): PostColumns {
    return new PostColumns(new Map(names.map((name) => [name, new CodedColumn()])));
  }

  get rows(): number {
    return this.index.length;
  }

  /** Whether another post may make it too large for a row of the store, even if nothing can be compressed. */
  get isFull(): boolean {
    let bytes = 0;
    for (const { textBytes } of this.columns.values()) bytes += textBytes;
    return this.rows >= MOST_ROWS || bytes >= MOST_TEXT_BYTES;
  }

  /** @param sections the columns of all known sections; what is absent is null */
  push(index: number, known: SectionMask, news: SectionMask, sections: Sections): void {
    this.index.push(index);
    this.known.push(known);
    this.news.push(news);
    for (const [name, column] of this.columns) {
      const value = sections[columnOf(name).section]?.[name] ?? null;
      column.codes.push(column.codeOf(value as DimensionValue | null));
    }
  }

  /** Adds the rows of `other` behind its own. A column that `other` does not have is null. */
  append(other: PostColumns): void {
    for (let row = 0; row < other.rows; row++) {
      this.index.push(other.index[row]);
      this.known.push(other.known[row]);
      this.news.push(other.news[row]);
    }
    for (const [name, column] of this.columns) {
      const from = other.columns.get(name);
      if (!from) {
        for (let row = 0; row < other.rows; row++) column.codes.push(NULL);
        continue;
      }
      const recoded = [NULL, ...from.values.map((value) => column.codeOf(value))];
      for (const code of from.codes) column.codes.push(recoded[code]);
    }
  }
}

/**
 * The same posts with what is needed to recognize repeated ones: those of the given columns, null where nothing is missing of the post.
 * In pieces that fit a row of the store each.
 */
export function* waitingPosts(posts: PostColumns, names: readonly ColumnName[]): Generator<PostColumns> {
  let piece = PostColumns.of(names);
  for (let row = 0; row < posts.rows; row++) {
    if (piece.isFull) {
      yield piece;
      piece = PostColumns.of(names);
    }
    piece.index.push(posts.index[row]);
    piece.known.push(posts.known[row]);
    piece.news.push(posts.news[row]);
    const isComplete = posts.known[row] === ALL_SECTIONS;
    for (const [name, column] of piece.columns) {
      column.codes.push(isComplete ? NULL : column.codeOf(posts.columns.get(name)?.valueAt(row) ?? null));
    }
  }
  if (piece.rows > 0) yield piece;
}

/** Numbers what occurs from 0 on, so that the next dimension fits beside it. @returns how many there are */
function renumber(keys: Float64Array): number {
  const numbers = new Map<number, number>();
  for (let row = 0; row < keys.length; row++) {
    if (keys[row] < 0) continue;
    let number = numbers.get(keys[row]);
    if (number === undefined) numbers.set(keys[row], (number = numbers.size));
    keys[row] = number;
  }
  return numbers.size;
}

/** The key of each row as one number; negative where the view does not count the row. */
function keysOf(
  mask: SectionMask,
  { rows, known, news }: PostColumns,
  dimensions: readonly CodedColumn[],
): Float64Array {
  const keys = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    keys[row] = (known[row] & mask) === mask && (news[row] & mask) !== 0 ? 0 : -1;
  }
  let size = 1;
  for (const { codes, values } of dimensions) {
    if (size * values.length > Number.MAX_SAFE_INTEGER) size = renumber(keys);
    for (let row = 0; row < rows; row++) {
      if (keys[row] < 0) continue;
      keys[row] = codes[row] === NULL ? -1 : keys[row] * values.length + codes[row] - 1;
    }
    size *= values.length;
  }
  return keys;
}

/**
 * What the posts add to a view: a row for each key, sorted, not trimmed. A post counts where it has all sections that the view reads and
 * one of them is new. A column that the posts do not have is null in all of them.
 */
export function countPosts(view: View, posts: PostColumns): Row[] {
  const dimensions = view.dimensions.flatMap((name) => posts.columns.get(name) ?? []);
  const values = view.value && posts.columns.get(view.value);
  if (dimensions.length < view.dimensions.length || (view.value && !values)) return [];
  const keys = keysOf(planOf(view).mask, posts, dimensions);
  const placeOf = new Map<number, number>();
  /** A row that has the key, by place. */
  const firsts: number[] = [];
  const sums: number[] = [];
  for (let row = 0; row < keys.length; row++) {
    if (keys[row] < 0) continue;
    const value = values ? values.valueAt(row) : 1;
    if (typeof value !== 'number') continue;
    const place = placeOf.get(keys[row]);
    if (place === undefined) {
      placeOf.set(keys[row], firsts.push(row) - 1);
      sums.push(value);
    } else {
      sums[place] = view.merge === 'sum' ? sums[place] + value : Math.max(sums[place], value);
    }
  }
  const ranks = dimensions.map((column) => column.ranks());
  const order = Array.from(firsts, (_, place) => place).sort((a, b) => {
    for (let i = 0; i < dimensions.length; i++) {
      const { codes } = dimensions[i];
      const difference = ranks[i][codes[firsts[a]]] - ranks[i][codes[firsts[b]]];
      if (difference !== 0) return difference;
    }
    return 0;
  });
  return order.map((place) => ({
    key: dimensions.map((column) => column.valueAt(firsts[place])!),
    value: sums[place],
  }));
}
