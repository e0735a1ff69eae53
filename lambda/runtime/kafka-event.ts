/**
 * The event that Lambda's Kafka event source passes to a function.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 */
import { type KafkaRecord } from '../domain/decode';

export interface LambdaKafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly timestampType?: string;
  /** Base64; absent or null if the record has none. */
  readonly key?: string | null;
  /** Base64; absent or null if the record has none. */
  readonly value?: string | null;
  /** One object per header; its value is a list of bytes, possibly signed (the service writes Java bytes). */
  readonly headers?: readonly Readonly<Record<string, readonly number[]>>[];
}

export interface LambdaKafkaEvent {
  readonly eventSource?: string;
  readonly eventSourceArn?: string;
  readonly bootstrapServers?: string;
  /** By `<topic>-<partition>`. */
  readonly records: Readonly<Record<string, readonly LambdaKafkaRecord[]>>;
}

/** Decodes base64 into one buffer: to allocate one for each text takes as long as to decode it. */
class Decoder {
  private readonly buffer: Buffer;
  private end = 0;

  /** @param length of all texts, characters */
  constructor(length: number) {
    this.buffer = Buffer.allocUnsafeSlow(Math.ceil((length * 3) / 4));
  }

  bytesOf(base64: string | null | undefined): Buffer | null {
    if (base64 === undefined || base64 === null) return null;
    const start = this.end;
    this.end += this.buffer.write(base64, start, 'base64');
    return this.buffer.subarray(start, this.end);
  }
}

const lengthOf = (records: readonly LambdaKafkaRecord[]): number =>
  records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0);

function headersOf(record: LambdaKafkaRecord): Record<string, string> {
  const headers: Record<string, string> = {};
  if (!record.headers) return headers;
  for (const header of record.headers) {
    for (const name of Object.keys(header)) headers[name] = Buffer.from(header[name]).toString('utf8');
  }
  return headers;
}

/** Total bytes of keys and values as received. */
export function sizeOf(records: readonly KafkaRecord[]): number {
  return records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0);
}

/**
 * The records of an event by partition, each partition sorted by offset.
 * @throws Error if the event contains a topic other than `topic`: the event source is attached to the wrong one
 */
export function recordsByPartition(event: LambdaKafkaEvent, topic?: string): Map<number, KafkaRecord[]> {
  const partitions = new Map<number, KafkaRecord[]>();
  for (const records of Object.values(event.records)) {
    const decoder = new Decoder(lengthOf(records));
    for (const record of records) {
      if (topic !== undefined && record.topic !== topic) {
        throw new Error(`event must hold records of topic '${topic}', got '${record.topic}'`);
      }
      let list = partitions.get(record.partition);
      if (!list) partitions.set(record.partition, (list = []));
      list.push({
        partition: record.partition,
        offset: record.offset,
        timestamp: record.timestamp,
        key: decoder.bytesOf(record.key),
        value: decoder.bytesOf(record.value),
        headers: headersOf(record),
      });
    }
  }
  for (const list of partitions.values()) list.sort((a, b) => a.offset - b.offset);
  return partitions;
}
