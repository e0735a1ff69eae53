/**
 * Ingest: parses a request into records for the topic or validation errors. Plain values in and out; `responses.ts`
 * turns the outcome into the response that each kind of client expects.
 */
import { checkRecord, type Checked } from '../domain/check';
import { cleanSection } from '../domain/clean';
import { SECTIONS, type Section } from '../domain/columns';
import { SECTION_HEADER } from '../domain/decode';
import { decodeBody, type Body, type RejectedBody } from '../runtime/http';
import { elementSpans, lineSpans, propertySpan, recordValueSpans, valueSpan } from './json-spans';
import { keyOf } from '../domain/post';
import { invalid, isValidationError, short, type ValidationError } from '../domain/validation-error';

/** Largest post in bytes: brokers accept batches of 1 MiB, and a record has headers. */
export const MAX_POST_BYTES = 1_000_000;
/**
 * Largest request in bytes. Lambda accepts an event of 6 MB, in which base64 is a third longer than the body; API Gateway itself
 * rejects what does not fit. So a larger body, up to there, gets an answer in the route's words.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MAX_REQUEST_BYTES = 4_500_000;
/** Most records of a request: as many results fit an answer, see `responses.ts`. */
export const MAX_RECORDS = 40_000;
export const MAX_DEPTH = 32;

export interface AcceptedItem {
  readonly ok: true;
  readonly key: string;
  /** The client's original text of the record. */
  readonly value: string;
  /** Set for a flat section. */
  readonly section: Section | undefined;
  readonly quarantine: ValidationError | undefined;
}

export interface RejectedItem {
  readonly ok: false;
  readonly status: 400 | 413;
  readonly validationError: ValidationError;
}

export type Item = AcceptedItem | RejectedItem;

/** The records of a request in their order, or why the body as a whole was rejected. */
export type Parsed = { readonly ok: true; readonly items: readonly Item[] } | RejectedBody;

const rejected = (validationError: ValidationError, status: 400 | 413 = 400) =>
  ({ ok: false, status, validationError }) as const;

/** A route that takes records. Without a section the fields of each record say what it is. */
export interface RecordRoute {
  readonly kind: 'native' | 'rest-proxy' | 'kinesis';
  readonly section: Section | undefined;
}

export type Route =
  | RecordRoute
  /** Not an API route: only callers that may invoke the function directly reach it. */
  | { readonly kind: 'canary' }
  | { readonly kind: 'none' };

/** The section that a topic or stream is named after: some clients have one for each (`x.geo`, `x-geo`), some one for all. */
function sectionOf(name: string): Section | undefined {
  return SECTIONS.find((section) => name.endsWith(`.${section}`) || name.endsWith(`-${section}`));
}

const ROUTE_NONE: Route = { kind: 'none' };

/** @param segments the path's decoded segments; undefined if decoding failed */
export function routeOf(method: string, segments: readonly string[] | undefined): Route {
  if (!segments) return ROUTE_NONE;
  const [first, name, last] = segments;
  if (method === 'POST' && segments.length === 1 && first === 'posts') return { kind: 'native', section: undefined };
  if (method === 'POST' && segments.length === 1) {
    // Not all of these are routes of the API: a replay invokes the function directly.
    const section = SECTIONS.find((each) => each === first);
    if (section) return { kind: 'native', section };
  }
  if (method === 'POST' && segments.length === 1 && first === 'canary') return { kind: 'canary' };
  if (method === 'POST' && segments.length === 2 && first === 'topics') {
    return { kind: 'rest-proxy', section: sectionOf(name) };
  }
  if (method === 'PUT' && segments.length === 3 && first === 'streams' && last === 'record') {
    return { kind: 'kinesis', section: sectionOf(name) };
  }
  return ROUTE_NONE;
}

/**
 * Why the cleaning will reject a value of a checked record, if it will: the record is stored anyway, and quarantined.
 */
function quarantineOf(checked: Checked): ValidationError | undefined {
  for (const section of SECTIONS) {
    const raw = checked.sections[section];
    if (!raw) continue;
    const cleaned = cleanSection(section, raw, 0);
    if (isValidationError(cleaned)) return cleaned;
  }
  return undefined;
}

/** Whether the text has too many UTF-8 bytes; counts them only if it might. */
function tooLarge(text: string): boolean {
  return text.length * 3 > MAX_POST_BYTES && Buffer.byteLength(text) > MAX_POST_BYTES;
}

function itemOf(text: string, depth: number, value: unknown, section: Section | undefined): Item {
  if (tooLarge(text)) {
    return rejected(
      { field: 'record', value: `${Buffer.byteLength(text)} bytes`, allowed: `at most ${MAX_POST_BYTES} bytes` },
      413,
    );
  }
  if (depth > MAX_DEPTH) {
    return rejected({ field: 'record', value: `depth ${depth}`, allowed: `nested at most ${MAX_DEPTH} deep` });
  }
  const checked = checkRecord(value, section);
  if (isValidationError(checked)) return rejected(checked);
  return {
    ok: true,
    key: keyOf(checked.index),
    value: text,
    section: checked.flat,
    quarantine: quarantineOf(checked),
  };
}

/** The Kafka headers of an accepted item. */
export function headersOf(item: AcceptedItem): Readonly<Record<string, string>> | undefined {
  return item.section ? { [SECTION_HEADER]: item.section } : undefined;
}

function rejectBody(body: Body): Parsed | undefined {
  if (body.bytes > MAX_REQUEST_BYTES) {
    return rejected(
      { field: 'body', value: `${body.bytes} bytes`, allowed: `at most ${MAX_REQUEST_BYTES} bytes` },
      413,
    );
  }
  if (!body.valid) return rejected({ field: 'body', value: 'other bytes', allowed: 'UTF-8' });
  if (body.text.trim() === '') return rejected({ field: 'body', value: 'nothing', allowed: 'JSON or NDJSON' });
  return undefined;
}

/** Nothing of such a request is sent: an answer about each of its records would be larger than Lambda returns. */
function rejectCount(count: number): Parsed | undefined {
  if (count <= MAX_RECORDS) return undefined;
  return rejected({ field: 'body', value: `${count} records`, allowed: `at most ${MAX_RECORDS} records` }, 413);
}

function tryParse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

const NDJSON_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonlines'];

/**
 * Whether a text that is not a single JSON value is mostly lines that look like objects: one malformed line must not
 * reject the others.
 */
function looksLikeLines(text: string, lines: readonly { readonly start: number; readonly end: number }[]): boolean {
  const objects = lines.filter(({ start, end }) => text[start] === '{' && text[end - 1] === '}').length;
  return lines.length > 1 && text.trimStart()[0] !== '[' && objects * 2 > lines.length;
}

function parseLines(
  text: string,
  lines: readonly { readonly start: number; readonly end: number }[],
  section: Section | undefined,
): Parsed {
  const many = rejectCount(lines.length);
  if (many) return many;
  const items = lines.map(({ start, end }): Item => {
    const line = text.slice(start, end);
    const parsed = tryParse(line);
    if (!parsed) return rejected(invalid('record', line, 'JSON'));
    return itemOf(line, valueSpan(line).depth, parsed.value, section);
  });
  return { ok: true, items };
}

/**
 * `POST /posts` and `POST /pin`: one post, an array of posts, or NDJSON.
 * @param contentType the header's value; NDJSON is also recognized by its lines
 */
export function parseNative(body: Body, contentType: string | undefined, section: Section | undefined): Parsed {
  const bad = rejectBody(body);
  if (bad) return bad;
  const { text } = body;
  const mediaType = contentType?.split(';', 1)[0].trim().toLowerCase();
  if (mediaType && NDJSON_TYPES.includes(mediaType)) return parseLines(text, lineSpans(text), section);
  const parsed = tryParse(text);
  if (!parsed) {
    const lines = lineSpans(text);
    if (looksLikeLines(text, lines)) return parseLines(text, lines, section);
    return rejected(invalid('body', text.trim(), 'JSON: a post, an array of posts, or NDJSON'));
  }
  if (!Array.isArray(parsed.value)) {
    const span = valueSpan(text);
    return { ok: true, items: [itemOf(text.slice(span.start, span.end), span.depth, parsed.value, section)] };
  }
  const values = parsed.value as unknown[];
  if (values.length === 0) return rejected({ field: 'body', value: 'an empty array', allowed: 'at least one post' });
  const many = rejectCount(values.length);
  if (many) return many;
  const items = elementSpans(text).map(({ start, end, depth }, i) =>
    itemOf(text.slice(start, end), depth, values[i], section),
  );
  return { ok: true, items };
}

/** `POST /topics/{topic}`: `{"records":[{"value":{…}}]}`. */
export function parseRestProxy(body: Body, section: Section | undefined): Parsed {
  const bad = rejectBody(body);
  if (bad) return bad;
  const parsed = tryParse(body.text);
  if (!parsed) return rejected(invalid('body', body.text.trim(), 'JSON: {"records":[{"value":{…}}]}'));
  const records = (parsed.value as { records?: unknown } | null)?.records;
  if (!Array.isArray(records) || records.length === 0) {
    const value = Array.isArray(records) ? 'an empty array' : short(records);
    return rejected({ field: 'records', value, allowed: 'an array of at least one {"value":{…}}' });
  }
  const many = rejectCount(records.length);
  if (many) return many;
  const items = recordValueSpans(body.text).map((span, i): Item => {
    if (!span) return rejected(invalid(`records[${i}].value`, undefined, 'an object'));
    const { value } = records[i] as { value: unknown };
    return itemOf(body.text.slice(span.start, span.end), span.depth, value, section);
  });
  return { ok: true, items };
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
const DATA_ALLOWED = 'a JSON object, JSON in a string, or base64 of JSON';

/** `PUT /streams/{stream}/record`: `{"StreamName", "Data", "PartitionKey"}`. */
export function parseKinesis(body: Body, section: Section | undefined): Parsed {
  const bad = rejectBody(body);
  if (bad) return bad;
  const parsed = tryParse(body.text);
  if (!parsed || parsed.value === null || typeof parsed.value !== 'object' || Array.isArray(parsed.value)) {
    return rejected(invalid('body', body.text.trim(), 'JSON: {"StreamName","Data","PartitionKey"}'));
  }
  const data = (parsed.value as { Data?: unknown }).Data;
  if (typeof data === 'string') return parseData(data, section);
  if (data === undefined || data === null) return rejected(invalid('Data', data, DATA_ALLOWED));
  const { start, end, depth } = propertySpan(body.text, 'Data')!;
  return { ok: true, items: [itemOf(body.text.slice(start, end), depth, data, section)] };
}

function parseData(data: string, section: Section | undefined): Parsed {
  let text = data.trim();
  if (!text.startsWith('{')) {
    const body = BASE64.test(text) ? decodeBody(Buffer.from(text, 'base64')) : undefined;
    if (!body?.valid) return rejected(invalid('Data', data, DATA_ALLOWED));
    text = body.text.trim();
  }
  const parsed = tryParse(text);
  if (!parsed) return rejected(invalid('Data', data, DATA_ALLOWED));
  return { ok: true, items: [itemOf(text, valueSpan(text).depth, parsed.value, section)] };
}
