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
import { type SourceCounts } from '../domain/view-counter';
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

function toInteger(view: View, coding: Coding, dimension: number, value: DimensionValue): number {
  const integer = coding === 'instant' ? Date.parse(String(value)) : Number(value);
  const back = Number.isSafeInteger(integer) ? fromInteger(coding, integer) : undefined;
  if (back !== value && String(back) !== value) {
    const allowed = coding === 'instant' ? 'an instant like 2026-11-22T21:00:00.000Z' : 'an integer';
    throw new Error(
      `dimension ${view.dimensions[dimension]} of view '${view.name}' must be ${allowed}, got '${String(value).slice(0, 60)}'`,
    );
  }
  return integer;
}

function fromInteger(coding: Coding, value: number): DimensionValue {
  return coding === 'instant' ? new Date(value).toISOString() : value;
}

/** Distinct values are few, rows are many: a row costs one look-up, whatever the coding. @returns the place of each row's value */
function writeDictionary(writer: ByteWriter, view: View, dimension: number, rows: readonly Row[]): Uint32Array {
  const seen = new Map<DimensionValue, number>();
  const numbers = new Uint32Array(rows.length);
  let last: DimensionValue | undefined;
  for (let row = 0; row < rows.length; row++) {
    const value = rows[row].key[dimension];
    // Mostly that of the row before, in the first dimensions.
    if (value === last) {
      numbers[row] = numbers[row - 1];
      continue;
    }
    last = value;
    let number = seen.get(value);
    if (number === undefined) seen.set(value, (number = seen.size));
    numbers[row] = number;
  }
  const coding = codingOf(columnOf(view.dimensions[dimension]).type);
  const sorted = coding === 'text' ? writeTexts(writer, seen) : writeIntegers(writer, view, coding, dimension, seen);
  const placeOf = new Uint32Array(seen.size);
  for (const [place, number] of sorted.entries()) placeOf[number] = place;
  return numbers.map((number) => placeOf[number]);
}

/** @returns the numbers of the texts, in the order in which they were written */
function writeTexts(writer: ByteWriter, seen: ReadonlyMap<DimensionValue, number>): number[] {
  const texts = Array.from(seen, ([value, number]) => ({ text: String(value), number }));
  texts.sort((a, b) => compareText(a.text, b.text));
  writer.unsigned(texts.length);
  for (const { text } of texts) writer.text(text);
  return texts.map(({ number }) => number);
}

function writeIntegers(
  writer: ByteWriter,
  view: View,
  coding: Coding,
  dimension: number,
  seen: ReadonlyMap<DimensionValue, number>,
): number[] {
  const integers = Array.from(seen, ([of, number]) => ({ value: toInteger(view, coding, dimension, of), number }));
  integers.sort((a, b) => a.value - b.value);
  writer.unsigned(integers.length);
  let previous = 0;
  for (const { value } of integers) {
    writer.difference(previous, value);
    previous = value;
  }
  return integers.map(({ number }) => number);
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

/**
 * Rows in the order of a run.
 * @throws Error naming the view, if the blob is larger than {@link MAX_BLOB_BYTES}, a value does not fit its column, or the order differs
 */
export function encodeRows(view: View, rows: readonly Row[]): Buffer {
  const dictionaries = new ByteWriter(4096);
  const writer = new ByteWriter(4096 + rows.length * 4);
  writer.unsigned(rows.length);
  for (let i = 0; i < view.dimensions.length; i++) {
    let previous = 0;
    for (const place of writeDictionary(dictionaries, view, i, rows)) {
      if (i === 0 && place < previous) throw new Error(`rows of view '${view.name}' must be in the order of keys`);
      // Ascending in the first dimension; in the others only within a group, where plain places compress better.
      writer.unsigned(i === 0 ? place - previous : place);
      previous = place;
    }
  }
  for (let row = 0; row < rows.length; row++) writer.difference(0, rows[row].value);
  return pack(
    VERSION,
    Buffer.concat([fingerprintOf(view), dictionaries.bytes(), writer.bytes()]),
    (bytes) =>
      `counts of view '${view.name}' take ${bytes} bytes compressed (${rows.length} keys), at most ${MAX_BLOB_BYTES} fit a row`,
  );
}

/** @throws Error naming the view, if the blob is not what this file writes for this definition of it */
export function decodeColumns(view: View, blob: Buffer): SourceCounts {
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
