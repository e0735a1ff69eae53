/**
 * The speed layer's computation: takes the records of one partition and what is known of the log before them, returns the deltas to
 * append. It is a pure function of the log: the sums of the deltas do not depend on how the log is cut into batches.
 */
import { nextInterval, type IntervalStart } from '../domain/intervals';
import { decodeRecord, type KafkaRecord } from '../domain/decode';
import { minuteOf } from '../domain/timestamps';
import { PostColumns } from '../domain/post-columns';
import { type RecentPosts } from '../domain/recent-posts';
import { type Delta } from '../formats/speed-log';
import { type SpeedSchema } from '../formats/speed-head';

/** Where the chain ends. */
export interface Position {
  /** -1 before the first record. */
  readonly offset: number;
  /** Of the record at that offset; 0 before the first. */
  readonly interval: IntervalStart;
  /** Newest append time up to it, ms; 0 before the first. */
  readonly asOf: number;
}

/** A delta that is not encoded. */
export interface Part extends Omit<Delta, 'bytes' | 'canaries'> {
  readonly canaries: Map<string, number>;
}

export interface BatchOutcome {
  /** In order; the first begins right behind the position, the next right behind it. */
  readonly parts: readonly Part[];
  /** Log append time of the newest record, ms. */
  readonly newest: number;
  /** Records behind the position. */
  readonly applied: number;
  /** Posts that brought at least one new section. */
  readonly posts: number;
  /** Records up to the position, and records without a new section. */
  readonly repeated: number;
  readonly quarantined: number;
  readonly controlRecords: number;
  /** Offsets missing between the position and the first record behind it: the log lost them, or the source started later. */
  readonly gap: number;
}

/** The records are not those that were counted under their offsets. */
export class AnotherLogError extends Error {
  override readonly name = 'AnotherLogError';
}

/**
 * Cuts records into deltas: at the end of an interval, and where a row of the store would become too large.
 * @param records of one partition, by ascending offset; those up to the position are skipped
 * @param recent takes note of the posts
 * @throws AnotherLogError if a record up to the position is newer than all that was counted: the topic was made anew
 */
export function applyRecords(
  position: Position,
  recent: RecentPosts,
  records: readonly KafkaRecord[],
  schema: SpeedSchema,
): BatchOutcome {
  const parts: { -readonly [K in keyof Part]: Part[K] }[] = [];
  let { offset, interval } = position;
  let newest = 0;
  let applied = 0;
  let posts = 0;
  let repeated = 0;
  let quarantined = 0;
  let controlRecords = 0;
  let gap = 0;
  const read: ReadonlySet<string> = new Set(schema.columns);
  const isRead = (column: string) => read.has(column);
  for (const record of records) {
    if (record.offset <= offset) {
      if (record.timestamp > Math.max(position.asOf, newest)) throw anotherLog(record, position);
      repeated++;
      continue;
    }
    gap += record.offset - offset - 1;
    // Every record moves log append time forward, including control records and bad ones, so an interval is one offset
    // range.
    interval = nextInterval(interval, record.timestamp, schema.intervalMinutes);
    newest = Math.max(newest, record.timestamp);
    applied++;
    let part = parts.at(-1);
    if (!part || part.interval !== interval || part.posts.isFull) {
      part = {
        ...{ from: offset + 1, to: offset, interval, asOf: 0, views: schema.fingerprint },
        posts: PostColumns.of(schema.columns),
        canaries: new Map(),
      };
      parts.push(part);
    }
    offset = record.offset;
    part.to = offset;
    part.asOf = Math.max(part.asOf, record.timestamp);
    const decoded = decodeRecord(record, isRead);
    if (decoded.kind === 'heartbeat') {
      controlRecords++;
    } else if (decoded.kind === 'canary') {
      controlRecords++;
      const minute = minuteOf(record.timestamp);
      part.canaries.set(minute, Math.max(decoded.sent, part.canaries.get(minute) ?? 0));
    } else if (decoded.kind === 'bad') {
      quarantined++;
    } else {
      const post = recent.remember(interval, decoded.index, decoded.sections);
      if (post) {
        posts++;
        part.posts.push(decoded.index, post.known, post.news, post.sections);
      } else {
        repeated++;
      }
    }
  }
  return { parts, newest, applied, posts, repeated, quarantined, controlRecords, gap };
}

function anotherLog({ partition, offset, timestamp }: KafkaRecord, position: Position): AnotherLogError {
  const [appended, asOf] = [timestamp, position.asOf].map((ms) => new Date(ms).toISOString());
  return new AnotherLogError(
    `partition ${partition} is of another log: offset ${offset} was appended at ${appended}, but all up to ${position.offset} was counted by ${asOf}; ` +
      'docs/runbook.md, "Rebuild a view", says how to begin anew',
  );
}
