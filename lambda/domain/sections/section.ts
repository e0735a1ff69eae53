/** What defines a section of a post. Each section is one file beside this one; `columns.ts` lists them. */
import { type DataClass } from '../data-classes';
import { type ValidationError } from '../validation-error';
import { type Kind } from './fields';

/** A section as the client sent it. */
export type RawSection = Readonly<Record<string, unknown>>;

/** `long` is a 64-bit integer held in a JS number, so the cleaning limits values to ±(2^53 − 1). */
export type ColumnType = 'string' | 'int' | 'long' | 'double' | 'timestamp' | 'string[]';

/** A cleaned value; timestamps are ISO 8601 in UTC with milliseconds (`2026-11-22T21:00:00.000Z`). */
export type Value = string | number | readonly string[] | null;

/** A column of a section: what the cleaning makes of its fields. */
export interface SectionColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly dataClass: DataClass;
  readonly description: string;
  /** Every value that it may have. @default - any value of its type */
  readonly values?: readonly string[];
}

export const column = <const Name extends string>(
  name: Name,
  type: ColumnType,
  dataClass: DataClass,
  description: string,
  values?: readonly string[],
) => ({ name, type, dataClass, description, values });

/** How a field is checked, and how personal it is. */
export type Field = readonly [kind: Kind, dataClass: DataClass];

/** Every field of the contract. */
export type FieldsOf<Contract> = Readonly<Record<keyof Contract, Field>>;

/** Fields that hold the key of a post. Clients of the exercise send either in any section; a section's own comes first. */
export type KeyField = 'index' | 'ind';

interface Definition<Columns extends readonly SectionColumn[]> {
  /** The field that holds the post's key. */
  readonly key: KeyField;
  /** In the order in which they are checked. */
  readonly fields: Readonly<Record<string, Field>>;
  readonly columns: Columns;
  /**
   * @param raw a section whose structure was checked
   * @param timestamp append time of its record, ms since the epoch
   * @param isRead whether a column is read: one that is not may be null, if no value of it is a validation error. @default - all are
   * @returns every column, null where the client sent nothing usable; or the value that cannot be interpreted
   */
  clean(
    raw: RawSection,
    timestamp: number,
    isRead?: (column: string) => boolean,
  ): Readonly<Record<Columns[number]['name'], Value>> | ValidationError;
}

export const section = <const Columns extends readonly SectionColumn[]>(definition: Definition<Columns>) => definition;
