/**
 * The batch layer's row of a view and period: a sorted run, cut into chunks that the store takes whatever is in them.
 *
 * ```
 * batch_views (view_name, period)                                       one pointer row
 *   version     text    names the run: the fingerprint of the view's definition, `-`, a hash of what it was made of and of this format
 *   chunks      int     how many rows of batch_runs it has; 0 if the run stands in the pointer row
 *   counts      blob    the whole run (counts-codec), if chunks = 0
 *   first_keys  blob    the first key of each chunk, if chunks > 0: 1 | zstd(JSON)
 * batch_runs ((view_name, period, version, block), chunk)               block = chunk >> 4
 *   counts      blob    the rows of a chunk (counts-codec)
 * ```
 *
 * Invariants: rows of batch_runs never change, and are all there before the pointer row names their version; a run that is made
 * again of the same parts has the same version and the same bytes; a version that no pointer row names is deleted an hour later; a run
 * of another definition of the view counts as absent.
 */
import { createHash } from 'node:crypto';
import { type ChunkLimits, type Key } from '../domain/sorted-run';
import { fingerprintOf, type View } from '../domain/views';
import { pack, unpack } from './blob';

/** Of the run, of its chunks and of the order of keys. */
const FORMAT = 1;
const KEYS_VERSION = 1;
const VERSION_DIGITS = 24;

/**
 * Uncompressed, a chunk is at most its texts, and 17 bytes a row and dimension: 600 KB with four dimensions. So it fits a row of
 * 1 MB even if nothing can be compressed.
 */
export const CHUNK: ChunkLimits = { rows: 4_096, bytes: 256 * 1_024 };

/** Rows of a partition of batch_runs. */
const BLOCK_BITS = 4;
export const CHUNKS_PER_BLOCK = 1 << BLOCK_BITS;
export const blockOf = (chunk: number): number => chunk >> BLOCK_BITS;

export interface RunPointer {
  readonly version: string;
  /** 0: the run is `counts`. */
  readonly chunks: number;
  readonly counts?: Buffer;
  /** {@link encodeFirstKeys} */
  readonly firstKeys?: Buffer;
}

/** @param parts what the run is made of, each named by its content */
export function runVersion(view: View, parts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([FORMAT, CHUNK, parts]));
  return `${prefixOf(view)}${hash.digest('hex').slice(0, VERSION_DIGITS)}`;
}

const prefixOf = (view: View) => `${fingerprintOf(view).toString('hex')}-`;

/** Whether the run is of this definition of the view. */
export const isOfDefinition = (view: View, version: string): boolean => version.startsWith(prefixOf(view));

export function encodeFirstKeys(keys: readonly Key[]): Buffer {
  return pack(
    KEYS_VERSION,
    Buffer.from(JSON.stringify(keys)),
    (bytes) => `the first keys of ${keys.length} chunks take ${bytes} bytes compressed, which do not fit a row`,
  );
}

/** @throws Error if the blob is not what {@link encodeFirstKeys} writes */
export function decodeFirstKeys(blob: Buffer): Key[] {
  return JSON.parse(unpack(KEYS_VERSION, blob, 'the first keys of a run').toString('utf8')) as Key[];
}
