/**
 * Posts as columns of codes: what a batch brings, in the form in which the speed layer stores and counts it. A value is stored once in
 * the dictionary of its column and is a small integer everywhere else, so a key of a view is one number.
 *
 * Invariants: rows are in log order; `known` and `news` are sections as bits, `news` is part of `known`; a value of a section that is not
 * known is null.
 */
import { columnOf, type ColumnName, type Section, type Sections } from './columns';
import { combined, type CountColumns } from './count-columns';
import { ALL_SECTIONS, maskOf, type DimensionValue, type SectionMask } from './merge';
import { Numbers } from './numbers';
import { valuesInOrder } from './sorted-run';
import { sectionsOf, type View } from './views';

/** Place of null in every column. */
const NULL = 0;

/** 70 bytes a row at most: a key, two masks, and four bytes or a number in each column. */
const MOST_ROWS = 6_000;
const FIRST_ROWS = 64;
const MOST_TEXT_BYTES = 256 * 1_024;
/** Rows from one look at the size to the next: their texts are 64 KB at most. */
const ROWS_A_LOOK = 16;

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
  readonly codes = new Numbers(new Uint32Array(FIRST_ROWS));
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
    const code = this.codes.at(row);
    return code === NULL ? null : this.values[code - 1];
  }

  /** Of rows whose values are not null: the place of each value in the order of keys. */
  placesOf(rows: Uint32Array): Uint32Array {
    const { ranks } = this.inOrder();
    const codes = this.codes.all;
    const places = new Uint32Array(rows.length);
    for (let at = 0; at < rows.length; at++) places[at] = ranks[codes[rows[at]]];
    return places;
  }

  /** Of rows whose values are numbers. */
  numbersOf(rows: Uint32Array): Float64Array {
    const { values } = this;
    const codes = this.codes.all;
    const numbers = new Float64Array(rows.length);
    for (let at = 0; at < rows.length; at++) numbers[at] = Number(values[codes[rows[at]] - 1]);
    return numbers;
  }

  /** The values in the order of keys. */
  sorted(): readonly DimensionValue[] {
    return this.inOrder().sorted;
  }

  private inOrder(): Order {
    const { values } = this;
    if (this.order?.sorted.length === values.length) return this.order;
    const sorted = valuesInOrder(values);
    const ranks = new Uint32Array(values.length + 1);
    for (let rank = 0; rank < sorted.length; rank++) ranks[this.codeOf(sorted[rank])] = rank;
    return (this.order = { ranks, sorted });
  }
}

export class PostColumns {
  /** Of each post. */
  readonly index = new Numbers(new Float64Array(FIRST_ROWS));
  readonly known = new Numbers(new Uint32Array(FIRST_ROWS));
  readonly news = new Numbers(new Uint32Array(FIRST_ROWS));
  /** Of each column, where its value is. */
  readonly places: readonly {
    readonly name: ColumnName;
    readonly section: Section;
    readonly column: CodedColumn;
  }[];

  constructor(readonly columns: ReadonlyMap<ColumnName, CodedColumn>) {
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
    const rows = this.rows + other.rows;
    this.index.fill(rows).set(other.index.all);
    this.known.fill(rows).set(other.known.all);
    this.news.fill(rows).set(other.news.all);
    for (const [name, column] of this.columns) {
      const codes = column.codes.fill(rows);
      const from = other.columns.get(name);
      if (!from) continue;
      const recoded = Uint32Array.of(NULL, ...from.values.map((value) => column.codeOf(value)));
      const given = from.codes.all;
      for (let row = 0; row < given.length; row++) codes[row] = recoded[given[row]];
    }
  }
}

/**
 * The same posts with what is needed to recognize repeated ones: those of the given columns, null where nothing is missing of the post.
 * In pieces that fit a row of the store each.
 */
export function* waitingPosts(posts: PostColumns, names: readonly ColumnName[]): Generator<PostColumns> {
  const [index, known, news] = [posts.index.all, posts.known.all, posts.news.all];
  const whole = (piece: PostColumns) => {
    for (const { column } of piece.places) column.codes.fill(piece.rows);
    return piece;
  };
  let piece = PostColumns.of(names);
  for (let row = 0; row < index.length; row++) {
    if (piece.isFull) {
      yield whole(piece);
      piece = PostColumns.of(names);
    }
    piece.index.push(index[row]);
    piece.known.push(known[row]);
    piece.news.push(news[row]);
    if (known[row] === ALL_SECTIONS) continue;
    for (const { name, column } of piece.places) {
      column.codes.fill(piece.rows - 1);
      column.codes.push(column.codeOf(posts.columns.get(name)?.valueAt(row) ?? null));
    }
  }
  if (piece.rows > 0) yield whole(piece);
}

/**
 * What the posts add to a view, not trimmed. A post counts where it has all sections that the view reads and one of them is new. A column
 * that the posts do not have is null in all of them.
 */
export function countPosts(view: View, posts: PostColumns): CountColumns {
  const mask = maskOf(sectionsOf(view));
  const dimensions = view.dimensions.flatMap((name) => posts.columns.get(name) ?? []);
  const valued = view.value && posts.columns.get(view.value);
  const isMissing = dimensions.length < view.dimensions.length || (view.value && !valued);
  const [known, news] = [posts.known.all, posts.news.all];
  let counted = new Uint32Array(isMissing ? 0 : posts.rows);
  let rows = 0;
  for (let row = 0; row < counted.length; row++) {
    if ((known[row] & mask) === mask && (news[row] & mask) !== 0) counted[rows++] = row;
  }
  for (const column of valued ? [...dimensions, valued] : dimensions) {
    const codes = column.codes.all;
    const given = rows;
    rows = 0;
    for (let at = 0; at < given; at++) if (codes[counted[at]] !== NULL) counted[rows++] = counted[at];
  }
  counted = counted.subarray(0, rows);
  const places = dimensions.map((column) => ({ places: column.placesOf(counted), size: column.values.length }));
  const all = combined(view.merge, places, valued ? valued.numbersOf(counted) : new Float64Array(rows).fill(1));
  return {
    rows: all.values.length,
    dimensions: dimensions.map((column, i) => ({ dictionary: column.sorted(), places: all.places[i] })),
    values: all.values,
  };
}
