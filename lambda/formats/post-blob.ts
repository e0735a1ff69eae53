/**
 * Posts as one blob: what a delta of the speed layer holds, and what is stored to recognize repeated posts.
 *
 * ```
 * 1 | zstd( views | sections | canaries | posts | columns )
 *   views      fingerprint of the view list of the function that wrote it, hex
 *   sections   number, then the name of each, in the order of the bits
 *   canaries   number, then of each: minute of arrival, when the newest of the minute was sent (ms)
 *   posts      number; then their keys, by difference from the one before; then the known sections as bits; then those that are new
 *   columns    number; then of each: name, 0 (text) or 1 (integer), and a value for each post
 *              texts:    number of distinct ones, then those, by first appearance; then their places, counted from 1; 0 is null
 *              integers: digits before the zeros, of all posts; then thousands, of all posts: value = digits × 1000^thousands; 7 is null
 * ```
 * All numbers are variable-length integers (bytes.ts).
 *
 * Invariants: equal posts give equal bytes; columns are read by name, so one that is not there is null, and one that nobody knows is
 * passed over; sections are matched by name.
 */
import { columnOf, COLUMNS, SECTIONS, type ColumnName } from '../domain/columns';
import { type SectionMask } from '../domain/merge';
import { CodedColumn, PostColumns } from '../domain/post-columns';
import { MAX_BLOB_BYTES, pack, unpack } from './blob';
import { ByteReader, ByteWriter } from './bytes';

const VERSION = 1;
const TEXT = 0;
const INTEGER = 1;
const NULL_THOUSANDS = 7;

/** By minute of arrival, when the newest canary was sent, ms. */
export type Canaries = ReadonlyMap<string, number>;

export interface PostBlob {
  /** Fingerprint of the view list: it decides which columns are there. */
  readonly views: string;
  readonly posts: PostColumns;
  readonly canaries: Canaries;
}

const isInteger = (name: ColumnName) => ['int', 'long'].includes(columnOf(name).type);

function writeTexts(writer: ByteWriter, { values, codes }: CodedColumn): void {
  writer.unsigned(values.length);
  for (const value of values) writer.text(String(value));
  for (const code of codes) writer.unsigned(code);
}

function writeIntegers(writer: ByteWriter, column: CodedColumn): void {
  const { codes } = column;
  const powers = column.values.map((value) => {
    let [digits, thousands] = [value as number, 0];
    while (digits !== 0 && digits % 1000 === 0) [digits, thousands] = [digits / 1000, thousands + 1];
    return { digits, thousands };
  });
  for (const code of codes) writer.difference(0, code === 0 ? 0 : powers[code - 1].digits);
  for (const code of codes) writer.unsigned(code === 0 ? NULL_THOUSANDS : powers[code - 1].thousands);
}

/** @throws Error naming the limit if the blob does not fit a row of the store */
export function encodePosts({ views, posts, canaries }: PostBlob): Buffer {
  const writer = new ByteWriter(256 + posts.rows * 24);
  writer.text(views);
  writer.unsigned(SECTIONS.length);
  for (const section of SECTIONS) writer.text(section);
  writer.unsigned(canaries.size);
  for (const [minute, sent] of canaries) {
    writer.text(minute);
    writer.unsigned(sent);
  }
  writer.unsigned(posts.rows);
  let previous = 0;
  for (const index of posts.index) {
    writer.difference(previous, index);
    previous = index;
  }
  for (const mask of posts.known) writer.unsigned(mask);
  for (const mask of posts.news) writer.unsigned(mask);
  writer.unsigned(posts.columns.size);
  for (const [name, column] of posts.columns) {
    writer.text(name);
    writer.unsigned(isInteger(name) ? INTEGER : TEXT);
    if (isInteger(name)) writeIntegers(writer, column);
    else writeTexts(writer, column);
  }
  return pack(
    VERSION,
    writer.bytes(),
    (bytes) => `${posts.rows} posts take ${bytes} bytes compressed, at most ${MAX_BLOB_BYTES} fit a row`,
  );
}

function readColumn(reader: ByteReader, kind: number, rows: number, column: CodedColumn): void {
  if (kind === TEXT) {
    const codes = [0, ...Array.from({ length: reader.unsigned() }, () => column.codeOf(reader.text()))];
    for (let row = 0; row < rows; row++) column.codes.push(codes[reader.unsigned()]);
    return;
  }
  const digits = Array.from({ length: rows }, () => reader.difference(0));
  for (let row = 0; row < rows; row++) {
    const thousands = reader.unsigned();
    column.codes.push(column.codeOf(thousands === NULL_THOUSANDS ? null : digits[row] * 1000 ** thousands));
  }
}

/** @throws Error if the blob is not what {@link encodePosts} writes */
export function decodePosts(blob: Buffer): PostBlob {
  const reader = new ByteReader(unpack(VERSION, blob, 'posts of the speed layer'));
  const views = reader.text();
  const sections = Array.from({ length: reader.unsigned() }, () => reader.text());
  const bits = sections.map((name) => SECTIONS.findIndex((each) => each === name));
  const readMask = () => {
    const stored = reader.unsigned();
    return bits.reduce<SectionMask>(
      (mask, bit, place) => ((stored & (1 << place)) !== 0 && bit >= 0 ? mask | (1 << bit) : mask),
      0,
    );
  };
  const canaries = new Map<string, number>();
  for (let left = reader.unsigned(); left > 0; left--) canaries.set(reader.text(), reader.unsigned());
  const rows = reader.unsigned();
  const index: number[] = [];
  for (let row = 0; row < rows; row++) index.push(reader.difference(index.at(-1) ?? 0));
  const known = Array.from({ length: rows }, readMask);
  const news = Array.from({ length: rows }, readMask);
  const columns = new Map<ColumnName, CodedColumn>();
  for (let left = reader.unsigned(); left > 0; left--) {
    const name = reader.text();
    const column = new CodedColumn();
    readColumn(reader, reader.unsigned(), rows, column);
    const isKnown = COLUMNS.find((each) => each.name === name);
    if (isKnown) columns.set(isKnown.name, column);
  }
  if (!reader.finished()) throw new Error('posts of the speed layer hold more bytes than posts');
  return { views, posts: new PostColumns(columns, { index, known, news }), canaries };
}
