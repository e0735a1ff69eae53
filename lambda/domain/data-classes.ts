/**
 * How personal a field or column is. Sections state the class of each; one without a class does not compile. The JSON Schema
 * (`x-data-class`), the comments of the Glue table and `docs/security/personal-data.md` show it.
 */

/** From the least to the most sensitive. */
export const DATA_CLASSES = {
  none: 'says nothing about a single person',
  pseudonymous: 'tells posts or persons apart, or singles one out together with other fields, without naming anybody',
  personal: 'names or describes a person, or is free text, in which anything may stand',
} as const;

export type DataClass = keyof typeof DATA_CLASSES;

const ORDER = Object.keys(DATA_CLASSES) as readonly DataClass[];

/** The most sensitive of some classes; `none` if there are none. */
export function highest(classes: readonly DataClass[]): DataClass {
  return classes.reduce<DataClass>((most, each) => (ORDER.indexOf(each) > ORDER.indexOf(most) ? each : most), 'none');
}
