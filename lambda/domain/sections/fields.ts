/**
 * The types of the fields that clients send: as they stand in the contract, and how their structure is checked.
 * The documents of the API are generated from the exported types.
 */
/** A whole number from 0 to 2^53 - 1, or its decimal digits as a string. */
export type Index = IndexNumber | IndexDigits;
/**
 * @asType integer
 * @minimum 0
 * @maximum 9007199254740991
 */
export type IndexNumber = number;
/** @pattern ^\s*[0-9]+\s*$ */
export type IndexDigits = string;

/**
 * @asType integer
 * @minimum -9007199254740991
 * @maximum 9007199254740991
 */
export type WholeNumber = number;
/** @pattern ^\s*-?[0-9]+\s*$ */
export type WholeNumberDigits = string;
/** @pattern ^\s*-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\s*$ */
export type NumberDigits = string;

/** What the check requires of a field, by the kind of field. */
export const ALLOWED = {
  index: 'an integer from 0 to 9007199254740991',
  text: 'a string or null',
  count: 'a string such as 1234, 12k, 1.5M or 1B, an integer up to 9007199254740991, or null',
  tags: 'a string with commas between tags, an array of strings, or null',
  integer: 'an integer of at most 9007199254740991 in size, or null',
  flag: '0, 1 or null',
  degrees: 'a finite number or null',
  category: 'a non-blank string',
} as const;

export type Kind = keyof typeof ALLOWED;

/** Kinds that a section must have. */
export const isRequired = (kind: Kind) => kind === 'index' || kind === 'category';

const DIGITS = /^\d+$/;
const SIGNED_DIGITS = /^-?\d+$/;
const DECIMAL = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The post's index; undefined if `value` is not an integer from 0 to 2^53 - 1, as a number or digits. */
export function toIndex(value: unknown): number | undefined {
  const index =
    typeof value === 'number' ? value : typeof value === 'string' && DIGITS.test(value.trim()) ? Number(value) : -1;
  // Adding 0 makes -0, which is a JSON number too, a plain 0.
  return Number.isSafeInteger(index) && index >= 0 ? index + 0 : undefined;
}

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

/** Whether a value, neither null nor undefined, is of a kind. */
export const FITS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  index: (value) => toIndex(value) !== undefined,
  category: (value) => typeof value === 'string' && value.trim() !== '',
  // Text is left to the cleaning, but digits beyond 2^53 - 1 are a number that cannot be held, not a word to interpret.
  count: (value) =>
    typeof value === 'string'
      ? !DIGITS.test(value.trim()) || Number.isSafeInteger(Number(value))
      : typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER,
  tags: (value) => typeof value === 'string' || (Array.isArray(value) && value.every((tag) => typeof tag === 'string')),
  integer: isWhole,
  flag: (value) => typeof value === 'boolean' || isWhole(value),
  degrees: (value) => Number.isFinite(toNumber(value)),
};
