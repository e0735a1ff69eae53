import { type Answer, type Failure } from './answers';

/** What a check says: one line. */
export interface Verdict {
  readonly check: string;
  readonly ok: boolean;
  /** What was found. */
  readonly found: string;
  /** What to do; of a check that failed. */
  readonly remedy?: string;
}

export const pass = (check: string, found: string): Verdict => ({ check, ok: true, found });

export const fail = (check: string, found: string, remedy: string): Verdict => ({ check, ok: false, found, remedy });

/** The verdict of answers, or that the check could not be made: what is not known does not pass. */
export function judge<T extends readonly unknown[]>(
  check: string,
  answers: { readonly [K in keyof T]: Answer<T[K]> },
  verdict: (...values: T) => Verdict,
): Verdict {
  const failed = answers.find((answer) => 'failure' in answer);
  if (failed !== undefined && 'failure' in failed) return notMade(check, failed.failure);
  return verdict(...(answers.map((answer) => (answer as { value: unknown }).value) as unknown as T));
}

function notMade(check: string, { action, denied, reason }: Failure): Verdict {
  return denied
    ? fail(check, `not checked: no right to ${action}`, `allow ${action}, or look yourself`)
    : fail(check, `not checked: ${action} brought no answer (${reason})`, 'mend this, then run preflight again');
}

/** `ok    zones: …` or `FAIL  zones: … → what to do`. */
export const asLine = ({ check, ok, found, remedy }: Verdict): string =>
  `${ok ? 'ok  ' : 'FAIL'}  ${check}: ${found}${remedy === undefined ? '' : ` → ${remedy}`}`;
