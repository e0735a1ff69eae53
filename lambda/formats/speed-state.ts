/**
 * The state of a partition in the speed layer before its next record: the current interval, and the sections of recent posts that
 * have arrived.
 *
 * ```
 * 1 | zstd( head | texts | interval | posts )
 *   head       length of an interval, minutes · fingerprint of the view list, hex · since which interval rows are whole, ms
 *              number of sections, then for each one: its name, and the names of the columns that incomplete posts store, with commas
 *   texts      number of distinct texts, then the texts, in the order in which posts use them
 *   interval   start of the current interval, ms
 *   posts      number of posts, then for each one, by first arrival:
 *                its key, by difference from the post before · the sections that have arrived, as bits in the order of the head
 *                if sections are missing: for each column of the arrived ones 0 (null), 1 and a place in texts, or 2 and an integer
 * ```
 *
 * Invariants: after a new post it has at most `recentPosts` posts, and the oldest ones go first, so the state after an offset does not
 * depend on the batches that led there; equal states give equal bytes; a section counts once, by its first arrival; the row's
 * `applied_offset` is the last offset that the state contains; a state of another interval length is never read; one of other sections,
 * columns or views is brought to those of today, with null for what it does not have.
 */
import { createHash } from 'node:crypto';
import { requireLength, type IntervalStart } from '../domain/intervals';
import { bySection, columnOf, SECTIONS, type ColumnName, type Section, type Sections } from '../domain/columns';
import { type Value } from '../domain/sections/section';
import { ALL_SECTIONS, maskOf, maskOfPresent, type SectionMask } from '../domain/merge';
import { MAX_BLOB_BYTES, pack, unpack } from './blob';
import { ByteReader, ByteWriter } from './bytes';
import { fingerprintOf, sectionsOf, type View } from '../domain/views';
import { MINUTE } from '../domain/time';

/** The columns that a post must keep of a section until its other sections are here: those of views that read both. */
export type IncompletePostColumns = Readonly<Record<Section, readonly ColumnName[]>>;

export function incompletePostColumns(views: readonly View[]): IncompletePostColumns {
  const joined = views.filter((view) => sectionsOf(view).length > 1);
  const names = new Set(joined.flatMap((view) => [...view.dimensions, ...(view.value ? [view.value] : [])]));
  // Sorted: the order of the views must not change what a stored state means.
  return bySection((section) => [...names].filter((name) => columnOf(name).section === section).sort());
}

/** What a stored state depends on. */
export interface StateSchema {
  readonly columns: IncompletePostColumns;
  /** Fingerprint of the view list, in whatever order. */
  readonly views: string;
  readonly intervalMinutes: number;
}

export function stateSchema(views: readonly View[], intervalMinutes: number): StateSchema {
  const all = views.map((view) => fingerprintOf(view).toString('hex')).sort();
  const fingerprint = createHash('sha256').update(all.join()).digest('hex').slice(0, 16);
  return { columns: incompletePostColumns(views), views: fingerprint, intervalMinutes };
}

export interface RecentPost {
  seen: SectionMask;
  /** Kept columns of the sections seen; undefined once all sections are. */
  incomplete: Sections | undefined;
}

export interface PartitionState {
  /** Every record up to this offset is in the state, none beyond; -1 before the first. */
  appliedOffset: number;
  /** Interval of the record at that offset; 0 before the first. */
  interval: IntervalStart;
  /** The first interval whose rows count every record for every view of the list: the one after a change of the list. */
  wholeFrom: IntervalStart;
  /** By the post's index, in order of first arrival. */
  readonly recent: Map<number, RecentPost>;
}

export function emptyState(): PartitionState {
  return { appliedOffset: -1, interval: 0, wholeFrom: 0, recent: new Map() };
}

/**
 * Takes note of a post's sections.
 * @param limit how many posts are remembered
 * @returns the sections that are new, and the columns of all known ones; undefined if none is new
 */
export function remember(
  state: PartitionState,
  index: number,
  arrived: Sections,
  limit: number,
  columns: IncompletePostColumns,
): { readonly sections: Sections; readonly known: SectionMask; readonly news: SectionMask } | undefined {
  const arrivedMask = maskOfPresent(arrived);
  const post = state.recent.get(index);
  if (!post) {
    state.recent.set(index, { seen: arrivedMask, incomplete: keep(arrived, arrivedMask, columns) });
    // The limit may have been larger before.
    while (state.recent.size > limit) evictOldest(state.recent);
    return { sections: arrived, known: arrivedMask, news: arrivedMask };
  }
  const news = arrivedMask & ~post.seen;
  if (news === 0) return undefined;
  // The first arrival of a section counts, so its stored values replace the ones that arrived now.
  const sections = { ...arrived, ...post.incomplete };
  post.seen |= news;
  post.incomplete = keep(sections, post.seen, columns);
  return { sections, known: post.seen, news };
}

/**
 * One iterator per map, which stays at the oldest post, because only that one is ever removed. A new iterator would first step over all
 * entries that were removed since the map last grew.
 */
const oldest = new WeakMap<Map<number, RecentPost>, Iterator<number>>();

function evictOldest(recent: Map<number, RecentPost>): void {
  let at = oldest.get(recent);
  if (!at) oldest.set(recent, (at = recent.keys()));
  recent.delete(at.next().value as number);
}

function keep(sections: Sections, seen: SectionMask, columns: IncompletePostColumns): Sections | undefined {
  if (seen === ALL_SECTIONS) return undefined;
  const kept: Partial<Record<Section, Record<string, Value>>> = {};
  for (const section of SECTIONS) {
    const from = sections[section];
    if (!from) continue;
    const values: Record<string, Value> = {};
    for (const name of columns[section]) values[name] = from[name] ?? null;
    kept[section] = values;
  }
  return kept;
}

const VERSION = 1;

/** Tags of a stored value. */
const ABSENT = 0;
const TEXT = 1;
const INTEGER = 2;

function writeValue(writer: ByteWriter, texts: Map<string, number>, name: string, value: Value): void {
  if (value === null) {
    writer.unsigned(ABSENT);
  } else if (typeof value === 'string') {
    let place = texts.get(value);
    writer.unsigned(TEXT);
    if (place === undefined) texts.set(value, (place = texts.size));
    writer.unsigned(place);
  } else if (typeof value === 'number' && Number.isSafeInteger(value)) {
    writer.unsigned(INTEGER);
    writer.difference(0, value);
  } else {
    throw new Error(`column ${name} must be text or an integer to be a dimension or value of a view, got ${value}`);
  }
}

/**
 * @throws Error naming the limit if it does not fit a row of the store
 */
export function encodeState(state: PartitionState, schema: StateSchema): Buffer {
  const { columns } = schema;
  const posts = new ByteWriter(state.recent.size * 8 + 64);
  const texts = new Map<string, number>();
  posts.unsigned(state.interval);
  posts.unsigned(state.recent.size);
  let previous = 0;
  for (const [index, { seen, incomplete }] of state.recent) {
    posts.difference(previous, index);
    previous = index;
    posts.unsigned(seen);
    if (!incomplete) continue;
    for (const section of SECTIONS) {
      const kept = incomplete[section];
      if (!kept) continue;
      for (const name of columns[section]) writeValue(posts, texts, name, kept[name]);
    }
  }
  const head = new ByteWriter();
  head.unsigned(schema.intervalMinutes);
  head.text(schema.views);
  head.unsigned(state.wholeFrom);
  head.unsigned(SECTIONS.length);
  for (const section of SECTIONS) {
    head.text(section);
    head.text(columns[section].join(','));
  }
  head.unsigned(texts.size);
  for (const text of texts.keys()) head.text(text);
  return pack(
    VERSION,
    Buffer.concat([head.bytes(), posts.bytes()]),
    (bytes) =>
      `the state of ${state.recent.size} recent posts takes ${bytes} bytes, at most ${MAX_BLOB_BYTES} fit a row: fewer recentPosts are needed`,
  );
}

interface StoredSection {
  readonly name: string;
  readonly columns: readonly string[];
}

/**
 * Brings the state to the sections, columns and views of today. A value that was not stored is null: a view that was added later does
 * not count the posts that were incomplete then.
 * @throws Error if the blob is not what {@link encodeState} writes, or is of another interval length
 */
export function decodeState(appliedOffset: number, blob: Buffer, schema: StateSchema): PartitionState {
  const reader = new ByteReader(unpack(VERSION, blob, 'the state'));
  const intervalMinutes = reader.unsigned();
  requireLength('the state', intervalMinutes, schema.intervalMinutes);
  const views = reader.text();
  const wholeFrom = reader.unsigned();
  const sections = Array.from({ length: reader.unsigned() }, () => ({
    name: reader.text(),
    columns: reader.text().split(',').filter(Boolean),
  }));
  const texts = Array.from({ length: reader.unsigned() }, () => reader.text());
  const interval = reader.unsigned();
  const recent = new Map<number, RecentPost>();
  let index = 0;
  for (let left = reader.unsigned(); left > 0; left--) {
    index = reader.difference(index);
    recent.set(index, readPost(reader, texts, sections, schema.columns));
  }
  return {
    appliedOffset,
    interval,
    wholeFrom: views === schema.views ? wholeFrom : interval + schema.intervalMinutes * MINUTE,
    recent,
  };
}

function readPost(
  reader: ByteReader,
  texts: readonly string[],
  sections: readonly StoredSection[],
  columns: IncompletePostColumns,
): RecentPost {
  const arrived = reader.unsigned();
  const isComplete = arrived === (1 << sections.length) - 1;
  let seen: SectionMask = 0;
  const incomplete: Partial<Record<Section, Record<string, Value>>> = {};
  for (const [place, stored] of sections.entries()) {
    if ((arrived & (1 << place)) === 0) continue;
    const values = isComplete ? {} : readValues(reader, texts, stored.columns);
    const section = SECTIONS.find((each) => each === stored.name);
    if (!section) continue;
    seen |= maskOf([section]);
    incomplete[section] = Object.fromEntries(columns[section].map((name) => [name, values[name] ?? null]));
  }
  return { seen, incomplete: seen === ALL_SECTIONS ? undefined : incomplete };
}

function readValues(reader: ByteReader, texts: readonly string[], names: readonly string[]): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const name of names) {
    const tag = reader.unsigned();
    values[name] = tag === ABSENT ? null : tag === TEXT ? texts[reader.unsigned()] : reader.difference(0);
  }
  return values;
}
