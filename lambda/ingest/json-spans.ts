/**
 * Finds the parts of a JSON text, so that a client's record reaches Kafka exactly as the client wrote it: cut out, not
 * serialized again (which would turn 1.0 into 1, escape differently, and cost time). JSON.parse must have accepted the
 * text before; on other text these functions stop at its end and return useless spans.
 */

export interface Span {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** Depth of nesting: 0 for a number, 1 for `[1]`. */
  readonly depth: number;
}

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const COLON = 58;

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

function skipSpace(text: string, at: number): number {
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** @param at the opening quote. @returns the index after the closing one */
function skipString(text: string, at: number): number {
  for (;;) {
    const quote = text.indexOf('"', at + 1);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote;
  }
}

/** The value that starts at `at`. */
function valueAt(text: string, at: number): Span {
  const first = text.charCodeAt(at);
  if (first === QUOTE) return { start: at, end: skipString(text, at), depth: 0 };
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
    let end = at;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || isSpace(code)) break;
    }
    return { start: at, end, depth: 0 };
  }
  let open = 0;
  let depth = 0;
  for (let i = at; i < text.length;) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = skipString(text, i);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++open > depth) depth = open;
        i++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        i++;
        if (--open === 0) return { start: at, end: i, depth };
        break;
      default:
        i++;
    }
  }
  return { start: at, end: text.length, depth };
}

/** The value of a whole text, without surrounding whitespace. */
export function valueSpan(text: string): Span {
  return valueAt(text, skipSpace(text, 0));
}

/** The elements of the array that opens at `array`. */
export function elementSpans(text: string, array: number = skipSpace(text, 0)): Span[] {
  const spans: Span[] = [];
  let at = skipSpace(text, array + 1);
  while (at < text.length && text.charCodeAt(at) !== CLOSE_BRACKET) {
    const span = valueAt(text, at);
    if (span.end === at) break;
    spans.push(span);
    at = skipSpace(text, span.end);
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1);
  }
  return spans;
}

/** The value of property `name` of the object that opens at `object`; of duplicates the last, as in JSON.parse. */
export function propertySpan(text: string, name: string, object: number = skipSpace(text, 0)): Span | undefined {
  let found: Span | undefined;
  let at = skipSpace(text, object + 1);
  while (at < text.length && text.charCodeAt(at) === QUOTE) {
    const end = skipString(text, at);
    const written = text.slice(at + 1, end - 1);
    const key = written.includes('\\') ? (JSON.parse(text.slice(at, end)) as string) : written;
    at = skipSpace(text, end);
    if (text.charCodeAt(at) === COLON) at = skipSpace(text, at + 1);
    const span = valueAt(text, at);
    if (key === name) found = span;
    at = skipSpace(text, span.end);
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1);
  }
  return found;
}

/** `value` of each element of `records` in a REST proxy body; undefined if the element is not an object or lacks it. */
export function recordValueSpans(text: string): (Span | undefined)[] {
  const records = propertySpan(text, 'records');
  if (!records || text.charCodeAt(records.start) !== OPEN_BRACKET) return [];
  return elementSpans(text, records.start).map((element) =>
    text.charCodeAt(element.start) === OPEN_BRACE ? propertySpan(text, 'value', element.start) : undefined,
  );
}

/** The non-blank lines of NDJSON, without surrounding whitespace. */
export function lineSpans(text: string): { readonly start: number; readonly end: number }[] {
  const spans: { start: number; end: number }[] = [];
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const stop = newline < 0 ? text.length : newline;
    let end = stop;
    while (end > at && isSpace(text.charCodeAt(end - 1))) end--;
    const start = skipSpace(text, at);
    if (start < end) spans.push({ start, end });
    at = stop + 1;
  }
  return spans;
}
