/**
 * The envelope of every blob that is stored in a row: `version (1 byte) | zstd(content)`, or several contents.
 *
 * Invariants:
 * - Equal contents give equal bytes: rows are compared and written again without effect.
 * - A reader checks the version first and never interprets the content of another one.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { ByteReader, ByteWriter } from './bytes';

/** Keyspaces accepts rows of up to 1 MB, keys and overhead included. */
export const MAX_BLOB_BYTES = 900 * 1024;

function fitting(blob: Buffer, tooLarge: (bytes: number) => string): Buffer {
  if (blob.length > MAX_BLOB_BYTES) throw new Error(tooLarge(blob.length));
  return blob;
}

/** @throws Error of the given text, if the blob is larger than {@link MAX_BLOB_BYTES} */
export function pack(version: number, content: Buffer, tooLarge: (bytes: number) => string): Buffer {
  return fitting(Buffer.concat([Buffer.of(version), zstdCompressSync(content)]), tooLarge);
}

/**
 * Several contents in one blob: `version | for each: length, zstd(content)`. What is unlike is smaller apart: each has its own statistics.
 * @throws Error as {@link pack}
 */
export function packParts(version: number, contents: readonly Buffer[], tooLarge: (bytes: number) => string): Buffer {
  const parts = contents.flatMap((content) => {
    const part = zstdCompressSync(content);
    const length = new ByteWriter(8);
    length.unsigned(part.length);
    return [length.bytes(), part];
  });
  return fitting(Buffer.concat([Buffer.of(version), ...parts]), tooLarge);
}

/**
 * @param what names the blob in the error
 * @throws Error if the blob has another version
 */
export function unpack(version: number, blob: Buffer, what: string): Buffer {
  return zstdDecompressSync(contentOf(version, blob, what));
}

function contentOf(version: number, blob: Buffer, what: string): Buffer {
  if (blob[0] !== version) {
    throw new Error(`${what} must have version ${version}, got ${blob[0] ?? 'an empty blob'}`);
  }
  return blob.subarray(1);
}

/** The contents of {@link packParts}. @throws Error as {@link unpack} */
export function unpackParts(version: number, blob: Buffer, what: string): Buffer[] {
  return partsOf(version, blob, what).map((part) => part());
}

/** As {@link unpackParts}, each part decompressed when it is asked for. @throws Error as {@link pack} */
export function partsOf(version: number, blob: Buffer, what: string): (() => Buffer)[] {
  const reader = new ByteReader(contentOf(version, blob, what));
  const parts: (() => Buffer)[] = [];
  while (!reader.finished()) {
    const part = reader.bytes(reader.unsigned());
    parts.push(() => zstdDecompressSync(part));
  }
  return parts;
}
