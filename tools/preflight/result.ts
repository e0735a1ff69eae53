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

export const pass = (check: string, found: string): Result => ({ check, ok: true, found });

export const fail = (check: string, found: string, remedy: string): Result => ({ check, ok: false, found, remedy });

/** The result from responses; if one of them failed, the check was not made and does not pass. */
export function resultOf<T extends readonly unknown[]>(
  check: string,
  responses: { readonly [K in keyof T]: AwsResponse<T[K]> },
  result: (...values: T) => Result,
): Result {
  const failed = responses.find((response) => 'failure' in response);
  if (failed !== undefined && 'failure' in failed) return notMade(check, failed.failure);
  return result(...(responses.map((response) => (response as { value: unknown }).value) as unknown as T));
}

function notMade(check: string, { action, denied, reason }: Failure): Result {
  return denied
    ? fail(check, `not checked: no permission for ${action}`, `allow ${action}, or check it manually`)
    : fail(check, `not checked: ${action} got no response (${reason})`, 'fix this, then run preflight again');
}

/** `ok    zones: …` or `FAIL  zones: … → what to do`. */
export const asLine = ({ check, ok, found, remedy }: Result): string =>
  `${ok ? 'ok  ' : 'FAIL'}  ${check}: ${found}${remedy === undefined ? '' : ` → ${remedy}`}`;
