/** Conditional requests: what an answer is made of names it, before its rows are read. */
import { sha256 } from '../runtime/digest';
import { type HttpEvent, type HttpResponse } from '../runtime/http';

/**
 * Weak, as a page made again may have another cursor to the same rows. Answers of a path and query with equal ones are equal: they name
 * the time boundary, the versions of the batch rows, and how far the speed layer is in each partition, from which `asOf` follows.
 */
export const etagOf = (...parts: readonly unknown[]): string => `W/"${sha256(JSON.stringify(parts)).slice(0, 22)}"`;

/** Batch rows are cached as long by the function itself. */
const BATCH_SECONDS = 5;

/** @param isOpen whether posts that arrive may change the answer */
export function validators(etag: string, isOpen: boolean): Readonly<Record<string, string>> {
  // Requests are signed, or anybody may send them: neither is a reason for a cache between to share what it has.
  return { etag, 'cache-control': isOpen ? 'private, no-cache' : `private, max-age=${BATCH_SECONDS}` };
}

const opaque = (tag: string) => tag.trim().replace(/^W\//, '');

/** Whether the client has this answer. @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2 */
export function isUnchanged({ headers = {} }: Pick<HttpEvent, 'headers'>, etag: string): boolean {
  const given = headers['if-none-match'];
  return given !== undefined && (given.trim() === '*' || given.split(',').map(opaque).includes(opaque(etag)));
}

export const notModified = (headers: Readonly<Record<string, string>>): HttpResponse => ({
  statusCode: 304,
  headers,
  body: '',
});
