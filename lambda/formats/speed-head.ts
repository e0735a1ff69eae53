/**
 * `speed_head`: how far the log of deltas of a partition is folded. It is written after all that it names, under the condition that it
 * still is where the writer read it.
 *
 * ```
 * speed_head ((topic, kafka_partition))
 *   folded_to  bigint  every record up to this offset is in runs, and its post in `speed_posts`
 *   state      blob    1 | zstd(JSON of the rest)
 * ```
 *
 * Invariants: it is there before the first delta, so that all deltas are of its interval length; `folded_to` only grows; the delta
 * behind it begins at the next offset; runs cover what the records of `interval` up to it add, in log order, or it is closed and they are
 * one run of tier 0.
 */
import { createHash } from 'node:crypto';
import { type ColumnName } from '../domain/columns';
import { requireLength, type IntervalStart } from '../domain/intervals';
import { MINUTE } from '../domain/time';
import { CANARY_VIEW, fingerprintOf, sectionsOf, type View } from '../domain/views';
import { pack, unpack } from './blob';

const VERSION = 1;

/** A run of the interval that is not closed. */
export interface OpenRun {
  readonly tier: number;
  readonly from: number;
  readonly to: number;
}

export interface SpeedHead {
  readonly foldedTo: number;
  /** Of the record at that offset; 0 before the first. */
  readonly interval: IntervalStart;
  /** Newest append time up to it, ms. */
  readonly asOf: number;
  /** The newest interval that is one run; those before it are, too, if they have records. 0 before the first. */
  readonly closed: IntervalStart;
  /** Of `interval`, unless it is closed. */
  readonly runs: readonly OpenRun[];
  /** The intervals of `speed_posts` that are remembered, oldest first. */
  readonly remembered: readonly IntervalStart[];
  /** The first interval whose records are all counted for every view of the list: the one after a change of the list. */
  readonly wholeFrom: IntervalStart;
}

/** What stored posts and runs depend on. */
export interface SpeedSchema {
  /** Views with the one of the canaries. */
  readonly views: readonly View[];
  /** Fingerprint of the view list, in whatever order. */
  readonly fingerprint: string;
  /** Columns that views read. */
  readonly columns: readonly ColumnName[];
  /** Columns that must be known of an incomplete post: those of views that read several sections. */
  readonly waiting: readonly ColumnName[];
  readonly intervalMinutes: number;
}

const columnsRead = (views: readonly View[]): ColumnName[] => {
  const names = new Set(views.flatMap(({ dimensions, value }) => [...dimensions, ...(value ? [value] : [])]));
  // Sorted: the order of the views must not change what is stored.
  return [...names].sort();
};

export function speedSchema(views: readonly View[], intervalMinutes: number): SpeedSchema {
  const all = views.map((view) => fingerprintOf(view).toString('hex')).sort();
  return {
    views: [...views, CANARY_VIEW],
    fingerprint: createHash('sha256').update(all.join()).digest('hex').slice(0, 16),
    columns: columnsRead(views),
    waiting: columnsRead(views.filter((view) => sectionsOf(view).length > 1)),
    intervalMinutes,
  };
}

export const FIRST_HEAD: SpeedHead = {
  foldedTo: -1,
  interval: 0,
  asOf: 0,
  closed: 0,
  runs: [],
  remembered: [],
  wholeFrom: 0,
};

export function encodeHead({ foldedTo: _, ...rest }: SpeedHead, schema: SpeedSchema): Buffer {
  const { intervalMinutes, fingerprint } = schema;
  const state = JSON.stringify({ intervalMinutes, views: fingerprint, ...rest });
  return pack(VERSION, Buffer.from(state), (bytes) => `the head of a partition takes ${bytes} bytes`);
}

/** @throws Error if the blob is not what {@link encodeHead} writes, or is of another interval length */
export function decodeHead(foldedTo: number, blob: Buffer, schema: SpeedSchema): SpeedHead {
  const { intervalMinutes, views, ...head } = JSON.parse(
    unpack(VERSION, blob, 'the head of a partition').toString('utf8'),
  ) as Omit<SpeedHead, 'foldedTo'> & { readonly intervalMinutes: number; readonly views: string };
  requireLength('the head of a partition', intervalMinutes, schema.intervalMinutes);
  const wholeFrom = views === schema.fingerprint ? head.wholeFrom : head.interval + intervalMinutes * MINUTE;
  return { ...head, foldedTo, wholeFrom: Math.max(head.wholeFrom, wholeFrom) };
}
