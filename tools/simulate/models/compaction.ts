/**
 * Compaction as plain code over files of JSON, in place of DuckDB and Parquet. A property holds it equal to the engine: the same rows
 * in the same order, and the same counts.
 */
import { zstdDecompressSync } from 'node:zlib';
import { type Compaction } from '../../../lambda/compact/engine';
import { type CompactionCounts } from '../../../lambda/compact/sql';
import { COLUMNS, columnsOf, SECTIONS, type Section } from '../../../lambda/domain/columns';
import { type MemoryDisk } from './disk';

type Values = Readonly<Record<string, unknown>>;

/** A line of the raw log. */
type Line = { readonly o: number; readonly s: string; readonly k?: number } & Partial<Record<Section, Values>>;

/** A row of `posts/`. */
export interface PostRow {
  readonly post_key: number;
  readonly interval_start: string;
  readonly kafka_partition: number;
  readonly first_offset: number;
  readonly sections: readonly Section[];
  readonly new_sections: readonly Section[];
  readonly columns: Values;
}

interface IndexRow {
  readonly post_key: number;
  readonly sections: readonly Section[];
}

/** A post that waits, with the interval of each section that arrived. */
interface IncompleteRow {
  readonly post_key: number;
  readonly since: Readonly<Partial<Record<Section, string>>>;
  readonly columns: Values;
}

const encode = (rows: readonly unknown[]) => Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

export function readRows<T>(body: Buffer): T[] {
  return body
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** The columns of some sections, null where there is nothing. */
const pick = (section: Section, from: Values | undefined) =>
  Object.fromEntries(columnsOf(section).map(({ name }) => [name, from?.[name] ?? null]));

const EMPTY = Object.fromEntries(COLUMNS.map(({ name }) => [name, null]));

/** @param work how long it takes */
export function compactionOn(
  disk: Pick<MemoryDisk, 'read' | 'write'>,
  work: () => Promise<void> = () => Promise.resolve(),
): Compaction {
  return async ({ partition, from, to, interval, horizon }, files, outputs) => {
    await work();
    const lines = files.sources.flatMap((source) =>
      readRows<Line>(zstdDecompressSync(disk.read(source.item.path))).filter(
        ({ o }) => o >= source.from && o < source.to,
      ),
    );
    if (lines.length !== to - from || lines.some(({ o }, i) => o !== from + i)) {
      throw new Error(`the raw log of partition ${partition} must hold offsets ${from} to ${to - 1} once each`);
    }
    const posts = lines.filter(({ s }) => s === 'post');
    const bySection = new Map<number, Partial<Record<Section, Line>>>();
    let brought = 0;
    for (const line of posts) {
      const arrived = bySection.get(line.k!) ?? {};
      bySection.set(line.k!, arrived);
      for (const section of SECTIONS) {
        if (!line[section]) continue;
        brought++;
        arrived[section] ??= line;
      }
    }
    const before = new Map<number, Set<Section>>();
    for (const { post_key, sections } of files.dedupIndex.flatMap((path) => readRows<IndexRow>(disk.read(path)))) {
      before.set(post_key, new Set([...(before.get(post_key) ?? []), ...sections]));
    }
    const waiting = new Map<number, IncompleteRow>();
    for (const row of files.incompletePosts ? readRows<IncompleteRow>(disk.read(files.incompletePosts)) : []) {
      const since = SECTIONS.filter((section) => (row.since[section] ?? '') >= horizon);
      if (since.length === 0) continue;
      waiting.set(row.post_key, {
        post_key: row.post_key,
        since: Object.fromEntries(since.map((section) => [section, row.since[section]])),
        columns: { ...EMPTY, ...Object.assign({}, ...since.map((section) => pick(section, row.columns))) },
      });
    }
    let resumed = 0;
    let accepted = 0;
    let fresh = 0;
    const rows: PostRow[] = [];
    const incomplete: IncompleteRow[] = [];
    for (const [key, arrived] of bySection) {
      const news = SECTIONS.filter((section) => arrived[section] && !before.get(key)?.has(section));
      if (news.length === 0) continue;
      const waits = waiting.get(key);
      if (waits) resumed++;
      waiting.delete(key);
      const offsets = news.map((section) => arrived[section]!.o);
      accepted += new Set(offsets).size;
      fresh += news.length;
      const columns = { ...EMPTY, ...waits?.columns };
      for (const section of news) Object.assign(columns, pick(section, arrived[section]![section]));
      const sections = SECTIONS.filter((section) => news.includes(section) || waits?.since[section]);
      rows.push({
        ...{ post_key: key, interval_start: interval, kafka_partition: partition, first_offset: Math.min(...offsets) },
        ...{ sections, new_sections: news, columns },
      });
      if (sections.length === SECTIONS.length) continue;
      const since = Object.fromEntries(
        sections.map((each) => [each, news.includes(each) ? interval : waits!.since[each]]),
      );
      incomplete.push({ post_key: key, since, columns });
    }
    rows.sort((a, b) => a.first_offset - b.first_offset);
    const index = rows
      .map(({ post_key, new_sections }): IndexRow => ({ post_key, sections: new_sections }))
      .sort((a, b) => a.post_key - b.post_key);
    disk.write(outputs.posts, encode(rows));
    disk.write(outputs.dedupIndex, encode(index));
    disk.write(outputs.incompletePosts, encode([...waiting.values(), ...incomplete]));
    const counts: CompactionCounts = {
      records: lines.length,
      rows: rows.length,
      resumed,
      duplicates: brought - fresh,
      accepted,
      repeated: posts.length - accepted,
      quarantined: lines.filter(({ s }) => s === 'bad').length,
      controlRecords: lines.filter(({ s }) => s === 'heartbeat' || s === 'canary').length,
    };
    return counts;
  };
}
