/**
 * Is this a post at all? The check is about structure only: field types, required fields, one key throughout. A well-typed
 * value that the cleaning cannot interpret (`follower_count: "abc"`) passes here, so that nothing a client was promised is
 * lost, and is quarantined later, with its position and reason.
 */
import { bySection, type Section, SECTION_TABLE, SECTIONS } from './columns';
import { KEY_FIELD, keyIn } from './post';
import { ALLOWED, FITS, isRequired, toIndex } from './sections/fields';
import { type RawSection } from './sections/section';
import { anyOf, invalid, type ValidationError } from './validation-error';

/** The key has two names, and is checked once. */
const FIELDS = bySection((section) =>
  Object.entries(SECTION_TABLE[section].fields)
    .map(([name, [kind]]) => ({ name, kind, fits: FITS[kind] }))
    .filter(({ name, kind }) => kind !== 'index' || name === KEY_FIELD[section]),
);

/** By field, the section of a flat record that has it. Fields of more than one section, such as the key's, identify none. */
const SECTION_BY_FIELD: ReadonlyMap<string, Section> = new Map(
  [
    ...Map.groupBy(
      SECTIONS.flatMap((section) => Object.keys(SECTION_TABLE[section].fields).map((field) => ({ field, section }))),
      ({ field }) => field,
    ),
  ]
    .filter(([, owners]) => owners.length === 1)
    .map(([field, [{ section }]]) => [field, section]),
);

/** The sections whose fields a record has. */
const sectionsNamedBy = (fields: readonly string[]): ReadonlySet<Section> =>
  new Set(fields.flatMap((field) => SECTION_BY_FIELD.get(field) ?? []));

/**
 * The key of a section, from the other sections' field where its own is absent: unless all that the record says is that it is another
 * section, sent to the wrong route.
 */
function keyToCheck(section: Section, raw: RawSection): unknown {
  const own = raw[KEY_FIELD[section]];
  if (own !== undefined && own !== null) return own;
  const named = sectionsNamedBy(Object.keys(raw));
  return named.size === 0 || named.has(section) ? keyIn(section, raw) : own;
}

/**
 * Is this value a section of a post? Unknown fields are let through: clients add their own, and the archive stores them.
 * @returns what is wrong with it, or undefined
 */
export function checkSection(section: Section, raw: unknown): ValidationError | undefined {
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) return invalid(section, raw, 'an object');
  const object = raw as RawSection;
  for (const { name, kind, fits } of FIELDS[section]) {
    const value = kind === 'index' ? keyToCheck(section, object) : object[name];
    if (value === undefined || value === null ? isRequired(kind) : !fits(value)) {
      return invalid(`${section}.${name}`, value, ALLOWED[kind]);
    }
  }
  return undefined;
}

const RECORD = `a post with ${anyOf(SECTIONS)}, or the fields of exactly one of these sections`;

export interface Checked {
  readonly index: number;
  /** Set if the record is one flat section: its name becomes the Kafka header. */
  readonly flat: Section | undefined;
  readonly sections: Readonly<Partial<Record<Section, RawSection>>>;
}

/**
 * Checks one record: an envelope of sections, or one flat section.
 * @param value the parsed record
 * @param section the section it must be, where the route says so
 */
export function checkRecord(value: unknown, section?: Section): Checked | ValidationError {
  if (section) return checkFlat(value, section);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return invalid('record', value, RECORD);
  const keys = Object.keys(value);
  if (keys.some((key) => (SECTIONS as readonly string[]).includes(key))) {
    return checkEnvelope(value as RawSection);
  }
  const named = sectionsNamedBy(keys);
  if (named.size === 1) return checkFlat(value, [...named][0]);
  return { field: 'record', value: `fields ${short(keys)}`, allowed: RECORD };
}

function short(keys: readonly string[]): string {
  const shown = keys.slice(0, 8).map((key) => (key.length > 30 ? `${key.slice(0, 30)}…` : key));
  return keys.length === 0 ? 'none' : shown.join(', ') + (keys.length > shown.length ? ', …' : '');
}

function checkFlat(value: unknown, section: Section): Checked | ValidationError {
  const validationError = checkSection(section, value);
  if (validationError) return validationError;
  const raw = value as RawSection;
  return { index: toIndex(keyIn(section, raw))!, flat: section, sections: { [section]: raw } };
}

/** Checks `{"pin": …, "user": …}`: at least one section, nothing else, one key throughout. */
export function checkEnvelope(envelope: RawSection): Checked | ValidationError {
  const sections: Partial<Record<Section, RawSection>> = {};
  let index: number | undefined;
  for (const name of Object.keys(envelope)) {
    if (!(SECTIONS as readonly string[]).includes(name)) {
      return invalid('section', name, `one of ${SECTIONS.join(', ')}`);
    }
  }
  for (const section of SECTIONS) {
    const raw = envelope[section];
    if (raw === undefined || raw === null) continue;
    const validationError = checkSection(section, raw);
    if (validationError) return validationError;
    const key = toIndex(keyIn(section, raw as RawSection))!;
    if (index !== undefined && key !== index) {
      return invalid(`${section}.${KEY_FIELD[section]}`, key, `${index}, the key of the post's other sections`);
    }
    index = key;
    sections[section] = raw as RawSection;
  }
  if (index === undefined) return invalid('record', envelope, `a post with at least one of ${SECTIONS.join(', ')}`);
  return { index, flat: undefined, sections };
}
