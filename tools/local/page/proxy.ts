/**
 * Lets a browser look at a query API that asks for SigV4 or a bearer token: serves it on the loopback interface and signs
 * what it passes on. A browser itself can do neither for the address in its address bar.
 */
import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type RunningServer } from '../aws/server';
import { type Sign } from '../../loadgen/sign';

export interface PageProxyOptions {
  /** Of the query API. */
  readonly url: URL;
  /** @default - a free port */
  readonly port?: number;
  /** What authorizes a request: SigV4, or a header with a token. */
  readonly sign: Sign;
}

/** Of the browser's request, what the API is told; of its answer, what the browser is. */
const PASSED_ON = ['accept', 'accept-encoding', 'if-none-match'];
const PASSED_BACK = [
  'cache-control',
  'content-security-policy',
  'content-type',
  'etag',
  'referrer-policy',
  'retry-after',
  'vary',
  'x-content-type-options',
];

/** @throws Error naming the port if it is taken */
export function startPageProxy(options: PageProxyOptions): Promise<RunningServer> {
  return listen('page', options.port ?? 0, (request, response) => {
    void serve(request, response, options);
  });
}

/**
 * Why a request is not passed on; undefined if it is. It would carry the credentials of whoever started the proxy: another
 * site that is open in the same browser must not get at it, be it by a form or by a name that it lets resolve to here.
 */
export function validationErrorOf(method: string, headers: IncomingHttpHeaders): string | undefined {
  if (method !== 'GET') return `method must be GET, got ${method}`;
  if (!/^(127\.0\.0\.1|localhost):\d+$/.test(headers.host ?? '')) {
    return `host must be 127.0.0.1 or localhost, got '${headers.host ?? ''}'`;
  }
  const site = headers['sec-fetch-site'] ?? 'none';
  return site === 'none' || site === 'same-origin'
    ? undefined
    : `only the page itself may ask, got a request of ${site}`;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { url, sign }: PageProxyOptions,
): Promise<void> {
  const answer = (status: number, message: string) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
  };
  const refusal = validationErrorOf(request.method ?? 'GET', request.headers);
  if (refusal !== undefined) return answer(403, refusal);
  try {
    const target = new URL(`${url.pathname.replace(/\/$/, '')}${request.url ?? '/'}`, url);
    if (target.origin !== url.origin) return answer(403, `path must lead to ${url.host}, got '${request.url}'`);
    const passed = PASSED_ON.flatMap((name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    });
    const headers = await sign(target, 'GET', Object.fromEntries(passed) as Record<string, string>, '');
    const got = await fetch(target, { headers, redirect: 'error' });
    const body = Buffer.from(await got.arrayBuffer());
    const back = PASSED_BACK.flatMap((name) => (got.headers.has(name) ? [[name, got.headers.get(name)!]] : []));
    response.writeHead(got.status, Object.fromEntries(back) as Record<string, string>).end(body);
  } catch (error) {
    answer(502, `the API did not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** For an API that takes a JWT. */
export function bearer(token: string): Sign {
  return async (_url, _method, headers) => ({ ...headers, authorization: `Bearer ${token}` });
}
