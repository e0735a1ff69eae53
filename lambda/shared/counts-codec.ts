/**
 * Counts as one blob, the form in which both layers store them: a version byte, then zstd over columns. Rows are sorted, so
 * equal counts give equal bytes; each dimension is a dictionary and one small integer a row. Against JSON it is about a tenth.
 *
 * ```
 * version 1 | zstd( dictionary of each dimension | rows | each dimension: a place a row | a value a row )
 * ```
 * The store is billed by the kilobyte and refuses rows over 1 MB, so size is both the cost and the limit.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { columnOf, type ColumnType } from './columns';
import { joinKey, KEY_SEPARATOR, type Counts, type DimensionValue } from './merge';
import { ByteReader, ByteWriter } from './varint';
import { type View } from './views';

const VERSION = 1;

/** Keyspaces takes rows of up to 1 MB, keys and overhead included. */
export const MAX_BLOB_BYTES = 900 * 1024;

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

/** Distinct values of a column in ascending order, and the place of each. */
function dictionaryOf<T extends DimensionValue>(column: readonly T[], compare?: (a: T, b: T) => number) {
  const values = [...new Set(column)].sort(compare);
  return { values, places: new Map(values.map((value, place) => [value, place])) };
}

function writeDictionary(writer: ByteWriter, view: View, dimension: number, column: readonly string[]): number[] {
  const coding = codingOf(columnOf(view.dimensions[dimension]).type);
  if (coding === 'text') {
    const { values, places } = dictionaryOf(column);
    writer.unsigned(values.length);
    for (const value of values) writer.text(value);
    return column.map((value) => places.get(value)!);
  }
  const integers = column.map((text) => toInteger(view, coding, dimension, text));
  const { values, places } = dictionaryOf(integers, (a, b) => a - b);
  writer.unsigned(values.length);
  let previous = 0;
  for (const value of values) {
    writer.difference(previous, value);
    previous = value;
  }
  return integers.map((value) => places.get(value)!);
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
 * @throws Error naming the view, if the blob is larger than {@link MAX_BLOB_BYTES} or a value does not fit its column
 */
export function encodeCounts(view: View, counts: ReadonlyMap<string, number>): Buffer {
  const writer = new ByteWriter(4096);
  const keys = [...counts.keys()].map((key) => key.split(KEY_SEPARATOR));
  const values = [...counts.values()];
  writer.unsigned(keys.length);
  const dictionaries = new ByteWriter(4096);
  const columns = view.dimensions.map((_, i) =>
    writeDictionary(
      dictionaries,
      view,
      i,
      keys.map((key) => key[i]),
    ),
  );
  const order = values.map((_, row) => row);
  order.sort((a, b) => {
    for (const column of columns) {
      if (column[a] !== column[b]) return column[a] - column[b];
    }
    return 0;
  });
  for (const [i, column] of columns.entries()) {
    let previous = 0;
    for (const row of order) {
      // Ascending in the first dimension; in the others only within a group, where plain places compress better.
      writer.unsigned(i === 0 ? column[row] - previous : column[row]);
      previous = column[row];
    }
  }
  for (const row of order) writer.difference(0, values[row]);
  const body = zstdCompressSync(Buffer.concat([dictionaries.bytes(), writer.bytes()]));
  if (body.length + 1 > MAX_BLOB_BYTES) {
    throw new Error(
      `counts of view '${view.name}' take ${body.length + 1} bytes compressed (${counts.size} keys), at most ${MAX_BLOB_BYTES} fit a row`,
    );
  }
  return Buffer.concat([Buffer.of(VERSION), body]);
}

/** @throws Error naming the view, if the blob is not what {@link encodeCounts} writes */
export function decodeCounts(view: View, blob: Buffer): Counts {
  if (blob[0] !== VERSION) {
    throw new Error(`counts of view '${view.name}' must have version ${VERSION}, got ${blob[0] ?? 'an empty blob'}`);
  }
  const reader = new ByteReader(zstdDecompressSync(blob.subarray(1)));
  const dictionaries = view.dimensions.map((name) => readDictionary(reader, codingOf(columnOf(name).type)));
  const rows = reader.unsigned();
  const columns = dictionaries.map((dictionary, i) => {
    const column = new Array<DimensionValue>(rows);
    let place = 0;
    for (let row = 0; row < rows; row++) {
      place = i === 0 ? place + reader.unsigned() : reader.unsigned();
      column[row] = dictionary[place];
    }
    return column;
  });
  const counts: Counts = new Map();
  for (let row = 0; row < rows; row++) {
    counts.set(joinKey(columns.map((column) => column[row])), reader.difference(0));
  }
  if (!reader.finished()) throw new Error(`counts of view '${view.name}' hold more bytes than rows`);
  return counts;
}
