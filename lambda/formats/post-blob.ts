/**
 * Posts as one blob: what a delta of the speed layer holds, and what is stored to recognize repeated posts.
 *
 * ```
 * 1 | keys | texts | codes                              each: length | zstd(…)
 *   keys     fingerprint of the view list of the function that wrote it, hex
 *            number of sections, then their names, in the order of the bits
 *            number of canaries, then of each: minute of arrival, when the newest of the minute was sent (ms)
 *            number of columns, then of each: name, 0 (text) or 1 (integer), and of texts: how many distinct ones
 *            number of posts; then their keys, by difference from the one before; then the known sections as bits; then those that are new
 *   texts    the distinct texts of each column of texts, by first appearance
 *   codes    of each column:
 *            texts:    the place of each post's text, counted from 1; 0 is null
 *            integers: digits before the zeros, of all posts; then thousands, of all posts: value = digits × 1000^thousands; 7 is null
 * ```
 * All numbers are variable-length integers (bytes.ts).
 *
 * Invariants: equal posts give equal bytes; columns are read by name, so one that is not there is null, and one that nobody knows is
 * passed over; sections are matched by name.
 */
import { columnOf, COLUMNS, SECTIONS, type ColumnName } from '../domain/columns';
import { type SectionMask } from '../domain/merge';
import { CodedColumn, PostColumns } from '../domain/post-columns';
import { type SourceColumn, type SourcePosts } from '../domain/view-counter';
import { columnsRead, type View } from '../domain/views';
import { MAX_BLOB_BYTES, packParts, partsOf, unpackParts } from './blob';
import { ByteReader, ByteWriter } from './bytes';

const VERSION = 1;
const TEXT = 0;
const INTEGER = 1;
const NULL_THOUSANDS = 7;
const WHAT = 'posts of the speed layer';

/** By minute of arrival, when the newest canary was sent, ms. */
export type Canaries = ReadonlyMap<string, number>;

export interface PostBlob {
  /** Fingerprint of the view list: it decides which columns are there. */
  readonly views: string;
  readonly posts: PostColumns;
  readonly canaries: Canaries;
}

const isInteger = (name: ColumnName) => ['int', 'long'].includes(columnOf(name).type);

function writeIntegers(writer: ByteWriter, { codes, values }: CodedColumn): void {
  const digits = new Float64Array(1 + values.length);
  const thousands = new Uint32Array(1 + values.length).fill(NULL_THOUSANDS, 0, 1);
  for (const [place, value] of values.entries()) {
    let rest = Number(value);
    let power = 0;
    for (; rest !== 0 && rest % 1000 === 0; power++) rest /= 1000;
    digits[place + 1] = rest;
    thousands[place + 1] = power;
  }
  const all = codes.all;
  for (let row = 0; row < all.length; row++) writer.difference(0, digits[all[row]]);
  writer.unsignedOnes(all.map((code) => thousands[code]));
}

/** @throws Error naming the limit if the blob does not fit a row of the store */
export function encodePosts({ views, posts, canaries }: PostBlob): Buffer {
  const keys = new ByteWriter(256 + posts.rows * 10);
  const texts = new ByteWriter(256 + posts.rows * 16);
  const codes = new ByteWriter(256 + posts.rows * 16);
  keys.text(views);
  keys.unsigned(SECTIONS.length);
  for (const section of SECTIONS) keys.text(section);
  keys.unsigned(canaries.size);
  for (const [minute, sent] of canaries) {
    keys.text(minute);
    keys.unsigned(sent);
  }
  keys.unsigned(posts.columns.size);
  for (const [name, column] of posts.columns) {
    keys.text(name);
    keys.unsigned(isInteger(name) ? INTEGER : TEXT);
    if (isInteger(name)) {
      writeIntegers(codes, column);
      continue;
    }
    keys.unsigned(column.values.length);
    for (const value of column.values) texts.text(String(value));
    codes.unsignedOnes(column.codes.all);
  }
  keys.unsigned(posts.rows);
  let previous = 0;
  for (const index of posts.index.all) {
    keys.difference(previous, index);
    previous = index;
  }
  keys.unsignedOnes(posts.known.all);
  keys.unsignedOnes(posts.news.all);
  return packParts(
    VERSION,
    [keys.bytes(), texts.bytes(), codes.bytes()],
    (bytes) => `${posts.rows} posts take ${bytes} bytes compressed, at most ${MAX_BLOB_BYTES} fit a row`,
  );
}

/** @param distinct how many texts the column has; undefined if it has integers */
function readColumn(texts: ByteReader, codes: ByteReader, rows: number, distinct: number | undefined): CodedColumn {
  const column = new CodedColumn();
  const into = column.codes.fill(rows);
  if (distinct !== undefined) {
    const places = Uint32Array.of(0, ...Array.from({ length: distinct }, () => column.codeOf(texts.text())));
    const read = codes.unsignedOnes(rows);
    for (let row = 0; row < rows; row++) into[row] = places[read[row]];
    return column;
  }
  const { integers } = scanIntegers(codes, rows);
  for (let row = 0; row < rows; row++) into[row] = column.codeOf(Number.isNaN(integers[row]) ? null : integers[row]);
  return column;
}

/** What stands before the columns. */
function readHeads(keys: ByteReader) {
  const views = keys.text();
  const sections = Array.from({ length: keys.unsigned() }, () => keys.text());
  const bits = sections.map((name) => SECTIONS.findIndex((each) => each === name));
  const canaries = new Map<string, number>();
  for (let left = keys.unsigned(); left > 0; left--) canaries.set(keys.text(), keys.unsigned());
  const columns = Array.from({ length: keys.unsigned() }, () => {
    const name = keys.text();
    return { name, distinct: keys.unsigned() === TEXT ? keys.unsigned() : undefined };
  });
  /** By stored mask, those of today. */
  const masks = Array.from({ length: 1 << bits.length }, (_, stored) =>
    bits.reduce<SectionMask>(
      (mask, bit, place) => ((stored & (1 << place)) !== 0 && bit >= 0 ? mask | (1 << bit) : mask),
      0,
    ),
  );
  const rows = keys.unsigned();
  const readMasks = () => {
    const read = keys.unsignedOnes(rows);
    return read.map((stored) => masks[stored]);
  };
  return { views, canaries, columns, rows, readMasks };
}

/** @throws Error if the blob is not what {@link encodePosts} writes */
export function decodePosts(blob: Buffer): PostBlob {
  const [keys, texts, codes] = unpackParts(VERSION, blob, WHAT).map((content) => new ByteReader(content));
  const { views, canaries, columns: stored, rows, readMasks } = readHeads(keys);
  const index = new Float64Array(rows);
  for (let row = 0; row < rows; row++) index[row] = keys.difference(row > 0 ? index[row - 1] : 0);
  const [known, news] = [readMasks(), readMasks()];
  const columns = new Map<ColumnName, CodedColumn>();
  for (const { name, distinct } of stored) {
    const column = readColumn(texts, codes, rows, distinct);
    const today = COLUMNS.find((each) => each.name === name);
    if (today) columns.set(today.name, column);
  }
  if (![keys, texts, codes].every((part) => part.finished())) throw new Error(`${WHAT} hold more bytes than posts`);
  const posts = new PostColumns(columns);
  posts.index.fill(rows).set(index);
  posts.known.fill(rows).set(known);
  posts.news.fill(rows).set(news);
  return { views, posts, canaries };
}

/** What a view counts of the posts, without their keys and the columns that it does not read. */
export interface PostsOfView extends SourcePosts {
  readonly canaries: Canaries;
}

/** @throws Error if the blob has another version, or ends too early */
export function decodePostsOf(view: View, blob: Buffer): PostsOfView {
  const names = new Set<string>(columnsRead(view));
  const [keys, texts, codes] = partsOf(VERSION, blob, WHAT).map((part) => lazily(() => new ByteReader(part())));
  const { canaries, columns: stored, rows, readMasks } = readHeads(keys());
  keys().skip(rows);
  const known = readMasks();
  const news = readMasks();
  const columns = new Map<string, SourceColumn>();
  const lastText = stored.findLastIndex(({ name, distinct }) => distinct !== undefined && names.has(name));
  for (const [place, { name, distinct }] of stored.entries()) {
    if (columns.size === names.size) break;
    if (names.has(name)) {
      columns.set(
        name,
        distinct === undefined ? scanIntegers(codes(), rows) : scanTexts(texts(), codes(), rows, distinct),
      );
      continue;
    }
    codes().skip(distinct === undefined ? 2 * rows : rows);
    // Texts behind which no column is asked for need not be decompressed.
    if (place < lastText) for (let left = distinct ?? 0; left > 0; left--) texts().pass();
  }
  return { canaries, known, news, column: (name) => columns.get(name) };
}

function scanTexts(texts: ByteReader, codes: ByteReader, rows: number, size: number): SourceColumn {
  const places = new Uint32Array(size);
  for (let i = 0; i < size; i++) places[i] = texts.pass();
  const valueOf = (code: number) => (code === 0 ? null : texts.textAt(places[code - 1]));
  return { codes: codes.unsignedOnes(rows), size: size + 1, valueOf };
}

function scanIntegers(codes: ByteReader, rows: number): { readonly integers: Float64Array } {
  const integers = new Float64Array(rows);
  for (let row = 0; row < rows; row++) integers[row] = codes.difference(0);
  for (let row = 0; row < rows; row++) {
    const thousands = codes.unsigned();
    if (thousands === NULL_THOUSANDS) integers[row] = NaN;
    else if (thousands > 0) integers[row] *= 1000 ** thousands;
  }
  return { integers };
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
