/**
 * "Counted once" computed naively, record by record, as the reference for compaction: a post's section is new if it has not
 * been seen within the horizon; a row is a post that brought something new to an interval, with all that is known of it.
 */
import { COLUMNS, columnsOf, SECTIONS, type Section, type Sections } from '../../lambda/domain/columns';

export interface LogRecord {
  readonly offset: number;
  /** Start of the interval, ms; never falls along the log. */
  readonly interval: number;
  /** Absent: a bad record or a heartbeat record. */
  readonly post?: { readonly key: number; readonly sections: Sections };
}

export interface ReferenceRow {
  readonly interval: number;
  readonly post_key: number;
  readonly first_offset: number;
  readonly sections: readonly Section[];
  readonly new_sections: readonly Section[];
  readonly columns: Readonly<Record<string, unknown>>;
}

interface Known {
  /** Interval in which the section arrived first, as long as the horizon remembers. */
  readonly seen: Map<Section, number>;
  /** Columns held while the post waits for other sections. */
  readonly held: Map<Section, { interval: number; columns: Readonly<Record<string, unknown>> }>;
}

export function countedOnce(records: readonly LogRecord[], intervals: readonly number[], horizonMs: number) {
  const posts = new Map<number, Known>();
  const rows: ReferenceRow[] = [];
  let duplicates = 0;
  for (const interval of intervals) {
    for (const known of posts.values()) {
      for (const [section, at] of known.seen) if (at < interval - horizonMs) known.seen.delete(section);
      for (const [section, { interval: at }] of known.held) if (at < interval - horizonMs) known.held.delete(section);
    }
    const fresh = new Map<number, { first: number; sections: Set<Section> }>();
    for (const record of records.filter((each) => each.interval === interval)) {
      if (!record.post) continue;
      const { key, sections } = record.post;
      let known = posts.get(key);
      if (!known) posts.set(key, (known = { seen: new Map(), held: new Map() }));
      for (const section of SECTIONS) {
        const columns = sections[section];
        if (!columns) continue;
        if (known.seen.has(section)) {
          duplicates++;
          continue;
        }
        known.seen.set(section, interval);
        known.held.set(section, { interval, columns });
        const row = fresh.get(key) ?? { first: record.offset, sections: new Set() };
        row.sections.add(section);
        fresh.set(key, row);
      }
    }
    for (const [key, { first, sections }] of fresh) {
      const { held } = posts.get(key)!;
      const columns: Record<string, unknown> = {};
      for (const { name } of COLUMNS) columns[name] = null;
      for (const section of SECTIONS) {
        for (const { name } of columnsOf(section)) columns[name] = held.get(section)?.columns[name] ?? null;
      }
      rows.push({
        interval,
        post_key: key,
        first_offset: first,
        sections: SECTIONS.filter((section) => held.has(section)),
        new_sections: SECTIONS.filter((section) => sections.has(section)),
        columns,
      });
      // A complete post waits for nothing more.
      if (held.size === SECTIONS.length) held.clear();
    }
  }
  rows.sort((a, b) => a.interval - b.interval || a.first_offset - b.first_offset);
  return { rows, duplicates };
}
