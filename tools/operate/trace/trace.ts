/** Follows one post through the lake: its records, its rows, and the rows of views that count it. Nothing is changed. */
import { join } from 'node:path';
import { columnOf, columnsOf, SECTIONS, type Section, type Sections } from '../../../lambda/domain/columns';
import { intervalName, intervalOf, intervalEnd, parseIntervalName } from '../../../lambda/domain/intervals';
import { VIEWS, type View } from '../../../lambda/domain/views';
import { type DimensionValue } from '../../../lambda/domain/merge';
import { type Seal } from '../../../lambda/formats/interval-metadata';
import { manifestKey, parseRawKey, PREFIXES, publishedKey, viewKey, viewsDoneKey } from '../../../lambda/formats/keys';
import { parseViewObject } from '../../../lambda/formats/view-object';
import { ifFound } from '../../../lambda/aws/s3';
import { getSeal } from '../../../lambda/aws/lake';
import { DISK } from '../../../lambda/compact/disk';
import { contribution } from '../../kit/counts';
import { type ParquetRow, type ParquetSearch } from '../erase/parquet';
import { readRaw, search, type SearchDeps } from '../erase/search';

export interface TraceDeps extends SearchDeps {
  readonly parquet: ParquetSearch;
}

export interface TracedRecord {
  readonly key: string;
  readonly partition: number;
  readonly offset: number;
  /** Log append time, ms. */
  readonly appended: number;
  readonly sections: readonly string[];
  readonly erased: boolean;
  /** Interval whose seal has the offset; undefined if none has it yet. */
  readonly interval: string | undefined;
}

export interface TracedQuarantine {
  readonly key: string;
  readonly reason: string;
}

export interface TracedView {
  readonly view: View;
  readonly dimensions: readonly DimensionValue[];
  /** What the post adds, or its own value where the largest counts. */
  readonly adds: number;
  /** Of the key in the view of the interval; undefined if the view is not computed, or a `top` view has no such key. */
  readonly value: number | undefined;
}

export interface TracedRow {
  readonly key: string;
  readonly interval: string;
  readonly columns: ParquetRow;
  readonly newSections: readonly Section[];
  readonly views: readonly TracedView[];
  /** Steps that the interval is through. */
  readonly compacted: boolean;
  readonly computed: boolean;
  readonly published: boolean;
}

export interface Trace {
  readonly records: readonly TracedRecord[];
  readonly quarantine: readonly TracedQuarantine[];
  readonly rows: readonly TracedRow[];
}

interface RawLine {
  readonly o: number;
  readonly t: number;
  readonly k?: number;
  readonly erased?: true;
}

/** Intervals after that of its append time in which a record may be: times of a log may fall a little. */
const FOLLOWING = 2;

const has = async (lake: SearchDeps['lake'], key: string): Promise<boolean> =>
  (await ifFound(lake.get(key))) !== undefined;

/** The length of intervals; undefined before the first seal. */
async function intervalMinutesOf(lake: SearchDeps['lake']): Promise<number | undefined> {
  for await (const { key } of lake.list({ prefix: PREFIXES.seals })) {
    return (JSON.parse((await lake.get(key)).toString('utf8')) as Seal).intervalMinutes;
  }
  return undefined;
}

async function sealedIn(
  lake: SearchDeps['lake'],
  { partition, offset, appended }: Pick<TracedRecord, 'partition' | 'offset' | 'appended'>,
  minutes: number,
): Promise<string | undefined> {
  let interval = intervalOf(appended, minutes);
  for (let i = 0; i <= FOLLOWING; i++) {
    const range = (await getSeal(lake, interval, minutes))?.partitions.find((each) => each.partition === partition);
    if (range && offset >= range.from && offset < range.to) return intervalName(interval);
    interval = intervalEnd(interval, minutes);
  }
  return undefined;
}

/** A value as the cleaning made it: DuckDB's JSON has large integers and times as text of its own. */
function valueOf(name: Parameters<typeof columnOf>[0], stored: unknown): unknown {
  if (stored === null || stored === undefined) return null;
  const { type } = columnOf(name);
  if (type === 'int' || type === 'long' || type === 'double') return Number(stored);
  return type === 'timestamp' ? new Date(`${String(stored).replace(' ', 'T')}Z`).toISOString() : stored;
}

const sectionsIn = (row: ParquetRow): Sections =>
  Object.fromEntries(
    SECTIONS.filter((section) => (row.sections as readonly string[]).includes(section)).map((section) => [
      section,
      Object.fromEntries(columnsOf(section).map(({ name }) => [name, valueOf(name, row[name])])),
    ]),
  ) as Sections;

async function valueInView(
  lake: SearchDeps['lake'],
  view: View,
  interval: number,
  key: readonly DimensionValue[],
): Promise<number | undefined> {
  const object = viewKey(interval, view.name);
  const bytes = await ifFound(lake.get(object));
  if (!bytes) return undefined;
  const stream = (async function* () {
    yield bytes;
  })();
  for await (const rows of parseViewObject(object, stream, view, interval)) {
    const found = rows.find((row) => row.key.every((value, i) => value === key[i]));
    if (found) return found.value;
  }
  return undefined;
}

async function traceRow(deps: TraceDeps, key: string, row: ParquetRow, minutes: number): Promise<TracedRow> {
  const { lake } = deps;
  const name = /interval=([^/]+)/.exec(key)![1];
  const interval = parseIntervalName(name, minutes);
  const newSections = SECTIONS.filter((section) => (row.new_sections as readonly string[]).includes(section));
  const sections = sectionsIn(row);
  const computed = await has(lake, viewsDoneKey(interval));
  const views: TracedView[] = [];
  for (const view of VIEWS) {
    if (!contribution(view, sections, newSections)) continue;
    const all = Object.assign({}, ...Object.values(sections)) as Readonly<Record<string, DimensionValue>>;
    const dimensions = view.dimensions.map((dimension) => all[dimension]);
    const adds = view.value ? Number(all[view.value]) : 1;
    views.push({
      view,
      dimensions,
      adds,
      value: computed ? await valueInView(lake, view, interval, dimensions) : undefined,
    });
  }
  const [compacted, published] = await Promise.all([
    has(lake, manifestKey(interval)),
    has(lake, publishedKey(interval)),
  ]);
  return { key, interval: name, columns: row, newSections, views, compacted, computed, published };
}

export async function trace(deps: TraceDeps, post: number): Promise<Trace> {
  const { lake } = deps;
  const found = await search(deps, { posts: [post] });
  const minutes = await intervalMinutesOf(lake);
  const records: TracedRecord[] = [];
  for (const key of found.raw) {
    const { partition } = parseRawKey(key)!;
    for (const text of (await readRaw(deps, key)).split('\n').filter(Boolean)) {
      const line = JSON.parse(text) as RawLine;
      // A batch that was delivered again is in two objects.
      if (line.k !== post || records.some((each) => each.partition === partition && each.offset === line.o)) continue;
      const at = { partition, offset: line.o, appended: line.t };
      const interval = minutes === undefined ? undefined : await sealedIn(lake, at, minutes);
      const sections = SECTIONS.filter((section) => section in line);
      records.push({ key, ...at, sections, erased: line.erased === true, interval });
    }
  }
  const quarantine = await Promise.all(
    found.quarantine.map(async (key): Promise<TracedQuarantine> => {
      const { reason } = JSON.parse((await lake.get(key)).toString('utf8')) as { readonly reason: string };
      return { key, reason };
    }),
  );
  const rows: TracedRow[] = [];
  for (const key of found.parquet.filter((each) => each.startsWith(PREFIXES.posts))) {
    const directory = await DISK.makeTemporary(join(deps.temporary, 'trace-'));
    try {
      const file = join(directory, 'posts.parquet');
      await lake.download(key, file);
      for (const row of await deps.parquet.rowsOf(file, post)) rows.push(await traceRow(deps, key, row, minutes!));
    } finally {
      await DISK.remove(directory);
    }
  }
  return { records, quarantine, rows };
}
