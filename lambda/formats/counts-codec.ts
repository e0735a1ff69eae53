/**
 * Counts as one blob: the form in which both layers store them. It takes about a tenth of the same counts as JSON. The store bills each
 * kilobyte and rejects rows over 1 MB, so size is both the cost and the limit.
 *
 * ```
 * 1 | zstd( fingerprint | dictionaries | rows | places | values )
 *   fingerprint  of the view's definition (domain/views.ts), 8 bytes
 *   dictionary   for each dimension: size, then its distinct values in order
 *                text: length and UTF-8; integers and instants (ms): differences
 *   rows         number of rows
 *   places       for each dimension: the place in its dictionary for each row, by difference in the first dimension
 *   values       one per row
 * ```
 * All numbers are variable-length integers (bytes.ts).
 *
 * Invariants: rows are sorted by key, in the order of a run (domain/sorted-run.ts), so equal counts give equal bytes; no key occurs
 * twice; the dimensions are those of the definition that the fingerprint names, and a blob of another one is never decoded.
 */
import { columnOf } from '../domain/columns';
import { type ColumnType } from '../domain/sections/section';
import { compareText, type DimensionValue } from '../domain/merge';
import { type Row } from '../domain/sorted-run';
import { MAX_BLOB_BYTES, pack, unpack } from './blob';
import { ByteReader, ByteWriter } from './bytes';
import { FINGERPRINT_BYTES, fingerprintOf, type View } from '../domain/views';

const VERSION = 1;

/** Integers and instants (ms) are coded by their differences, everything else as text. */
type Coding = 'integer' | 'instant' | 'text';

function codingOf(type: ColumnType): Coding {
  if (type === 'int' || type === 'long') return 'integer';
  return type === 'timestamp' ? 'instant' : 'text';
}

function toInteger(view: View, coding: Coding, dimension: number, text: string): number {
  const value = coding === 'instant' ? Date.parse(text) : Number(text);
  const back = Number.isSafeInteger(value) ? fromInteger(coding, value) : undefined;
  if (String(back) !== text) {
    const allowed = coding === 'instant' ? 'an instant like 2026-11-22T21:00:00.000Z' : 'an integer';
    throw new Error(
      `dimension ${view.dimensions[dimension]} of view '${view.name}' must be ${allowed}, got '${text.slice(0, 60)}'`,
    );
  }
  return value;
}

function fromInteger(coding: Coding, value: number): DimensionValue {
  return coding === 'instant' ? new Date(value).toISOString() : value;
}

/** A column as places in its dictionary. */
interface Places {
  readonly size: number;
  readonly places: Uint32Array;
}

/** Distinct texts are few, rows are many: a row costs one look-up, whatever the coding. */
function writeDictionary(
  writer: ByteWriter,
  view: View,
  dimension: number,
  keys: readonly (readonly string[])[],
): Places {
  const seen = new Map<string, number>();
  const places = new Uint32Array(keys.length);
  for (let row = 0; row < keys.length; row++) {
    const text = keys[row][dimension];
    let number = seen.get(text);
    if (number === undefined) seen.set(text, (number = seen.size));
    places[row] = number;
  }
  const coding = codingOf(columnOf(view.dimensions[dimension]).type);
  const sorted = coding === 'text' ? writeTexts(writer, seen) : writeIntegers(writer, view, coding, dimension, seen);
  const placeOf = new Uint32Array(seen.size);
  for (const [place, number] of sorted.entries()) placeOf[number] = place;
  return { size: seen.size, places: places.map((number) => placeOf[number]) };
}

/** @returns the numbers of the texts, in the order in which they were written */
function writeTexts(writer: ByteWriter, seen: ReadonlyMap<string, number>): number[] {
  const texts = [...seen.keys()].sort(compareText);
  writer.unsigned(texts.length);
  for (const text of texts) writer.text(text);
  return texts.map((text) => seen.get(text)!);
}

function writeIntegers(
  writer: ByteWriter,
  view: View,
  coding: Coding,
  dimension: number,
  seen: ReadonlyMap<string, number>,
): number[] {
  const integers = Array.from(seen, ([text, number]) => ({ value: toInteger(view, coding, dimension, text), number }));
  integers.sort((a, b) => a.value - b.value);
  writer.unsigned(integers.length);
  let previous = 0;
  for (const { value } of integers) {
    writer.difference(previous, value);
    previous = value;
  }
  return integers.map(({ number }) => number);
}

/** The rows in the order of their places. */
function sortedRows(columns: readonly Places[], rows: number): ArrayLike<number> {
  const combinations = columns.reduce((product, { size }) => product * size, rows);
  if (combinations > Number.MAX_SAFE_INTEGER) {
    const order = Array.from({ length: rows }, (_, row) => row);
    return order.sort((a, b) => {
      const differing = columns.find(({ places }) => places[a] !== places[b]);
      return differing ? differing.places[a] - differing.places[b] : 0;
    });
  }
  // Places and row number in one number: sorting numbers takes a fifth of the time of sorting by a function.
  const ranks = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let rank = 0;
    for (const { size, places } of columns) rank = rank * size + places[row];
    ranks[row] = rank * rows + row;
  }
  ranks.sort();
  return ranks.map((rank) => rank % rows);
}

function readDictionary(reader: ByteReader, coding: Coding): DimensionValue[] {
  const values: DimensionValue[] = [];
  const size = reader.unsigned();
  let previous = 0;
  for (let i = 0; i < size; i++) {
    if (coding === 'text') {
      values.push(reader.text());
    } else {
      previous = reader.difference(previous);
      values.push(fromInteger(coding, previous));
    }
  }
  return values;
}

function encode(view: View, keys: readonly (readonly string[])[], values: readonly number[]): Buffer {
  const writer = new ByteWriter(4096);
  writer.unsigned(keys.length);
  const dictionaries = new ByteWriter(4096);
  const columns = view.dimensions.map((_, i) => writeDictionary(dictionaries, view, i, keys));
  const order = sortedRows(columns, keys.length);
  for (const [i, { places }] of columns.entries()) {
    let previous = 0;
    for (let at = 0; at < order.length; at++) {
      const place = places[order[at]];
      // Ascending in the first dimension; in the others only within a group, where plain places compress better.
      writer.unsigned(i === 0 ? place - previous : place);
      previous = place;
    }
  }
  for (let at = 0; at < order.length; at++) writer.difference(0, values[order[at]]);
  return pack(
    VERSION,
    Buffer.concat([fingerprintOf(view), dictionaries.bytes(), writer.bytes()]),
    (bytes) =>
      `counts of view '${view.name}' take ${bytes} bytes compressed (${keys.length} keys), at most ${MAX_BLOB_BYTES} fit a row`,
  );
}

/**
 * Rows in the order of a run.
 * @throws Error naming the view, if the blob is larger than {@link MAX_BLOB_BYTES} or a value does not fit its column
 */
export function encodeRows(view: View, rows: readonly Row[]): Buffer {
  return encode(
    view,
    rows.map(({ key }) => key.map(String)),
    rows.map(({ value }) => value),
  );
}

/** Rows as columns: a value of a dimension is a place in its dictionary. */
export interface CountColumns {
  readonly rows: number;
  readonly dimensions: readonly { readonly dictionary: readonly DimensionValue[]; readonly places: Uint32Array }[];
  readonly values: Float64Array;
}

/** @throws Error naming the view, if the blob is not what this file writes for this definition of it */
export function decodeColumns(view: View, blob: Buffer): CountColumns {
  const content = unpack(VERSION, blob, `counts of view '${view.name}'`);
  if (!content.subarray(0, FINGERPRINT_BYTES).equals(fingerprintOf(view))) {
    throw new Error(`counts of view '${view.name}' are of another definition of it`);
  }
  const reader = new ByteReader(content.subarray(FINGERPRINT_BYTES));
  const dictionaries = view.dimensions.map((name) => readDictionary(reader, codingOf(columnOf(name).type)));
  const rows = reader.unsigned();
  const dimensions = dictionaries.map((dictionary, i) => {
    const places = reader.unsignedOnes(rows);
    if (i === 0) for (let row = 1; row < rows; row++) places[row] += places[row - 1];
    return { dictionary, places };
  });
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row++) values[row] = reader.difference(0);
  if (!reader.finished()) throw new Error(`counts of view '${view.name}' hold more bytes than rows`);
  return { rows, dimensions, values };
}

/** In the order of a run. @throws Error naming the view, if the blob is not what this file writes for this definition of it */
export function decodeRows(view: View, blob: Buffer): Row[] {
  const { rows, dimensions, values } = decodeColumns(view, blob);
  return Array.from({ length: rows }, (_, row) => ({
    key: dimensions.map(({ dictionary, places }) => dictionary[places[row]]),
    value: values[row],
  }));
}
