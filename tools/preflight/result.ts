import { type AwsResponse, type Failure } from './responses';

/** The result of a check: one line. */
export interface Result {
  readonly check: string;
  readonly ok: boolean;
  /** What was found. */
  readonly found: string;
  /** What to do, if the check failed. */
  readonly remedy?: string;
}

/** What was found, if that is as it should be; otherwise what was found and what to do. */
export type Verdict = string | readonly [found: string, remedy: string];

export const resultFrom = (check: string, verdict: Verdict): Result =>
  typeof verdict === 'string'
    ? { check, ok: true, found: verdict }
    : { check, ok: false, found: verdict[0], remedy: verdict[1] };

/** The result from responses; if one of them failed, the check was not made and does not pass. */
export function resultOf<T extends readonly unknown[]>(
  check: string,
  responses: { readonly [K in keyof T]: AwsResponse<T[K]> },
  verdict: (...values: T) => Verdict,
): Result {
  const failed = responses.find((response) => 'failure' in response);
  if (failed !== undefined && 'failure' in failed) return resultFrom(check, notMade(failed.failure));
  return resultFrom(
    check,
    verdict(...(responses.map((response) => (response as { value: unknown }).value) as unknown as T)),
  );
}

const notMade = ({ action, denied, reason }: Failure): Verdict =>
  denied
    ? [`not checked: no permission for ${action}`, `allow ${action}, or check it manually`]
    : [`not checked: ${action} got no response (${reason})`, 'fix this, then run preflight again'];

/** `ok    zones: …` or `FAIL  zones: … → what to do`. */
export const asLine = ({ check, ok, found, remedy }: Result): string =>
  `${ok ? 'ok  ' : 'FAIL'}  ${check}: ${found}${remedy === undefined ? '' : ` → ${remedy}`}`;
