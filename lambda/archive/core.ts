/**
 * Turns the records of a Kafka batch into objects of the raw log. `formats/raw-line.ts` says what a line is.
 *
 * Invariants: an object holds the offsets that its key names, without a gap that the
 * log does not have; the object of a redelivered batch may overlap others, and then holds the same lines; quarantined payloads are
 * written before the object whose lines refer to them.
 */
import { decodeRecord, type Decoded, type KafkaRecord } from '../domain/decode';
import { quarantineKey, rawKey } from '../formats/keys';
import { writeLine } from '../formats/raw-line';
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
