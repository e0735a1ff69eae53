/** Parses a request of the query API; a validation error names the parameter at fault. */
import { columnOf, type Column } from '../domain/columns';
import { type DimensionValue } from '../domain/merge';
import { type ValidationError, invalid } from '../domain/validation-error';
import { type View } from '../domain/views';
import { ANSWER_KINDS, type AnswerKind, type Layer, LAYERS } from './api';

export interface Selection {
  /** Intervals that start in `[from, to)`, ms. @default - everything */
  readonly from?: number;
  readonly to?: number;
  /** Dimension → its required value. */
  readonly filters: Readonly<Record<string, DimensionValue>>;
  /** Only the n rows with the largest values. */
  readonly top?: number;
  readonly kind: AnswerKind;
  readonly layer: Layer;
}

const MOST_ROWS = 10_000;
const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

export function isValidationError(value: Selection | ValidationError): value is ValidationError {
  return 'allowed' in value;
}

/**
 * @param kinds what `answer` may be: `/answers/{name}` has no such parameter
 */
export function parseSelection(
  query: URLSearchParams,
  view: View,
  kinds: readonly AnswerKind[] = ANSWER_KINDS,
): Selection | ValidationError {
  const selection: { -readonly [K in keyof Selection]: Selection[K] } & { filters: Record<string, DimensionValue> } = {
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
  return selection;
}

function applyParameter(
  name: string,
  text: string,
  selection: { -readonly [K in keyof Selection]: Selection[K] } & { filters: Record<string, DimensionValue> },
  view: View,
  kinds: readonly AnswerKind[],
): ValidationError | undefined {
  switch (name) {
    case 'from':
    case 'to': {
      const instant = parseInstant(text);
      if (instant === undefined)
        return invalid(name, text, 'an instant like 2026-11-22T21:00:00Z or a day like 2026-11-22');
      selection[name] = instant;
      return undefined;
    }
    case 'top':
      if (!/^[1-9]\d{0,4}$/.test(text) || Number(text) > MOST_ROWS) {
        return invalid(name, text, `a whole number from 1 to ${MOST_ROWS}`);
      }
      selection.top = Number(text);
      return undefined;
    case 'layer':
      if (!isOneOf(LAYERS, text)) return invalid(name, text, oneOf(LAYERS));
      selection.layer = text;
      return undefined;
    case 'answer':
      if (kinds.length > 0) {
        if (!isOneOf(kinds, text)) return invalid(name, text, oneOf(kinds));
        selection.kind = text;
        return undefined;
      }
  }
  const dimension = view.dimensions.find((each) => each === name);
  if (dimension === undefined) {
    const known = ['from', 'to', 'top', 'layer', ...(kinds.length > 0 ? ['answer'] : []), ...view.dimensions];
    return invalid('query parameter', name, oneOf(known));
  }
  const value = parseDimension(columnOf(dimension), text);
  if (value === undefined) return invalid(name, text, 'a whole number');
  selection.filters[name] = value;
  return undefined;
}

/** Instants without a zone are UTC, as in the whole project. */
function parseInstant(text: string): number | undefined {
  if (!INSTANT.test(text)) return undefined;
  const zoned = /(Z|[+-]\d{2}:\d{2})$/.test(text) || !text.includes('T') ? text : `${text}Z`;
  const instant = Date.parse(zoned);
  return Number.isNaN(instant) ? undefined : instant;
}

function parseDimension(column: Column, text: string): DimensionValue | undefined {
  if (column.type !== 'int' && column.type !== 'long') return text;
  return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}

const oneOf = (values: readonly string[]) => `one of ${values.join(', ')}`;

function isOneOf<T extends string>(values: readonly T[], text: string): text is T {
  return (values as readonly string[]).includes(text);
}
