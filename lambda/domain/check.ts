/**
 * Is this a post at all? The check is about structure only: field types, required fields, one key throughout. A well-typed
 * value that the cleaning cannot interpret (`follower_count: "abc"`) passes here, so that nothing a client was promised is
 * lost, and is quarantined later, with its position and reason.
 */
import { SECTIONS, type Section } from './columns';
import { KEY_FIELD, toIndex } from './post';
import { invalid, type ValidationError } from './validation-error';

export type RawSection = Readonly<Record<string, unknown>>;

const ALLOWED = {
  index: 'an integer from 0 to 9007199254740991',
  text: 'a string or null',
  count: 'a string such as 1234, 12k, 1.5M or 1B, an integer up to 9007199254740991, or null',
  tags: 'a string with commas between tags, an array of strings, or null',
  integer: 'an integer of at most 9007199254740991 in size, or null',
  flag: '0, 1 or null',
  degrees: 'a finite number or null',
  category: 'a non-blank string',
} as const;

type Kind = keyof typeof ALLOWED;

const FIELDS: Readonly<Record<Section, readonly (readonly [string, Kind])[]>> = {
  pin: [
    ['index', 'index'],
    ['category', 'category'],
    ['unique_id', 'text'],
    ['title', 'text'],
    ['description', 'text'],
    ['poster_name', 'text'],
    ['follower_count', 'count'],
    ['tag_list', 'tags'],
    ['is_image_or_video', 'text'],
    ['image_src', 'text'],
    ['downloaded', 'flag'],
    ['save_location', 'text'],
  ],
  geo: [
    ['ind', 'index'],
    ['timestamp', 'text'],
    ['latitude', 'degrees'],
    ['longitude', 'degrees'],
    ['country', 'text'],
  ],
  user: [
    ['ind', 'index'],
    ['first_name', 'text'],
    ['last_name', 'text'],
    ['age', 'integer'],
    ['date_joined', 'text'],
  ],
};

const DIGITS = /^\d+$/;
const SIGNED_DIGITS = /^-?\d+$/;
const DECIMAL = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The number that a JSON number or a decimal string gives; undefined if it is neither. */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const trimmed = value.trim();
  return DECIMAL.test(trimmed) ? Number(trimmed) : undefined;
}

function isWhole(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (typeof value !== 'string') return false;
  const trimmed = value.trim();
  return SIGNED_DIGITS.test(trimmed) && Number.isSafeInteger(Number(trimmed));
}

function fits(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'index':
      return toIndex(value) !== undefined;
    case 'category':
      return typeof value === 'string' && value.trim() !== '';
    case 'count':
      // Text is left to the cleaning, but digits beyond 2^53 - 1 are a number we cannot hold, not a word to interpret.
      if (typeof value === 'string') return !DIGITS.test(value.trim()) || Number.isSafeInteger(Number(value));
      return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
    case 'tags':
      return typeof value === 'string' || (Array.isArray(value) && value.every((tag) => typeof tag === 'string'));
    case 'integer':
      return isWhole(value);
    case 'flag':
      return typeof value === 'boolean' || isWhole(value);
    case 'degrees':
      return Number.isFinite(toNumber(value));
  }
}

/**
 * Is this value a section of a post? Unknown fields are let through: clients add their own, and the archive keeps them.
 * @returns what is wrong with it, or undefined
 */
export function checkSection(section: Section, raw: unknown): ValidationError | undefined {
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) return invalid(section, raw, 'an object');
  const object = raw as RawSection;
  for (const [field, kind] of FIELDS[section]) {
    const value = object[field];
    if (value === undefined || value === null) {
      if (kind === 'index' || kind === 'category') return invalid(`${section}.${field}`, value, ALLOWED[kind]);
    } else if (!fits(kind, value)) {
      return invalid(`${section}.${field}`, value, ALLOWED[kind]);
    }
  }
  return undefined;
}

/** Fields that only one section has, by which a flat record is recognised. `ind` is in two, so it tells nothing. */
const TELLING: ReadonlyMap<string, Section> = new Map(
  SECTIONS.flatMap((section) =>
    FIELDS[section].filter(([field]) => field !== 'ind').map(([field]) => [field, section] as const),
  ),
);

const RECORD = 'a post with pin, geo or user, or the fields of exactly one of these sections';

export interface Checked {
  readonly index: number;
  /** Set if the record is one flat section: it becomes the Kafka header that tells readers which. */
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
  const told = new Set(keys.flatMap((key) => TELLING.get(key) ?? []));
  if (told.size === 1) return checkFlat(value, [...told][0]);
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
  return { index: toIndex(raw[KEY_FIELD[section]])!, flat: section, sections: { [section]: raw } };
}

/** Checks `{"pin": …, "geo": …, "user": …}`: at least one of them, nothing else, one key throughout. */
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
    const field = KEY_FIELD[section];
    const key = toIndex((raw as RawSection)[field])!;
    if (index !== undefined && key !== index) {
      return invalid(`${section}.${field}`, key, `${index}, the key of the post's other sections`);
    }
    index = key;
    sections[section] = raw as RawSection;
  }
  if (index === undefined) return invalid('record', envelope, `a post with at least one of ${SECTIONS.join(', ')}`);
  return { index, flat: undefined, sections };
}

export function isValidationError(result: Checked | ValidationError): result is ValidationError {
  return 'allowed' in result;
}
