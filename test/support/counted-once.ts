/**
 * "Counted once" told naively, record by record, as the reference for compaction: a post's section is new if it has not
 * been seen within the horizon; a row is a post that brought something new to a bucket, with all that is known of it.
 */
import { COLUMNS, columnsOf, SECTIONS, type Section, type Sections } from '../../lambda/domain/columns';

export interface LogRecord {
  readonly offset: number;
  /** Start of the bucket, ms; never falls along the log. */
  readonly bucket: number;
  /** Absent: a bad record or a tick. */
  readonly post?: { readonly key: number; readonly sections: Sections };
}

export interface ReferenceRow {
  readonly bucket: number;
  readonly post_key: number;
  readonly first_offset: number;
  readonly sections: readonly Section[];
  readonly new_sections: readonly Section[];
  readonly columns: Readonly<Record<string, unknown>>;
}

interface Known {
  /** Bucket in which the section arrived first, as long as the horizon remembers. */
  readonly seen: Map<Section, number>;
  /** Columns held while the post waits for other sections. */
  readonly held: Map<Section, { bucket: number; columns: Readonly<Record<string, unknown>> }>;
}

export function countedOnce(records: readonly LogRecord[], buckets: readonly number[], horizonMs: number) {
  const posts = new Map<number, Known>();
  const rows: ReferenceRow[] = [];
  let duplicates = 0;
  for (const bucket of buckets) {
    for (const known of posts.values()) {
      for (const [section, at] of known.seen) if (at < bucket - horizonMs) known.seen.delete(section);
      for (const [section, { bucket: at }] of known.held) if (at < bucket - horizonMs) known.held.delete(section);
    }
    const fresh = new Map<number, { first: number; sections: Set<Section> }>();
    for (const record of records.filter((each) => each.bucket === bucket)) {
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
        known.seen.set(section, bucket);
        known.held.set(section, { bucket, columns });
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
        bucket,
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
  rows.sort((a, b) => a.bucket - b.bucket || a.first_offset - b.first_offset);
  return { rows, duplicates };
}
