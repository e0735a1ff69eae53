/** Decides which records of the quarantine are posts by the current rules. */
import { decodeRecord, SECTION_HEADER, type KafkaRecord } from '../../../lambda/domain/decode';

/** A quarantined record, as the archive wrote it (`lambda/archive/core.ts`). */
interface Stored {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: string;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly payload?: string;
}

export interface Filter {
  readonly partition?: number;
  /** First and last offset, both inclusive. */
  readonly from: number;
  readonly to: number;
  /** Part of the reason, case-insensitive. */
  readonly reason?: string;
}

export interface Candidate {
  /** Of a flat section; undefined for an envelope of sections. */
  readonly section: string | undefined;
  /** The record's value, as the client sent it. */
  readonly payload: Buffer;
  /** Why the record is still rejected. Undefined if it is a post by the current rules. */
  readonly rejected: string | undefined;
}

const bytesOf = (base64: string | undefined) => (base64 === undefined ? null : Buffer.from(base64, 'base64'));

/**
 * @param body an object of the quarantine
 * @returns undefined if the filter excludes it
 */
export function candidate(body: string, filter: Filter): Candidate | undefined {
  const stored = JSON.parse(body) as Stored;
  const { partition, offset, headers, reason } = stored;
  if (filter.partition !== undefined && partition !== filter.partition) return undefined;
  if (offset < filter.from || offset > filter.to) return undefined;
  if (filter.reason !== undefined && !reason.toLowerCase().includes(filter.reason.toLowerCase())) return undefined;
  const value = bytesOf(stored.payload);
  const timestamp = Date.parse(stored.timestamp);
  const record: KafkaRecord = { partition, offset, timestamp, headers, key: bytesOf(stored.key), value };
  const decoded = decodeRecord(record);
  const rejected = decoded.kind === 'post' ? undefined : decoded.kind === 'bad' ? decoded.reason : `a ${decoded.kind}`;
  return { section: headers[SECTION_HEADER], payload: value ?? Buffer.alloc(0), rejected };
}
