/**
 * Shows a query API that requires SigV4 or a bearer token in a browser: serves it on the loopback interface and signs the
 * forwarded requests. A browser cannot sign requests for its address bar.
 */
import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type RunningServer } from '../aws/server';
import { type Sign } from '../../loadgen/sign';

export interface PageProxyOptions {
  /** Of the query API. */
  readonly url: URL;
  /** @default - a free port */
  readonly port?: number;
  /** Authorizes a request: by SigV4, or by a header with a token. */
  readonly sign: Sign;
}

/** The headers that are forwarded to the API, and those that are returned to the browser. */
const FORWARDED = ['accept', 'accept-encoding', 'if-none-match'];
const RETURNED = [
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
 * Why a request is rejected; undefined if it is forwarded. A forwarded request has the credentials of the user who started the
 * proxy. Other sites in the same browser must not be able to send one, neither by a form nor by a name that resolves to here.
 */
export function validationErrorOf(method: string, headers: IncomingHttpHeaders): string | undefined {
  if (method !== 'GET') return `method must be GET, got ${method}`;
  if (!/^(127\.0\.0\.1|localhost):\d+$/.test(headers.host ?? '')) {
    return `host must be 127.0.0.1 or localhost, got '${headers.host ?? ''}'`;
  }
  const site = headers['sec-fetch-site'] ?? 'none';
  return site === 'none' || site === 'same-origin'
    ? undefined
    : `only the page itself may send requests, got one of ${site}`;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { url, sign }: PageProxyOptions,
): Promise<void> {
  const respond = (status: number, message: string) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
  };
  const validationError = validationErrorOf(request.method ?? 'GET', request.headers);
  if (validationError !== undefined) return respond(403, validationError);
  try {
    const target = new URL(`${url.pathname.replace(/\/$/, '')}${request.url ?? '/'}`, url);
    if (target.origin !== url.origin) return respond(403, `path must lead to ${url.host}, got '${request.url}'`);
    const forwarded = FORWARDED.flatMap((name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    });
    const headers = await sign(target, 'GET', Object.fromEntries(forwarded) as Record<string, string>, '');
    const received = await fetch(target, { headers, redirect: 'error' });
    const body = Buffer.from(await received.arrayBuffer());
    const returned = RETURNED.flatMap((name) =>
      received.headers.has(name) ? [[name, received.headers.get(name)!]] : [],
    );
    response.writeHead(received.status, Object.fromEntries(returned) as Record<string, string>).end(body);
  } catch (error) {
    respond(502, `the API did not respond: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** For an API with a JWT authorizer. */
export function bearer(token: string): Sign {
  return async (_url, _method, headers) => ({ ...headers, authorization: `Bearer ${token}` });
}
