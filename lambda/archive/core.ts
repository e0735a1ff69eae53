/**
 * Turns the records of a Kafka batch into objects of the raw log. A line of the log is JSON with these fields:
 *
 *   o     offset
 *   t     log append time, ms since the epoch
 *   s     `post`, `heartbeat`, `canary` or `bad`
 *   k     the post's key, as a number (post only)
 *   <section>  for each section that the record brought, by its name: its cleaned, typed columns (post only)
 *   h     `section` header of the record, if it had one: `h` and `raw` are all that a replay needs
 *   raw   the client's original text (posts only; the bytes of a bad record are in quarantine)
 *   erased  true in place of sections, `h` and `raw`: `tools/operate/erase` erased the post, so it contributes nothing
 *
 * Columns are stored cleaned, so that compaction and Spark parse no text. The text is stored, so that nothing is lost.
 *
 * Invariants: lines are in the order of offsets, one per offset; an object holds the offsets that its key names, without a gap that the
 * log does not have; the object of a redelivered batch may overlap others, and then holds the same lines; quarantined payloads are
 * written before the object whose lines refer to them.
 */
import { decodeRecord, SECTION_HEADER, type Decoded, type KafkaRecord } from '../domain/decode';
import { quarantineKey, rawKey } from '../formats/keys';
import { sizeOf } from '../runtime/kafka-event';
import { ByteWriter } from '../formats/bytes';

/** An object of the raw log before compression: the lines of the offsets `[first, last]`, without a gap. */
export interface RawObject {
  readonly key: string;
  readonly first: number;
  readonly last: number;
  readonly ndjson: Buffer;
  /** Lines that are posts. */
  readonly posts: number;
}

/** A record that is not a post, as it is stored in quarantine. */
export interface QuarantineObject {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly body: string;
}

export interface Counts {
  received: number;
  /** Offsets that occurred more than once in the batch. */
  repeated: number;
  quarantined: number;
  controlRecords: number;
  /** Of keys and values. */
  bytes: number;
  /** Log append time of the newest record, ms; 0 without records. */
  newest: number;
}

export interface Archived {
  readonly objects: readonly RawObject[];
  readonly quarantine: readonly QuarantineObject[];
  readonly counts: Readonly<Counts>;
}

/**
 * Writes bytes directly. A string of all lines would have to be joined and encoded at the end, and the client's text
 * converted to a string first; that took as long as decoding.
 */
function writeLine(lines: ByteWriter, record: KafkaRecord, decoded: Decoded): void {
  const { offset: o, timestamp: t } = record;
  if (decoded.kind !== 'post') return lines.utf8(`${JSON.stringify({ o, t, s: decoded.kind })}\n`);
  const h = record.headers[SECTION_HEADER];
  const fields = JSON.stringify({ o, t, s: decoded.kind, k: decoded.index, ...decoded.sections, h });
  lines.utf8(`${fields.slice(0, -1)},"raw":`);
  lines.jsonString(record.value!);
  lines.utf8('}\n');
}

function quarantineOf(topic: string, record: KafkaRecord, bad: Decoded & { kind: 'bad' }): QuarantineObject {
  return {
    partition: record.partition,
    offset: record.offset,
    key: quarantineKey(topic, record.partition, record.offset),
    body: `${JSON.stringify({
      topic,
      partition: record.partition,
      offset: record.offset,
      timestamp: new Date(record.timestamp).toISOString(),
      reason: bad.reason,
      field: bad.field,
      value: bad.value,
      allowed: bad.allowed,
      headers: record.headers,
      key: record.key?.toString('base64'),
      payload: record.value?.toString('base64'),
    })}\n`,
  };
}

/** Typical size of the records' lines. Untouched memory costs nothing; growing the buffer copies it. */
function capacityFor(records: readonly KafkaRecord[]): number {
  return 3 * sizeOf(records) + 256 * records.length;
}

/**
 * An object's name states which offsets it contains, so the object must not have a gap. Kafka's offsets are contiguous
 * in a topic that is neither compacted nor transactional. If a batch has a gap nevertheless, it becomes several
 * objects, and sealing finds the missing offset. A repeated offset is written once.
 */
function contiguousRuns(records: readonly KafkaRecord[]): KafkaRecord[][] {
  const runs: KafkaRecord[][] = [];
  let run: KafkaRecord[] = [];
  for (const record of records) {
    const last = run.at(-1);
    if (last && record.offset === last.offset) continue;
    if (last && record.offset < last.offset) {
      throw new Error(`records must be sorted by offset, got ${record.offset} after ${last.offset}`);
    }
    if (!last || record.offset !== last.offset + 1) runs.push((run = []));
    run.push(record);
  }
  return runs;
}

/**
 * @param partitions records by partition, each sorted by offset
 * @throws Error if the records of a partition are not sorted
 */
export function archiveRecords(topic: string, partitions: ReadonlyMap<number, readonly KafkaRecord[]>): Archived {
  const objects: RawObject[] = [];
  const quarantine: QuarantineObject[] = [];
  const counts: Counts = { received: 0, repeated: 0, quarantined: 0, controlRecords: 0, bytes: 0, newest: 0 };
  for (const [partition, records] of partitions) {
    counts.received += records.length;
    counts.bytes += sizeOf(records);
    const runs = contiguousRuns(records);
    counts.repeated += runs.reduce((rest, run) => rest - run.length, records.length);
    for (const run of runs) {
      const lines = new ByteWriter(capacityFor(run));
      let posts = 0;
      for (const record of run) {
        const decoded = decodeRecord(record);
        counts.newest = Math.max(counts.newest, record.timestamp);
        writeLine(lines, record, decoded);
        if (decoded.kind === 'bad') {
          quarantine.push(quarantineOf(topic, record, decoded));
          counts.quarantined++;
        } else if (decoded.kind === 'post') {
          posts++;
        } else {
          counts.controlRecords++;
        }
      }
      const first = run[0].offset;
      const last = run[run.length - 1].offset;
      objects.push({ key: rawKey(topic, partition, first, last), first, last, ndjson: lines.bytes(), posts });
    }
  }
  return { objects, quarantine, counts };
}
