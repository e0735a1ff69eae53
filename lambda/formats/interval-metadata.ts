/**
 * Version 1 of what the lake says about an interval, as JSON objects: seals, summaries, manifests, `_SUCCESS` of its views, and drift.
 * A seal fixes the offset ranges of an interval. A summary describes what compaction made of one partition. A manifest contains the
 * summaries of all partitions, and states that all files exist.
 *
 * Invariants:
 * - A seal is written once and never changed. It names the sealed interval before it, and in each partition its range starts where that
 *   one's ends, so no offset lies between two intervals or in two of them.
 * - A summary is written after the files that it names, and a manifest after the summaries: a reader that finds one finds all below it.
 * - Fields are only added, and absent fields have a meaning. A seal and a manifest of another interval length are never read.
 */
import { type ColumnType } from '../domain/sections/section';
import { type Range } from '../domain/ranges';
import { requireLength } from '../domain/intervals';

export interface PartitionRange extends Range {
  readonly partition: number;
}

/** `seals/interval=….json`, written once. */
export interface Seal {
  /** Name of the interval. */
  readonly interval: string;
  /** The sealed interval before this one, null for the first of all. */
  readonly previous: string | null;
  readonly topic: string;
  /** Length of the interval. */
  readonly intervalMinutes: number;
  /** Sorted by partition; a partition may be empty, but not all of them are. */
  readonly partitions: readonly PartitionRange[];
}

/** What compaction did with one partition of an interval. */
export interface PartitionSummary extends PartitionRange {
  /** Posts that brought at least one new section. Without any there is no file. */
  readonly rows: number;
  /** Size of the Parquet file, 0 if there is none. */
  readonly bytes: number;
  /** Of the Parquet file, hex; null if there is none. */
  readonly sha256: string | null;
  /** Objects of the raw log that were read. */
  readonly rawObjects: number;
  /** Sections left out because their post had brought them before. */
  readonly duplicates: number;
  /** Records that brought at least one new section. */
  readonly accepted: number;
  /** Records that are posts without one. */
  readonly repeated: number;
  readonly quarantined: number;
  readonly controlRecords: number;
  /** Hash of all that it was computed from. Absent in summaries that were written before it was. */
  readonly inputs?: string;
  /** The plan that computed it although it was there. @see planName */
  readonly plan?: string;
}

/** `manifests/interval=….json`, written last of an interval's compaction. */
export interface Manifest extends Omit<Seal, 'partitions'> {
  /** Of all partitions. */
  readonly rows: number;
  /** Columns of the files, by name. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly partitions: readonly PartitionSummary[];
}

/** `views/interval=…/_SUCCESS`, written last by the views engine. */
export interface ViewsDone {
  readonly interval: string;
  /** Posts. */
  readonly rows: number;
  /** Keys by view. */
  readonly views: Readonly<Record<string, number>>;
  /** SHA-256 of the manifest that was read, hex. Absent where the engine was older. */
  readonly manifest?: string;
  /** SHA-256 of the view list, hex. */
  readonly definition?: string;
}

/** `drift/interval=….json`: what `reconcile` found. */
export interface DriftReport {
  readonly interval: string;
  /** Nothing was compared: the speed rows are past their time to live, or not whole. */
  readonly expired: boolean;
  /** Why they are not whole: the list of views was changed since, or within the interval. */
  readonly viewsChanged?: true;
  /** Sum over the views. */
  readonly drift: number;
  readonly views: Readonly<
    Partial<Record<string, { readonly drift: number; readonly batch: number; readonly speed: number }>>
  >;
}

/** JSON as it is stored: the same for the same content, so a rerun writes the same bytes. */
export function serialize(value: Seal | Manifest | PartitionSummary | ViewsDone): string {
  return `${JSON.stringify(value)}\n`;
}

/** @throws Error naming the key if the object is not what its key says, or of intervals of another length */
export function parseStored<T extends Seal | Manifest>(
  key: string,
  text: string,
  interval: string,
  intervalMinutes: number,
): T {
  const stored = JSON.parse(text) as T;
  if (stored.interval !== interval || !Array.isArray(stored.partitions)) {
    throw new Error(`object '${key}' must describe interval ${interval}, got '${stored.interval}'`);
  }
  requireLength(`object '${key}'`, stored.intervalMinutes, intervalMinutes);
  return stored;
}
