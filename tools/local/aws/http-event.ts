/**
 * Payload format 2.0 of API Gateway's HTTP APIs, as pure functions.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
import { isUtf8 } from 'node:buffer';
import { type IncomingHttpHeaders } from 'node:http';
import { type RoutePlan } from '../../assembly/local-plan';
import { ACCOUNT } from '../../assembly/local-account';

export interface HttpRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly protocol: string;
}

export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

export interface RouteMatch {
  readonly route: RoutePlan;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** Bodies of these types reach the function as text, all others in base64. */
const TEXT_TYPES = /^(text\/|application\/(json|xml|javascript)\b)/i;

const GREEDY = /^\{(.+)\+\}$/;
const VARIABLE = /^\{([^+]+)\}$/;

interface Candidate extends RouteMatch {
  /** Smaller is more specific. */
  readonly rank: readonly number[];
}

/** The route that API Gateway chooses: full match, then greedy, then `$default`; a method before ANY, a name before a variable. */
export function matchRoute(routes: readonly RoutePlan[], method: string, path: string): RouteMatch | undefined {
  return routes
    .flatMap((route) => matchOne(route, method, path) ?? [])
    .sort((a, b) => {
      const at = a.rank.findIndex((value, i) => value !== b.rank[i]);
      return at < 0 ? 0 : a.rank[at] - b.rank[at];
    })[0];
}

function matchOne(route: RoutePlan, method: string, path: string): Candidate | undefined {
  if (route.routeKey === '$default') return { route, pathParameters: {}, rank: [2] };
  const [wanted, template] = route.routeKey.split(' ');
  if (wanted !== 'ANY' && wanted !== method) return undefined;
  const parts = template.split('/');
  const given = path.split('/');
  const pathParameters: Record<string, string> = {};
  const rank: number[] = [];
  for (let i = 0; i < parts.length; i++) {
    const greedy = GREEDY.exec(parts[i]);
    if (greedy) {
      const rest = given.slice(i).join('/');
      if (rest === '') return undefined;
      return { route, pathParameters: { ...pathParameters, [greedy[1]]: decode(rest) }, rank: [1, ...rank, 2] };
    }
    const variable = VARIABLE.exec(parts[i]);
    if (given[i] === undefined || (variable ? given[i] === '' : given[i] !== parts[i])) return undefined;
    if (variable) pathParameters[variable[1]] = decode(given[i]);
    rank.push(variable ? 1 : 0);
  }
  if (given.length !== parts.length) return undefined;
  return { route, pathParameters, rank: [0, ...rank, wanted === 'ANY' ? 1 : 0] };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The event that the function receives. */
export function toEvent(
  apiId: string,
  match: RouteMatch,
  request: HttpRequest,
  requestId: string,
  now: Date,
): Record<string, unknown> {
  const [rawPath, rawQueryString = ''] = splitOnce(request.url, '?');
  const { cookie, ...headers } = request.headers;
  const query = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(rawQueryString)) query.set(name, [...(query.get(name) ?? []), value]);
  const domainName = request.headers.host ?? 'localhost';
  const some = (object: Readonly<Record<string, string>>) => (Object.keys(object).length > 0 ? object : undefined);
  return {
    version: '2.0',
    routeKey: match.route.routeKey,
    rawPath: decode(rawPath),
    rawQueryString,
    cookies: cookie?.split(/;\s*/),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value].flat().join(',')]),
    ),
    queryStringParameters: some(Object.fromEntries([...query].map(([name, values]) => [name, values.join(',')]))),
    requestContext: {
      accountId: ACCOUNT,
      apiId,
      domainName,
      domainPrefix: domainName.split(/[.:]/)[0],
      http: {
        method: request.method,
        path: decode(rawPath),
        protocol: request.protocol,
        sourceIp: request.sourceIp,
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId,
      routeKey: match.route.routeKey,
      stage: '$default',
      time: clf(now),
      timeEpoch: now.getTime(),
    },
    pathParameters: some(match.pathParameters),
    ...bodyOf(request),
  };
}

function bodyOf({ headers, body }: HttpRequest): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false };
  // Binary bodies can only be carried in JSON as base64.
  return TEXT_TYPES.test(headers['content-type'] ?? '') && isUtf8(body)
    ? { body: body.toString('utf8'), isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true };
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** `12/Mar/2020:19:03:58 +0000` */
function clf(now: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/.exec(now.toUTCString())!;
  return `${day}/${month}/${year}:${time} +0000`;
}

export function message(statusCode: number, text: string): HttpResponse {
  return {
    statusCode,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ message: text })),
  };
}

/**
 * The HTTP response that API Gateway makes of a function's result; a result without `statusCode` is the body.
 * @param payload the function's result, JSON
 */
export function toResponse(payload: string): HttpResponse {
  const result = JSON.parse(payload) as unknown;
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) {
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(payload) };
  }
  const { statusCode, headers, cookies, body, isBase64Encoded } = result as {
    statusCode: unknown;
    headers?: Record<string, unknown>;
    cookies?: string[];
    body?: unknown;
    isBase64Encoded?: boolean;
  };
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599 || (body !== undefined && typeof body !== 'string')) {
    return message(500, 'Internal Server Error');
  }
  const lower = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  return {
    statusCode: status,
    headers: {
      'content-type': 'text/plain;charset=UTF-8',
      ...Object.fromEntries(lower),
      ...(cookies ? { 'set-cookie': cookies } : {}),
    },
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  };
}
