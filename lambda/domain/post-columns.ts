/**
 * Posts as columns of codes: what a batch brings, in the form in which the speed layer stores and counts it. A value is stored once in
 * the dictionary of its column and is a small integer everywhere else, so a key of a view is one number.
 *
 * Invariants: rows are in log order; `known` and `news` are sections as bits, `news` is part of `known`; a value of a section that is not
 * known is null.
 */
import { columnOf, type ColumnName, type Section, type Sections } from './columns';
import { ALL_SECTIONS, maskOf, type DimensionValue, type SectionMask } from './merge';
import { compareValues, type Row } from './sorted-run';
import { sectionsOf, type View } from './views';

/** Place of null in every column. */
const NULL = 0;

/** 70 bytes a row at most: a key, two masks, and four bytes or a number in each column. */
const MOST_ROWS = 6_000;
const MOST_TEXT_BYTES = 256 * 1_024;
/** Rows from one look at the size to the next: their texts are 64 KB at most. */
const ROWS_A_LOOK = 16;

/** From here on the order of UTF-16 is not that of code points. */
const SURROGATES = /[\ud800-\uffff]/;

/** In the order of keys. Where the engine's own order is the same, it takes a fraction of the time of comparing. */
function inOrder(values: readonly DimensionValue[]): readonly DimensionValue[] {
  if (values.every((value) => typeof value === 'number')) return [...Float64Array.from(values).sort()];
  const isPlain = values.every((value) => typeof value === 'string' && !SURROGATES.test(value));
  return isPlain ? values.toSorted() : values.toSorted(compareValues);
}

interface Order {
  readonly ranks: Uint32Array;
  readonly sorted: readonly DimensionValue[];
}

export class CodedColumn {
  /** UTF-8 bytes of the texts in the dictionary. */
  textBytes = 0;
  /** The value of code n is at n - 1. */
  readonly values: DimensionValue[] = [];
  /** A code for each row. */
  readonly codes: number[] = [];
  /** Of the values that were there when it was asked for. */
  private order: Order | undefined;
  /** Made when it is asked for: a column that stays as it is does without, and takes less memory. */
  private codeOfValue: Map<DimensionValue, number> | undefined;

  codeOf(value: DimensionValue | null): number {
    if (value === null) return NULL;
    this.codeOfValue ??= new Map(this.values.map((each, i) => [each, i + 1]));
    let code = this.codeOfValue.get(value);
    if (code === undefined) {
      code = this.values.push(value);
      this.codeOfValue.set(value, code);
      if (typeof value === 'string') this.textBytes += Buffer.byteLength(value);
    }
    return code;
  }

  /** No value is added for now. */
  rest(): void {
    this.codeOfValue = undefined;
    this.order = undefined;
  }

  valueAt(row: number): DimensionValue | null {
    const code = this.codes[row];
    return code === NULL ? null : this.values[code - 1];
  }

  /** By code, the place of its value in the order of keys. */
  ranks(): Uint32Array {
    return this.inOrder().ranks;
  }

  /** The values in the order of keys. */
  sorted(): readonly DimensionValue[] {
    return this.inOrder().sorted;
  }

  private inOrder(): Order {
    const { values } = this;
    if (this.order?.sorted.length === values.length) return this.order;
    const sorted = inOrder(values);
    const ranks = new Uint32Array(values.length + 1);
    for (let rank = 0; rank < sorted.length; rank++) ranks[this.codeOf(sorted[rank])] = rank;
    return (this.order = { ranks, sorted });
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
  /** Of each column, where its value is. */
  readonly places: readonly {
    readonly name: ColumnName;
    readonly section: Section;
    readonly column: CodedColumn;
  }[];

  constructor(
    readonly columns: ReadonlyMap<ColumnName, CodedColumn>,
    { index, known, news }: Heads = { index: [], known: [], news: [] },
  ) {
    this.index = index;
    this.known = known;
    this.news = news;
    this.places = Array.from(columns, ([name, column]) => ({ name, section: columnOf(name).section, column }));
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
    if (this.rows % ROWS_A_LOOK !== 0) return false;
    let bytes = 0;
    for (const { textBytes } of this.columns.values()) bytes += textBytes;
    return this.rows >= MOST_ROWS || bytes >= MOST_TEXT_BYTES;
  }

  /** No post is added for now. */
  rest(): void {
    for (const column of this.columns.values()) column.rest();
  }

  /** @param sections the columns of all known sections; what is absent is null */
  push(index: number, known: SectionMask, news: SectionMask, sections: Sections): void {
    this.index.push(index);
    this.known.push(known);
    this.news.push(news);
    for (const { name, section, column } of this.places) {
      const value = sections[section]?.[name] ?? null;
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
    for (const { name, column } of piece.places) {
      column.codes.push(isComplete ? NULL : column.codeOf(posts.columns.get(name)?.valueAt(row) ?? null));
    }
  }
  if (piece.rows > 0) yield piece;
}

/** Beyond so many combinations of values for each post, those that occur are sorted instead of counted in place. */
const SPARSE = 8;

/** Numbers what occurs from 0 on, in its order, so that the next dimension fits beside it. @returns what occurs, in order */
function renumber(keys: Float64Array): Float64Array {
  const distinct = [...new Set(keys)].filter((key) => key >= 0);
  const found = Float64Array.from(distinct).sort();
  const numbers = new Map<number, number>();
  for (let number = 0; number < found.length; number++) numbers.set(found[number], number);
  for (let row = 0; row < keys.length; row++) if (keys[row] >= 0) keys[row] = numbers.get(keys[row])!;
  return found;
}

/** The keys of rows as numbers in the order of keys, and back. */
class NumberedKeys {
  /** Of each row; negative where the view does not count it. */
  readonly numbers: Float64Array;
  /** No number is as large. */
  size = 1;
  /** What the numbers were before they were numbered anew, by how many dimensions they stood for. */
  private readonly renumbered = new Map<number, Float64Array>();

  constructor(
    mask: SectionMask,
    { rows, known, news }: PostColumns,
    private readonly dimensions: readonly CodedColumn[],
  ) {
    const numbers = new Float64Array(rows);
    for (let row = 0; row < rows; row++) {
      numbers[row] = (known[row] & mask) === mask && (news[row] & mask) !== 0 ? 0 : -1;
    }
    this.numbers = numbers;
    for (const [place, column] of dimensions.entries()) {
      const { codes, values } = column;
      const ranks = column.ranks();
      if (this.size * values.length > Number.MAX_SAFE_INTEGER) {
        const before = renumber(numbers);
        this.renumbered.set(place, before);
        this.size = before.length;
      }
      for (let row = 0; row < rows; row++) {
        if (numbers[row] < 0) continue;
        const code = codes[row];
        numbers[row] = code === NULL ? -1 : numbers[row] * values.length + ranks[code];
      }
      this.size *= values.length;
    }
  }

  keyOf(number: number): DimensionValue[] {
    const key = new Array<DimensionValue>(this.dimensions.length);
    for (let i = key.length - 1; i >= 0; i--) {
      const sorted = this.dimensions[i].sorted();
      key[i] = sorted[number % sorted.length];
      number = Math.floor(number / sorted.length);
      number = this.renumbered.get(i)?.[number] ?? number;
    }
    return key;
  }
}

/**
 * What the posts add to a view: a row for each key, sorted, not trimmed. A post counts where it has all sections that the view reads and
 * one of them is new. A column that the posts do not have is null in all of them.
 */
export function countPosts(view: View, posts: PostColumns): Row[] {
  const dimensions = view.dimensions.flatMap((name) => posts.columns.get(name) ?? []);
  const values = view.value && posts.columns.get(view.value);
  if (dimensions.length < view.dimensions.length || (view.value && !values)) return [];
  const keys = new NumberedKeys(maskOf(sectionsOf(view)), posts, dimensions);
  const isSum = view.merge === 'sum';
  const { numbers, size } = keys;
  // Places in the order of keys: all that there may be, or those that occur.
  const occurring = size > SPARSE * numbers.length ? renumber(numbers) : undefined;
  const sums = new Float64Array(occurring?.length ?? size).fill(NaN);
  for (let row = 0; row < numbers.length; row++) {
    const place = numbers[row];
    if (place < 0) continue;
    const value = values ? values.valueAt(row) : 1;
    if (typeof value !== 'number') continue;
    const before = sums[place];
    sums[place] = Number.isNaN(before) ? value : isSum ? before + value : Math.max(before, value);
  }
  const found: Row[] = [];
  for (let place = 0; place < sums.length; place++) {
    const value = sums[place];
    if (!Number.isNaN(value)) found.push({ key: keys.keyOf(occurring ? occurring[place] : place), value });
  }
  return found;
}
