/** Serves the routes of one HTTP API, with API Gateway's answers where the function has none. */
import { randomUUID } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpApiPlan } from '../../assembly/local-plan';
import { type Invocation, PAYLOAD_LIMIT } from './function-host';
import { type HttpResponse, matchRoute, message, toEvent, toResponse } from './http-event';
import { listen, readBody, type RunningServer } from './server';

/** API Gateway's limit for a request. */
const BODY_LIMIT = 10 * 1024 * 1024;

export type Invoke = (functionName: string, event: string) => Promise<Invocation>;

export interface HttpApiOptions {
  /** @default - a free port */
  readonly port?: number;
  readonly invoke: Invoke;
  /** Told of each answer. @default - nobody is */
  readonly onAnswer?: (statusCode: number) => void;
}

/** @throws Error naming the port if it is taken */
export function startHttpApi(api: HttpApiPlan, options: HttpApiOptions): Promise<RunningServer> {
  return listen(`API ${api.name}`, options.port ?? 0, async (request, response) => {
    const requestId = randomUUID();
    let answer: HttpResponse;
    try {
      answer = await serve(api, options.invoke, request, requestId);
    } catch {
      // The client went away while it sent, or the host is being stopped.
      answer = message(500, 'Internal Server Error');
    }
    options.onAnswer?.(answer.statusCode);
    const headers = { ...answer.headers, 'content-length': String(answer.body.length), 'apigw-requestid': requestId };
    response.writeHead(answer.statusCode, headers as Record<string, string>);
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  });
}

async function serve(
  api: HttpApiPlan,
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
  const { headers, httpVersion, socket } = request;
  const http = { method, url, headers, body, sourceIp: socket.remoteAddress ?? '', protocol: `HTTP/${httpVersion}` };
  const event = JSON.stringify(toEvent(api.id, match, http, requestId, new Date()));
  if (Buffer.byteLength(event) > PAYLOAD_LIMIT) return message(413, 'Request Entity Too Large');
  const { functionName, timeoutMs } = match.route;
  const timer = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => undefined);
  const invocation = await Promise.race([invoke(functionName, event), late]);
  timer.abort();
  if (!invocation) return message(503, 'Service Unavailable');
  if (!invocation.error) return toResponse(invocation.payload);
  // Not told by AWS of HTTP APIs: Lambda's guide says 500, in the words of REST APIs. Either is 5xx, and to be sent again.
  // https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html
  return invocation.throttled ? message(503, 'Service Unavailable') : message(500, 'Internal Server Error');
}
