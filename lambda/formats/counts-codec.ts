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
import { rowsOfColumns, type CountColumns } from '../domain/count-columns';
import { type DimensionValue } from '../domain/merge';
import { compareValues, type Row } from '../domain/sorted-run';
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

/** Rows as columns. Distinct values are few, rows are many: a row costs one look-up a dimension, whatever the coding. */
function columnsOf(view: View, rows: readonly Row[]): CountColumns {
  const dimensions = view.dimensions.map((name, dimension) => {
    const seen = new Map<DimensionValue, number>();
    const places = new Uint32Array(rows.length);
    let last: DimensionValue | undefined;
    for (let row = 0; row < rows.length; row++) {
      const value = rows[row].key[dimension];
      // Mostly that of the row before, in the first dimensions.
      if (value === last) {
        places[row] = places[row - 1];
        continue;
      }
      last = value;
      let number = seen.get(value);
      if (number === undefined) seen.set(value, (number = seen.size));
      places[row] = number;
    }
    const coding = codingOf(columnOf(name).type);
    const toOrder = (value: DimensionValue) => (coding === 'text' ? value : toInteger(view, coding, dimension, value));
    const sorted = [...seen].sort(([a], [b]) => compareValues(toOrder(a), toOrder(b)));
    const placeOf = new Uint32Array(seen.size);
    for (const [place, [, number]] of sorted.entries()) placeOf[number] = place;
    for (let row = 0; row < rows.length; row++) places[row] = placeOf[places[row]];
    return { dictionary: sorted.map(([value]) => value), places };
  });
  return { rows: rows.length, dimensions, values: Float64Array.from(rows, ({ value }) => value) };
}

/** Writes the values that rows have. @returns by place in the dictionary, that in what was written */
function writeDictionary(
  writer: ByteWriter,
  view: View,
  dimension: number,
  { dictionary, places }: CountColumns['dimensions'][number],
): Uint32Array {
  const isUsed = new Uint8Array(dictionary.length);
  for (const place of places) isUsed[place] = 1;
  const written = new Uint32Array(dictionary.length);
  let size = 0;
  for (let place = 0; place < written.length; place++) if (isUsed[place]) written[place] = size++;
  writer.unsigned(size);
  const coding = codingOf(columnOf(view.dimensions[dimension]).type);
  let previous = 0;
  for (let place = 0; place < written.length; place++) {
    if (!isUsed[place]) continue;
    if (coding === 'text') {
      writer.text(String(dictionary[place]));
    } else {
      const integer = toInteger(view, coding, dimension, dictionary[place]);
      writer.difference(previous, integer);
      previous = integer;
    }
  }
  return written;
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
  return encodeColumns(view, columnsOf(view, rows));
}

/** @throws Error as {@link encodeRows} */
export function encodeColumns(view: View, { rows, dimensions, values }: CountColumns): Buffer {
  const dictionaries = new ByteWriter(4096);
  const writer = new ByteWriter(4096 + rows * 4);
  writer.unsigned(rows);
  for (const [i, dimension] of dimensions.entries()) {
    const written = writeDictionary(dictionaries, view, i, dimension);
    const places = dimension.places.map((place) => written[place]);
    // Ascending in the first dimension; in the others only within a group, where plain places compress better.
    if (i === 0) {
      for (let row = rows - 1; row > 0; row--) {
        if (places[row] < places[row - 1]) throw new Error(`rows of view '${view.name}' must be in the order of keys`);
        places[row] -= places[row - 1];
      }
    }
    writer.unsignedOnes(places);
  }
  for (let row = 0; row < rows; row++) writer.difference(0, values[row]);
  return pack(
    VERSION,
    Buffer.concat([fingerprintOf(view), dictionaries.bytes(), writer.bytes()]),
    (bytes) =>
      `counts of view '${view.name}' take ${bytes} bytes compressed (${rows} keys), at most ${MAX_BLOB_BYTES} fit a row`,
  );
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
export const decodeRows = (view: View, blob: Buffer): Row[] => rowsOfColumns(decodeColumns(view, blob));
