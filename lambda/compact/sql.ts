/**
 * The compaction of one interval and partition as DuckDB SQL. The first pass turns the raw log into a Parquet file with
 * one row per record. A narrow table of keys and offsets then decides which record was first for each section. Usually
 * every record was, and that file is already the result. Otherwise a second pass assembles the posts. Memory is bounded
 * by the keys of this interval: the dedup index is streamed past them, and everything wide can spill.
 *
 * Invariants: the first record of a section counts, by offset, within the identity horizon; a post has one row in each interval in which
 * it brought a section, with all columns known by then; equal inputs give files with equal rows in equal order.
 */
import { COLUMNS, columnsOf, SECTIONS, type Section } from '../domain/columns';
import { type Covered, type Range } from '../domain/ranges';
import {
  DEDUP_INDEX_COLUMNS,
  DUCKDB_TYPES,
  INCOMPLETE_POSTS_COLUMNS,
  since,
  type StoredColumn,
} from '../formats/post-files';

/** A raw object on the local disk. */
export interface RawFile {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

export interface Files {
  readonly sources: readonly Covered<RawFile>[];
  /** Dedup index files of the earlier intervals within the horizon. */
  readonly dedupIndex: readonly string[];
  /** Incomplete-posts file of the previous interval; none for the very first interval. */
  readonly incompletePosts: string | undefined;
}

export interface Outputs {
  /** The records as rows, an intermediate file; it becomes `posts` if nothing must be left out or assembled. */
  readonly records: string;
  readonly posts: string;
  readonly dedupIndex: string;
  readonly incompletePosts: string;
}

export interface IntervalOf {
  /** Name of the interval. */
  readonly interval: string;
  readonly partition: number;
  /** Name of the oldest interval within the identity horizon. */
  readonly horizon: string;
}

export const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
const list = (values: readonly string[]) => `[${values.map(text).join(', ')}]`;
export const id = (name: string) => `"${name}"`;

/** Name of a section's offset column: where the section first arrived in this interval. */
const at = (section: Section) => `${section}_at`;

const PARQUET = '(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 65536)';

function structOf(section: Section): string {
  return `STRUCT(${columnsOf(section)
    .map(({ name, type }) => `${id(name)} ${DUCKDB_TYPES[type]}`)
    .join(', ')})`;
}

/** DuckDB reads only these fields of a line and skips the client's own text. */
const LINE = [
  "o: 'BIGINT'",
  "s: 'VARCHAR'",
  "k: 'BIGINT'",
  ...SECTIONS.map((section) => `${id(section)}: ${text(structOf(section))}`),
].join(', ');

/**
 * The list of the sections that fulfil their condition, as a choice among constant lists: filtering a list for every
 * row took a quarter of the CPU time of a whole compaction.
 */
function sectionList(conditions: (section: Section) => string, chosen: readonly Section[] = [], at = 0): string {
  if (at === SECTIONS.length) return `${list(chosen)}::VARCHAR[]`;
  const section = SECTIONS[at];
  const withIt = sectionList(conditions, [...chosen, section], at + 1);
  return `CASE WHEN ${conditions(section)} THEN ${withIt} ELSE ${sectionList(conditions, chosen, at + 1)} END`;
}

const PRESENT = `CASE WHEN s = 'post' THEN ${sectionList((section) => `${id(section)} IS NOT NULL`)} ELSE [s] END`;

/** A record as a row of `posts/`. A record that is not a post has no key, and its kind in place of the sections. */
function asRows(where: IntervalOf): string {
  return `SELECT k AS post_key, ${text(where.interval)} AS interval_start, ${where.partition}::INTEGER AS kafka_partition, o AS first_offset,
    ${PRESENT} AS sections, ${PRESENT} AS new_sections,
    ${COLUMNS.map(({ section, name }) => `${id(section)}.${id(name)} AS ${id(name)}`).join(', ')}`;
}

function readLines(where: IntervalOf, paths: readonly string[]): string {
  return `${asRows(where)} FROM read_json(${list(paths)}, format = 'newline_delimited', compression = 'zstd',
    columns = {${LINE}})`;
}

/** Reads whole objects together and each partial object separately, in offset order. */
function readSources(where: IntervalOf, sources: readonly Covered<RawFile>[]): string {
  const reads: string[] = [];
  let whole: string[] = [];
  const flush = () => {
    if (whole.length > 0) reads.push(readLines(where, whole));
    whole = [];
  };
  for (const { item, from, to } of sources) {
    if (item.from === from && item.to === to) {
      whole.push(item.path);
    } else {
      flush();
      reads.push(`${readLines(where, [item.path])} WHERE o >= ${from} AND o < ${to}`);
    }
  }
  flush();
  if (reads.length > 0) return reads.join(' UNION ALL ');
  const fields = ['NULL::BIGINT AS o', 'NULL::VARCHAR AS s', 'NULL::BIGINT AS k'];
  const sections = SECTIONS.map((section) => `NULL::${structOf(section)} AS ${id(section)}`);
  return `${asRows(where)} FROM (SELECT ${[...fields, ...sections].join(', ')}) WHERE false`;
}

/** Whether the record of a row brought the section. */
const brought = (section: Section, row = '') => `list_contains(${row}sections, ${text(section)})`;

const KEYS = `CREATE TABLE arrived AS SELECT post_key AS k, ${SECTIONS.map(
  (section) => `min(first_offset) FILTER (${brought(section)}) AS ${at(section)}`,
).join(', ')} FROM records WHERE post_key IS NOT NULL GROUP BY post_key`;

/** The rows of files that other versions of the code may have written: a column that a file does not have is null. */
export function readStored(columns: readonly StoredColumn[], files: readonly string[]): string {
  const none = `SELECT ${columns.map(({ name, type }) => `NULL::${type} AS ${id(name)}`).join(', ')} WHERE false`;
  return files.length > 0
    ? `(${none} UNION ALL BY NAME FROM read_parquet(${list(files)}, union_by_name = true))`
    : `(${none})`;
}

function indexedBefore(files: readonly string[]): string {
  const flags = SECTIONS.map((section) => `bool_or(${id(section)}) AS ${id(section)}`).join(', ');
  return `SELECT post_key AS k, ${flags} FROM ${readStored(DEDUP_INDEX_COLUMNS, files)}
    WHERE post_key IN (SELECT k FROM arrived) GROUP BY post_key`;
}

/** For each post that brought something new: the offset at which each new section arrived; null for other sections. */
function fresh(files: readonly string[]): string {
  const offsets = SECTIONS.map(
    (section) => `CASE WHEN before.${id(section)} THEN NULL ELSE ${at(section)} END AS ${at(section)}`,
  ).join(', ');
  const any = SECTIONS.map(at).join(', ');
  return `CREATE TABLE fresh AS SELECT *, least(${any}) AS first_offset FROM (
    SELECT arrived.k, ${offsets} FROM arrived LEFT JOIN (${indexedBefore(files)}) AS before ON before.k = arrived.k
  ) WHERE coalesce(${any}) IS NOT NULL`;
}

/**
 * Incomplete posts of earlier intervals, without sections older than the horizon and without posts that have none left.
 */
function waiting(files: Files, horizon: string): string {
  const columns = SECTIONS.flatMap((section) => [
    `CASE WHEN ${since(section)} >= ${text(horizon)} THEN ${since(section)} END AS ${since(section)}`,
    ...columnsOf(section).map(
      ({ name }) => `CASE WHEN ${since(section)} >= ${text(horizon)} THEN ${id(name)} END AS ${id(name)}`,
    ),
  ]);
  const file = files.incompletePosts === undefined ? [] : [files.incompletePosts];
  return `CREATE VIEW waiting AS FROM (
    SELECT post_key, ${columns.join(', ')} FROM ${readStored(INCOMPLETE_POSTS_COLUMNS, file)}
  ) WHERE coalesce(${SECTIONS.map(since).join(', ')}) IS NOT NULL`;
}

const HEAD = (where: IntervalOf) =>
  `fresh.k AS post_key, ${text(where.interval)} AS interval_start, ${where.partition}::INTEGER AS kafka_partition, fresh.first_offset`;

const isNew = (section: Section) => `fresh.${at(section)} IS NOT NULL`;

const wide = (value: (section: Section, name: string) => string) =>
  COLUMNS.map(({ section, name }) => `${value(section, name)} AS ${id(name)}`).join(', ');

/** Posts whose new sections arrived in more than one record, or that were incomplete: narrow, keys and offsets only. */
const SCATTERED = `CREATE TABLE scattered AS SELECT * FROM fresh WHERE NOT (${SECTIONS.map(
  (section) => `coalesce(${at(section)}, first_offset) = first_offset`,
).join(' AND ')}) OR k IN (SELECT k FROM resumed)`;

/** Most posts bring all their new sections in one record and were not incomplete: they are copied from the records. */
function picked(where: IntervalOf, chunk: string): string {
  return `SELECT ${HEAD(where)}, ${sectionList(isNew)} AS sections, ${sectionList(isNew)} AS new_sections,
      ${wide((section, name) => `CASE WHEN ${isNew(section)} THEN records.${id(name)} END`)}
    FROM (FROM records WHERE ${chunk}) AS records
    JOIN (FROM fresh WHERE ${chunk} AND k NOT IN (SELECT k FROM scattered)) AS fresh
      ON fresh.first_offset = records.first_offset`;
}

/** The others are assembled from up to three records and the incomplete posts. */
function composed(where: IntervalOf, chunk: string): string {
  const joins = SECTIONS.map(
    (section) => `LEFT JOIN (
        SELECT records.first_offset, ${columnsOf(section)
          .map(({ name }) => `records.${id(name)}`)
          .join(
            ', ',
          )} FROM records JOIN (FROM scattered WHERE ${chunk}) AS wanted ON wanted.${at(section)} = records.first_offset
      ) AS by_${section} ON by_${section}.first_offset = fresh.${at(section)}`,
  ).join(' ');
  return `SELECT ${HEAD(where)},
      ${sectionList((section) => `${isNew(section)} OR waits.${since(section)} IS NOT NULL`)} AS sections,
      ${sectionList(isNew)} AS new_sections,
      ${wide((section, name) => `CASE WHEN ${isNew(section)} THEN by_${section}.${id(name)} ELSE waits.${id(name)} END`)}
    FROM (FROM scattered WHERE ${chunk}) AS fresh ${joins} LEFT JOIN resumed AS waits ON waits.k = fresh.k`;
}

/** Posts that still lack a section, with the interval in which each section arrived; the oldest posts first. */
function incompletePosts(where: IntervalOf, outputs: Outputs): string {
  const stillNew = SECTIONS.flatMap((section) => [
    `CASE WHEN list_contains(rows.new_sections, ${text(section)}) THEN ${text(where.interval)} ELSE waits.${since(section)} END
      AS ${since(section)}`,
    ...columnsOf(section).map(({ name }) => `rows.${id(name)}`),
  ]);
  const asBefore = SECTIONS.flatMap((section) => [since(section), ...columnsOf(section).map(({ name }) => id(name))]);
  return `
    SELECT post_key, ${asBefore.join(', ')} FROM waiting WHERE post_key NOT IN (SELECT k FROM fresh)
    UNION ALL
    SELECT rows.post_key, ${stillNew.join(', ')} FROM read_parquet(${text(outputs.posts)}) AS rows
    LEFT JOIN resumed AS waits ON waits.k = rows.post_key WHERE len(rows.sections) < ${SECTIONS.length}`;
}

/** The first pass: turns records into rows and determines which sections are new. */
export function readingSql(where: IntervalOf, files: Files, outputs: Outputs): readonly string[] {
  return [
    `COPY (${readSources(where, files.sources)}) TO ${text(outputs.records)} ${PARQUET}`,
    `CREATE VIEW records AS FROM read_parquet(${text(outputs.records)})`,
    KEYS,
    fresh(files.dedupIndex),
    waiting(files, where.horizon),
    `CREATE TABLE resumed AS SELECT post_key AS k, * EXCLUDE (post_key) FROM waiting WHERE post_key IN (SELECT k FROM fresh)`,
  ];
}

/** How many offsets are assembled and sorted at a time: wide sorts are what needs memory. */
const CHUNK = 50_000;

/** The second pass, needed unless {@link isDone}. */
export function postsSql(where: IntervalOf & Range, outputs: Outputs): readonly string[] {
  const statements = [SCATTERED];
  const chunks: string[] = [];
  for (let from = where.from; from < where.to; from += CHUNK) {
    const chunk = `first_offset >= ${from} AND first_offset < ${from + CHUNK}`;
    const file = `${outputs.posts}-${chunks.length}`;
    statements.push(
      `COPY (${picked(where, chunk)} UNION ALL ${composed(where, chunk)} ORDER BY first_offset) TO ${text(file)} ${PARQUET}`,
    );
    chunks.push(file);
  }
  return [...statements, `COPY (FROM read_parquet(${list(chunks)})) TO ${text(outputs.posts)} ${PARQUET}`];
}

/** Writes what later intervals must know; needs `posts`. */
export function handOverSql(where: IntervalOf, outputs: Outputs): readonly string[] {
  const flags = SECTIONS.map((section) => `${at(section)} IS NOT NULL AS ${id(section)}`).join(', ');
  return [
    `COPY (SELECT k AS post_key, ${flags} FROM fresh ORDER BY k) TO ${text(outputs.dedupIndex)} ${PARQUET}`,
    `COPY (${incompletePosts(where, outputs)}) TO ${text(outputs.incompletePosts)} ${PARQUET}`,
  ];
}

const total = (value: (section: Section) => string) =>
  SECTIONS.map((section) => `count(${value(section)})`).join(' + ');

/** Returns one row; runs after the first pass. */
export const COUNTS_SQL = `SELECT
  count(*) AS records, min(first_offset) AS first, max(first_offset) AS last,
  (SELECT count(*) FROM fresh) AS rows,
  (SELECT count(*) FROM resumed) AS resumed,
  coalesce(sum(len(sections)) FILTER (post_key IS NOT NULL), 0) - (SELECT ${total(at)} FROM fresh) AS duplicates,
  (SELECT coalesce(sum(len(list_distinct([${SECTIONS.map(at).join(', ')}]))), 0) FROM fresh) AS accepted,
  count(post_key) AS posts,
  count(*) FILTER (post_key IS NULL AND sections[1] = 'bad') AS quarantined,
  count(*) FILTER (post_key IS NULL AND sections[1] IN ('heartbeat', 'canary')) AS controlRecords
  FROM records`;

export interface CompactionCounts {
  readonly records: number;
  /** Posts that brought something new. */
  readonly rows: number;
  /** Of these, posts that had been incomplete. */
  readonly resumed: number;
  /** Sections left out as duplicates. */
  readonly duplicates: number;
  /** Records that brought at least one new section. */
  readonly accepted: number;
  /** Records that are posts but brought no new section. */
  readonly repeated: number;
  readonly quarantined: number;
  readonly controlRecords: number;
}

/**
 * Whether each record is a separate post, entirely new and not incomplete before: the rows of the records are the
 * posts.
 */
export function isDone({ records, rows, resumed, duplicates }: CompactionCounts): boolean {
  return rows === records && duplicates === 0 && resumed === 0;
}
