/**
 * CORS as HTTP APIs do it: API Gateway answers preflight requests, without authorization, and sets the headers of responses.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
 */
import { type IncomingMessage } from 'node:http';
import { type Cors } from '../../assembly/local-plan';
import { type HttpResponse } from './http-event';

const PREFIX = 'access-control-';

function allowed(cors: Cors, origin: string): string | undefined {
  return cors.origins.includes('*') ? '*' : cors.origins.find((each) => each === origin);
}

/** The response to a preflight request; undefined if the request is none, or the API has no CORS. */
export function preflight(
  cors: Cors | undefined,
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
): HttpResponse | undefined {
  const { origin } = headers;
  if (!cors || method !== 'OPTIONS' || !origin || !headers['access-control-request-method']) return undefined;
  const value = allowed(cors, origin);
  return {
    statusCode: 204,
    headers: value
      ? {
          [`${PREFIX}allow-origin`]: value,
          [`${PREFIX}allow-methods`]: cors.methods.join(','),
          [`${PREFIX}allow-headers`]: cors.headers.join(','),
          [`${PREFIX}max-age`]: String(cors.maxAgeSeconds),
        }
      : {},
    body: Buffer.alloc(0),
  };
}

/** A response with the headers of the API in place of the function's own. */
export function withCors(cors: Cors | undefined, origin: string | undefined, response: HttpResponse): HttpResponse {
  if (!cors) return response;
  const kept = Object.entries(response.headers).filter(([name]) => !name.startsWith(PREFIX));
  const value = origin && allowed(cors, origin);
  const set = value && { [`${PREFIX}allow-origin`]: value, [`${PREFIX}expose-headers`]: cors.exposed.join(',') };
  return { ...response, headers: { ...Object.fromEntries(kept), ...set } };
}
