/** Serves the routes of one HTTP API, with API Gateway's responses where the function returns none. */
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpApiPlan } from '../../assembly/local-plan';
import { preflight, withCors } from './cors';
import { type Invocation, PAYLOAD_LIMIT } from './function-host';
import { type HttpResponse, matchRoute, message, toEvent, toResponse } from './http-event';
import { isSigned } from './sigv4';
import { listen, readBody, type RunningServer } from './server';
import { tokenBucket } from './token-bucket';

/**
 * API Gateway's limit for a body, bytes.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
 */
const BODY_LIMIT = 10 * 1024 * 1024;
/** Of the request line and the headers together, bytes: as Node counts them, with the names. */
const HEADER_LIMIT = 10_240;

export type Invoke = (functionName: string, event: string) => Promise<Invocation>;

export interface HttpApiOptions {
  /** @default - a free port */
  readonly port?: number;
  readonly invoke: Invoke;
  /** Called for each response. @default - none */
  readonly onResponse?: (statusCode: number) => void;
}

/** @throws Error naming the port if it is taken */
export function startHttpApi(api: HttpApiPlan, options: HttpApiOptions): Promise<RunningServer> {
  const accepts = new Map(
    api.routes.map(({ routeKey, throttle }) => [routeKey, throttle ? tokenBucket(throttle) : () => true]),
  );
  const answer = async (request: IncomingMessage, out: ServerResponse) => {
    const requestId = randomUUID();
    let response: HttpResponse;
    try {
      response =
        preflight(api.cors, request) ??
        withCors(api.cors, request.headers.origin, await serve(api, accepts, options.invoke, request, requestId));
    } catch {
      // The client disconnected while sending, or the host is being stopped.
      response = message(500, 'Internal Server Error');
    }
    options.onResponse?.(response.statusCode);
    const headers = {
      ...response.headers,
      'content-length': String(response.body.length),
      'apigw-requestid': requestId,
    };
    out.writeHead(response.statusCode, headers as Record<string, string>);
    out.end(request.method === 'HEAD' ? undefined : response.body);
  };
  return listen(`API ${api.name}`, options.port ?? 0, (request, out) => void answer(request, out), {
    maxHeaderSize: HEADER_LIMIT,
  });
}

async function serve(
  api: HttpApiPlan,
  accepts: ReadonlyMap<string, () => boolean>,
  invoke: Invoke,
  request: IncomingMessage,
  requestId: string,
): Promise<HttpResponse> {
  const body = await readBody(request, BODY_LIMIT);
  if (!body) return message(413, 'Request Entity Too Large');
  const url = request.url ?? '/';
  const method = request.method ?? 'GET';
  const match = matchRoute(api.routes, method, url.split('?')[0]);
  if (!match) return message(404, 'Not Found');
  if (!accepts.get(match.route.routeKey)!()) return message(429, 'Too Many Requests');
  const { headers, httpVersion, socket } = request;
  const http = { method, url, headers, body, sourceIp: socket.remoteAddress ?? '', protocol: `HTTP/${httpVersion}` };
  if (match.route.iam && !isSigned(http, Date.now())) return message(403, 'Forbidden');
  const event = JSON.stringify(toEvent(api.id, match, http, requestId, new Date()));
  if (Buffer.byteLength(event) > PAYLOAD_LIMIT) return message(413, 'Request Entity Too Large');
  const { functionName, timeoutMs } = match.route;
  const timer = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => undefined);
  const invocation = await Promise.race([invoke(functionName, event), late]);
  timer.abort();
  if (!invocation) return message(503, 'Service Unavailable');
  if (!invocation.error) return toResponse(invocation.payload);
  // AWS does not document this for HTTP APIs; Lambda's guide states 500, for REST APIs. Clients retry any 5xx.
  // https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html
  return invocation.throttled ? message(503, 'Service Unavailable') : message(500, 'Internal Server Error');
}
