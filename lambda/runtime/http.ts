/** HTTP as API Gateway passes it to a function (HTTP API, payload format 2.0), and the responses. */
import { isUtf8 } from 'node:buffer';

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

/** The body as text. API Gateway encodes bodies that it does not regard as text in base64. */
export function bodyOf(event: HttpEvent): Body {
  const raw = event.body ?? '';
  if (event.isBase64Encoded) return decodeBody(Buffer.from(raw, 'base64'));
  return { text: withoutMark(raw), bytes: Buffer.byteLength(raw), valid: raw.isWellFormed() };
}
