/**
 * The envelope of every blob that is stored in a row: `version (1 byte) | zstd(content)`.
 *
 * Invariants:
 * - Equal contents give equal bytes: rows are compared and written again without effect.
 * - A reader checks the version first and never interprets the content of another one.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** Keyspaces accepts rows of up to 1 MB, keys and overhead included. */
export const MAX_BLOB_BYTES = 900 * 1024;

/** @throws Error of the given text, if the blob is larger than {@link MAX_BLOB_BYTES} */
export function pack(version: number, content: Buffer, tooLarge: (bytes: number) => string): Buffer {
  const blob = Buffer.concat([Buffer.of(version), zstdCompressSync(content)]);
  if (blob.length > MAX_BLOB_BYTES) throw new Error(tooLarge(blob.length));
  return blob;
}

/**
 * @param what names the blob in the error
 * @throws Error if the blob has another version
 */
export function unpack(version: number, blob: Buffer, what: string): Buffer {
  if (blob[0] !== version) {
    throw new Error(`${what} must have version ${version}, got ${blob[0] ?? 'an empty blob'}`);
  }
  return zstdDecompressSync(blob.subarray(1));
}
