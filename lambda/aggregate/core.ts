/**
 * The speed layer's computation: takes the records of one partition and the state before them, returns the state after
 * them and what they add to each view and interval. It is a pure function of the log: the sums do not depend on how the
 * log is cut into batches.
 */
import { nextInterval, type IntervalStart } from '../domain/intervals';
import { decodeRecord, type KafkaRecord } from '../domain/decode';
import { add, contributionOf, trim, type Counts } from '../domain/merge';
import { minuteOf } from '../domain/timestamps';
import { CANARY_VIEW, type View } from '../domain/views';
import { remember, type PartitionState, type IncompletePostColumns } from '../formats/speed-state';

export interface Settings {
  readonly views: readonly View[];
  readonly columns: IncompletePostColumns;
  readonly intervalMinutes: number;
  /** How many posts a partition remembers, to count each post once. */
  readonly recentPosts: number;
}

/** What a batch adds to one row, in log order. Offsets stay separate, because the row may be ahead of the state. */
export interface RowChange {
  readonly view: View;
  readonly interval: IntervalStart;
  readonly offsets: number[];
  readonly keys: string[];
  readonly values: number[];
}

export interface BatchOutcome {
  /** By view and interval; only rows that receive something. */
  readonly changes: readonly RowChange[];
  /** Log append time of the newest record, ms. */
  readonly newest: number;
  /** Records beyond the state's offset. */
  readonly applied: number;
  /** Posts that brought at least one new section. */
  readonly posts: number;
  /** Records that the state already contained, and records without a new section. */
  readonly repeated: number;
  readonly quarantined: number;
  readonly controlRecords: number;
  /**
   * Offsets missing between the state and the first record beyond it: the log lost them, or the source started later.
   */
  readonly gap: number;
}

/**
 * Applies records to `state` and changes it in place.
 * @param records of one partition, by ascending offset; records up to the state's offset are skipped
 */
export function applyRecords(state: PartitionState, records: readonly KafkaRecord[], settings: Settings): BatchOutcome {
  const rows = new Map<IntervalStart, (RowChange | undefined)[]>();
  let newest = 0;
  let applied = 0;
  let posts = 0;
  let repeated = 0;
  let quarantined = 0;
  let controlRecords = 0;
  let gap = 0;
  const changeOf = (view: View, place: number, offset: number, key: string, value: number) => {
    let changes = rows.get(state.interval);
    if (!changes) rows.set(state.interval, (changes = new Array<undefined>(settings.views.length + 1)));
    const change = (changes[place] ??= { view, interval: state.interval, offsets: [], keys: [], values: [] });
    change.offsets.push(offset);
    change.keys.push(key);
    change.values.push(value);
  };
  for (const record of records) {
    if (record.offset <= state.appliedOffset) {
      repeated++;
      continue;
    }
    gap += record.offset - state.appliedOffset - 1;
    state.appliedOffset = record.offset;
    // Every record moves log append time forward, including control records and bad ones, so an interval is one offset
    // range.
    state.interval = nextInterval(state.interval, record.timestamp, settings.intervalMinutes);
    newest = Math.max(newest, record.timestamp);
    applied++;
    const decoded = decodeRecord(record);
    if (decoded.kind === 'heartbeat') {
      controlRecords++;
      continue;
    }
    if (decoded.kind === 'canary') {
      controlRecords++;
      changeOf(CANARY_VIEW, settings.views.length, record.offset, minuteOf(record.timestamp), decoded.sent);
      continue;
    }
    if (decoded.kind === 'bad') {
      quarantined++;
      continue;
    }
    const post = remember(state, decoded.index, decoded.sections, settings.recentPosts, settings.columns);
    if (!post) {
      repeated++;
      continue;
    }
    posts++;
    for (let i = 0; i < settings.views.length; i++) {
      const view = settings.views[i];
      const contribution = contributionOf(view, post.sections, post.known, post.news);
      if (!contribution) continue;
      changeOf(view, i, record.offset, contribution.key, contribution.value);
    }
  }
  const changes = [...rows.values()].flatMap((each) => each.filter((change) => change !== undefined));
  return { changes, newest, applied, posts, repeated, quarantined, controlRecords, gap };
}

/**
 * Adds a change to a row's counts and skips what the row already contains. Changes `counts` in place: copying thousands
 * of keys per batch would cost more than adding to them.
 * @param appliedOffset of the row; undefined if the row does not exist yet
 * @returns whether anything was added
 */
export function applyChange(change: RowChange, counts: Counts, appliedOffset: number | undefined): boolean {
  const { view, offsets, keys, values } = change;
  let added = false;
  for (let i = 0; i < offsets.length; i++) {
    if (appliedOffset !== undefined && offsets[i] <= appliedOffset) continue;
    add(view, counts, keys[i], values[i]);
    added = true;
  }
  if (added) trim(view, counts);
  return added;
}
