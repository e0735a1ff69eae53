/** The files of the status page in the function's asset, each read on its first request. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type HttpResponse, type HttpEvent } from '../runtime/http';

const TYPES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
};

export const ASSETS = Object.keys(TYPES).filter((name) => name !== 'index.html');

/**
 * Everything comes from the page's origin; nothing is framed or sent elsewhere. The icon is part of the page.
 * @see https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // Revalidated on each request; the response omits the file while it is unchanged.
  'cache-control': 'no-cache',
  vary: 'accept-encoding',
};

interface Loaded {
  readonly etag: string;
  readonly text: string;
  readonly zipped: string;
}

export type PageFiles = (name: string, event: Pick<HttpEvent, 'headers'>) => HttpResponse | undefined;

/**
 * @param directory of the files
 * @returns a function that responds with a file by its name; undefined for a name that is not a file of the page
 */
export function pageFiles(directory: string): PageFiles {
  const loaded = new Map<string, Loaded>();
  const load = (name: string): Loaded => {
    const bytes = readFileSync(join(directory, name));
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    // HTTP APIs do not compress.
    const file = { etag, text: bytes.toString('utf8'), zipped: gzipSync(bytes).toString('base64') };
    loaded.set(name, file);
    return file;
  };
  return (name, { headers = {} }) => {
    if (!Object.hasOwn(TYPES, name)) return undefined;
    const { etag, text, zipped } = loaded.get(name) ?? load(name);
    const common = { ...HEADERS, etag };
    if (headers['if-none-match'] === etag) return { statusCode: 304, headers: common, body: '' };
    const typed = { ...common, 'content-type': TYPES[name] };
    return /\bgzip\b/.test(headers['accept-encoding'] ?? '')
      ? { statusCode: 200, headers: { ...typed, 'content-encoding': 'gzip' }, body: zipped, isBase64Encoded: true }
      : { statusCode: 200, headers: typed, body: text };
  };
}
