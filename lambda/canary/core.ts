/** The canary's requests and how it reads the responses. Plain values in and out. */
import { type HttpEvent } from '../runtime/http';
import { type Values } from '../runtime/metrics';

/** An event as an HTTP API passes it to the function. */
export function requestOf(method: 'GET' | 'POST', rawPath: string): HttpEvent {
  return { rawPath, requestContext: { stage: '$default', http: { method } } };
}

const isInstant = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isOptional = (value: unknown): value is number | null => value === null || isInstant(value);

/**
 * The ages of the newest canaries. A layer that has not published anything has no age.
 * @param body of the query function's response, see `CanaryResponse`
 * @throws Error if the response has another form
 */
export function agesOf(body: string, now: number): Omit<Values<'canary'>, 'failed' | 'duration'> {
  const { speed, batch, boundary } = JSON.parse(body) as Readonly<Record<string, unknown>>;
  if (!isInstant(speed) || !isOptional(batch) || !isOptional(boundary)) {
    throw new Error(
      `response must be {"speed": instant, "batch": instant or null, "boundary": instant or null}, got ${body.slice(0, 300)}`,
    );
  }
  return {
    canarySpeedAge: now - speed,
    ...(batch === null ? {} : { canaryBatchAge: now - batch }),
    ...(boundary === null ? {} : { boundaryAge: now - boundary }),
  };
}
