/**
 * Why a value was not accepted: which field, what it held and what is allowed there. The same three texts reach the client of
 * the ingest API, the quarantine object and the logs.
 */
export interface ValidationError {
  /** Path of the field inside the record, `pin.category`; `body` or `record` where there is no field to name. */
  readonly field: string;
  /** The value found, as short JSON. */
  readonly value: string;
  /** What the field may hold, in words. */
  readonly allowed: string;
}

/** No other outcome of a check or of the cleaning has a member, or a column, called `allowed`. */
export function isValidationError(outcome: object): outcome is ValidationError {
  return 'allowed' in outcome;
}

/** `a, b or c` */
export function anyOf(names: readonly string[]): string {
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}` : names.join();
}

const SHOWN_CHARACTERS = 60;

/** Short JSON of any value. Containers are only named: printing a deep one could overflow the stack. */
export function short(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') {
    return JSON.stringify(value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value);
  }
  if (value !== null && typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

export function invalid(field: string, value: unknown, allowed: string): ValidationError {
  return { field, value: short(value), allowed };
}

/** One sentence: `pin.category must be a non-blank string, got 5`. */
export function sentence(validationError: ValidationError): string {
  return `${validationError.field} must be ${validationError.allowed}, got ${validationError.value}`;
}
