/**
 * The cleaning: the only place where dirty values are interpreted. The `clean` of each section (`sections/`) takes a section whose
 * structure was checked (`check.ts`) and the append time of its record. It returns the typed columns of `columns.ts`, or the value that
 * it cannot interpret. Everything downstream (archive, Parquet, Spark, both layers) works on these columns and never parses text.
 *
 * This is the hot path of three handlers: one pass over each text, no backtracking, no Date where digits stay in place.
 */
import { type Section, type SectionColumns, SECTION_TABLE } from './columns';
import { type RawSection } from './sections/section';
import { type ValidationError } from './validation-error';

/**
 * @param timestamp append time of the record, ms since the epoch
 * @param isRead the columns that the caller reads: others may be null. What is valid does not depend on it. @default - all
 */
export function cleanSection(
  section: Section,
  raw: RawSection,
  timestamp: number,
  isRead?: (column: string) => boolean,
): SectionColumns | ValidationError {
  return SECTION_TABLE[section].clean(raw, timestamp, isRead);
}
