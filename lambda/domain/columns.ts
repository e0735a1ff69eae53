/**
 * The sections of a post and their columns: the one list from which the check and the cleaning, the archive's lines, the Parquet files,
 * the Glue table, the Spark job, the views, the load generator and the documents take them.
 *
 * Invariants:
 * - Sections are only ever appended: their order is that of the bits in stored states.
 * - The name and the type of a column never change: stored files are read by column name.
 * - Names of columns are unique across sections, and none is called `allowed`.
 */
import { geo } from './sections/geo';
import { pin } from './sections/pin';
import { type SectionColumn, type Value } from './sections/section';
import { user } from './sections/user';

/** The parts of a post, by name. They may arrive together or apart, in any order. */
export const SECTION_TABLE = { pin, geo, user };

export type Section = keyof typeof SECTION_TABLE;
export const SECTIONS = Object.keys(SECTION_TABLE) as readonly Section[];

/** A value for each section. */
export function bySection<T>(of: (section: Section) => T): Readonly<Record<Section, T>> {
  return Object.fromEntries(SECTIONS.map((section) => [section, of(section)])) as Record<Section, T>;
}

export type ColumnName = (typeof SECTION_TABLE)[Section]['columns'][number]['name'];

export interface Column extends SectionColumn {
  readonly name: ColumnName;
  readonly section: Section;
}

export const COLUMNS: readonly Column[] = SECTIONS.flatMap((section) =>
  SECTION_TABLE[section].columns.map((each) => ({ ...each, section })),
);

/** The cleaned columns of one section: every column of that section, null where the client sent nothing usable. */
export type SectionColumns = Readonly<Record<string, Value>>;

/** The sections of one post (or of one record of it), each with its columns. */
export type Sections = Readonly<Partial<Record<Section, SectionColumns>>>;

const byName = new Map<string, Column>(COLUMNS.map((each) => [each.name, each]));

export function columnOf(name: ColumnName): Column {
  return byName.get(name)!;
}

const ofSection = bySection((section) => COLUMNS.filter((each) => each.section === section));

export function columnsOf(section: Section): readonly Column[] {
  return ofSection[section];
}
