/** How API Gateway throttles a route. @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html */
import { type Throttle } from '../../assembly/local-plan';

/** @returns whether one more request is accepted now: `burst` at once, and then as many as `rate` refills. */
export function tokenBucket({ rate, burst }: Throttle, now: () => number = Date.now): () => boolean {
  let tokens = burst;
  let refilled = now();
  return () => {
    const time = now();
    tokens = Math.min(burst, tokens + ((time - refilled) / 1000) * rate);
    refilled = time;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
