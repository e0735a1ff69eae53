/** HTTP as API Gateway passes it to a function (HTTP API, payload format 2.0), and the responses. */
import { isUtf8 } from 'node:buffer';
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { type ValidationError } from '../domain/validation-error';

/**
 * The parts of the event that the handlers use.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export interface HttpEvent {
  readonly rawPath: string;
  readonly rawQueryString?: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: {
    readonly stage?: string;
    readonly http: { readonly method: string };
  };
}

export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether `body` is base64: JSON can carry binary bodies only as base64. */
  readonly isBase64Encoded?: boolean;
}

export function json(statusCode: number, value: unknown, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { statusCode, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** The decoded segments of the path, without the stage name and empty segments; undefined if one is badly encoded. */
export function pathSegments(event: HttpEvent): readonly string[] | undefined {
  const segments = event.rawPath.split('/').filter((segment) => segment !== '');
  const { stage } = event.requestContext;
  if (stage && stage !== '$default' && segments[0] === stage) segments.shift();
  try {
    return segments.map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

export interface Body {
  readonly text: string;
  readonly bytes: number;
  /** False if the client's bytes are not UTF-8: `text` then contains replacement characters. */
  readonly valid: boolean;
}

const BYTE_ORDER_MARK = '\ufeff';

function withoutMark(text: string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

/** Decodes bytes as UTF-8 text. */
export function decodeBody(bytes: Buffer): Body {
  return { text: withoutMark(bytes.toString('utf8')), bytes: bytes.length, valid: isUtf8(bytes) };
}

/** Why the body as a whole is rejected, with the status that says so. */
export interface RejectedBody {
  readonly ok: false;
  readonly status: 400 | 413 | 415;
  readonly validationError: ValidationError;
}

const rejectedBody = (status: RejectedBody['status'], field: string, value: string, allowed: string): RejectedBody => ({
  ok: false,
  status,
  validationError: { field, value, allowed },
});

const INFLATE = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync, zstd: zstdDecompressSync };

const isCoding = (coding: string): coding is keyof typeof INFLATE => Object.hasOwn(INFLATE, coding);

/** The values of `Content-Encoding` that a body may have. */
export const CODINGS = ['identity', ...Object.keys(INFLATE)];

/** Types of which API Gateway passes on the bytes, in base64; of JSON it makes text, in which compressed bytes are lost. */
export const BINARY_TYPES = 'application/x-ndjson or application/vnd.kafka.json.v2+json';

/**
 * The body as text. API Gateway encodes bodies that it does not regard as text in base64.
 * @param limit most bytes that a compressed body may hold
 */
export function bodyOf(event: HttpEvent, limit: number): Body | RejectedBody {
  const raw = event.body ?? '';
  const coding = event.headers?.['content-encoding']?.trim().toLowerCase() || 'identity';
  const bytes = event.isBase64Encoded ? Buffer.from(raw, 'base64') : undefined;
  if (raw === '' || coding === 'identity') {
    return bytes
      ? decodeBody(bytes)
      : { text: withoutMark(raw), bytes: Buffer.byteLength(raw), valid: raw.isWellFormed() };
  }
  if (!isCoding(coding)) {
    return rejectedBody(415, 'content-encoding', coding.slice(0, 100), `one of ${CODINGS.join(', ')}`);
  }
  if (!bytes) {
    const type = event.headers?.['content-type'] ?? 'none';
    return rejectedBody(415, 'content-type', type.slice(0, 100), `${BINARY_TYPES} where content-encoding is ${coding}`);
  }
  try {
    return decodeBody(INFLATE[coding](bytes, { maxOutputLength: limit }));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      ? rejectedBody(413, 'body', `more than ${limit} bytes once inflated`, `at most ${limit} bytes`)
      : rejectedBody(400, 'body', 'other bytes', `compressed with ${coding}, as content-encoding says`);
  }
}
