/**
 * Version 1 of a line of the raw log: JSON with these fields, in objects of zstd (any level).
 *
 * ```
 *   o     offset
 *   t     log append time, ms since the epoch
 *   s     `post`, `heartbeat`, `canary` or `bad`
 *   k     the post's key, as a number (post only)
 *   <section>  for each section that the record brought, by its name: its cleaned, typed columns (post only)
 *   h     `section` header of the record, if it had one: `h` and `raw` are all that a replay needs
 *   raw   the client's original text (posts only; the bytes of a bad record are in quarantine)
 *   erased  true in place of sections, `h` and `raw`: `tools/operate/erase` erased the post, so it contributes nothing
 * ```
 *
 * Columns are stored cleaned, so that compaction and Spark parse no text. The text is stored, so that nothing is lost.
 *
 * Invariants: lines are in the order of offsets, one per offset; sections and columns are only added, and a reader takes one that a line
 * does not have for null.
 */
import { constants } from 'node:zlib';
import { SECTION_HEADER, type Decoded, type KafkaRecord } from '../domain/decode';
import { type ByteWriter } from './bytes';

/** By whoever writes the objects. Level 3 is zstd's default. */
export const RAW_COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/**
 * Writes bytes directly. A string of all lines would have to be joined and encoded at the end, and the client's text
 * converted to a string first; that took as long as decoding.
 */
export function writeLine(lines: ByteWriter, record: KafkaRecord, decoded: Decoded): void {
  const { offset: o, timestamp: t } = record;
  if (decoded.kind !== 'post') return lines.utf8(`${JSON.stringify({ o, t, s: decoded.kind })}\n`);
  const h = record.headers[SECTION_HEADER];
  const fields = JSON.stringify({ o, t, s: decoded.kind, k: decoded.index, ...decoded.sections, h });
  lines.utf8(`${fields.slice(0, -1)},"raw":`);
  lines.jsonString(record.value!);
  lines.utf8('}\n');
}
