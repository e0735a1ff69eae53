/** Parses a request of the query API; a validation error names the parameter at fault. */
import { columnOf, type Column } from '../domain/columns';
import { type DimensionValue } from '../domain/merge';
import { composed } from '../domain/sections/text';
import { type ValidationError, invalid } from '../domain/validation-error';
import { type View } from '../domain/views';
import { ANSWER_KINDS, type AnswerKind, type Layer, LAYERS, PAGE_ROWS } from './api';

export interface Selection {
  /** Intervals that start in `[from, to)`, ms. @default - everything */
  readonly from?: number;
  readonly to?: number;
  /** Dimension → its required value. */
  readonly filters: Readonly<Record<string, DimensionValue>>;
  /** Only the n rows with the largest values. */
  readonly top?: number;
  /** Rows of a page. @default - as many as fit */
  readonly limit?: number;
  /** Of the page before. @default - the first page */
  readonly cursor?: string;
  readonly kind: AnswerKind;
  readonly layer: Layer;
}

const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

const INSTANT_ALLOWED = 'an instant like 2026-11-22T21:00:00Z or a day like 2026-11-22';

export function isValidationError(value: object | undefined): value is ValidationError {
  return value !== undefined && 'allowed' in value;
}

/**
 * @param kinds what `answer` may be: `/answers/{name}` has no such parameter
 */
export function parseSelection(
  query: URLSearchParams,
  view: View,
  kinds: readonly AnswerKind[] = ANSWER_KINDS,
): Selection | ValidationError {
  const selection: Mutable = {
    filters: {},
    kind: 'counts',
    layer: 'merged',
  };
  const seen = new Set<string>();
  for (const [name, text] of query) {
    if (seen.has(name)) return invalid(name, query.getAll(name).join(','), 'given once');
    seen.add(name);
    const validationError = applyParameter(name, text, selection, view, kinds);
    if (validationError) return validationError;
  }
  const { from, to } = selection;
  if (from !== undefined && to !== undefined && from >= to) {
    return invalid('to', query.get('to'), `later than from (${query.get('from')})`);
  }
  const paged = selection.kind === 'counts' && selection.top === undefined;
  for (const name of ['limit', 'cursor'] as const) {
    if (selection[name] !== undefined && !paged) {
      return invalid(name, query.get(name), 'given for counts without top only, which come in pages');
    }
  }
  return selection;
}

type Mutable = { -readonly [K in keyof Selection]: Selection[K] } & { filters: Record<string, DimensionValue> };

function applyCount(name: 'top' | 'limit', text: string, selection: Mutable): ValidationError | undefined {
  if (!/^[1-9]\d{0,4}$/.test(text) || Number(text) > PAGE_ROWS) {
    return invalid(name, text, `a whole number from 1 to ${PAGE_ROWS}`);
  }
  selection[name] = Number(text);
  return undefined;
}

function applyParameter(
  name: string,
  text: string,
  selection: Mutable,
  view: View,
  kinds: readonly AnswerKind[],
): ValidationError | undefined {
  switch (name) {
    case 'from':
    case 'to': {
      const instant = parseInstant(text);
      if (instant === undefined) return invalid(name, text, INSTANT_ALLOWED);
      selection[name] = instant;
      return undefined;
    }
    case 'top':
      return applyCount('top', text, selection);
    case 'layer':
      if (!isOneOf(LAYERS, text)) return invalid(name, text, oneOf(LAYERS));
      selection.layer = text;
      return undefined;
    case 'limit':
      if (kinds.length > 0) return applyCount('limit', text, selection);
      break;
    case 'cursor':
      if (kinds.length > 0) {
        selection.cursor = text;
        return undefined;
      }
      break;
    case 'answer':
      if (kinds.length > 0) {
        if (!isOneOf(kinds, text)) return invalid(name, text, oneOf(kinds));
        selection.kind = text;
        return undefined;
      }
  }
  const dimension = view.dimensions.find((each) => each === name);
  if (dimension === undefined) {
    const known = [
      'from',
      'to',
      'top',
      'layer',
      ...(kinds.length > 0 ? ['answer', 'limit', 'cursor'] : []),
      ...view.dimensions,
    ];
    return invalid('query parameter', name, oneOf(known));
  }
  const value = parseDimension(columnOf(dimension), text);
  if (typeof value === 'object') return invalid(name, text, value.allowed);
  selection.filters[name] = value;
  return undefined;
}

/** Instants without a zone are UTC, as in the whole project. */
function parseInstant(text: string): number | undefined {
  if (!INSTANT.test(text)) return undefined;
  const day = text.slice(0, 10);
  // Date.parse makes 2 March of 30 February.
  const start = Date.parse(day);
  if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== day) return undefined;
  const zoned = /(Z|[+-]\d{2}:\d{2})$/.test(text) || !text.includes('T') ? text : `${text}Z`;
  const instant = Date.parse(zoned);
  return Number.isNaN(instant) ? undefined : instant;
}

/** The value as rows have it. What can match no row is rejected: an empty answer would look like no data. */
function parseDimension({ type, values }: Column, text: string): DimensionValue | { readonly allowed: string } {
  switch (type) {
    case 'int':
    case 'long':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : { allowed: 'a whole number' };
    case 'timestamp': {
      const instant = parseInstant(text);
      return instant === undefined ? { allowed: INSTANT_ALLOWED } : new Date(instant).toISOString();
    }
    default:
      if (!values || values.includes(text)) return composed(text);
      return {
        allowed: `${oneOf(values)}${values.some((value) => value.includes('+')) ? ' (+ is %2B in an address)' : ''}`,
      };
  }
}

const oneOf = (values: readonly string[]) => `one of ${values.join(', ')}`;

function isOneOf<T extends string>(values: readonly T[], text: string): text is T {
  return (values as readonly string[]).includes(text);
}
