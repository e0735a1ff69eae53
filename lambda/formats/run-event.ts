/**
 * The event of a step in a run: `{"run": "scheduled__2026-11-22T21:00:00+00:00"}`. Which intervals it works on is in the plan of the
 * run, so the orchestrator passes its run's id and nothing else.
 */
export interface RunEvent {
  readonly run: string;
  /** Whether `notYet` is an error: for an orchestrator that can only repeat what fails. */
  readonly failNotYet: boolean;
}

const LONGEST_RUN = 250;

/**
 * @returns undefined for an event without a run, which names its intervals itself
 * @throws Error naming the field, its value and what is allowed
 */
export function parseRunEvent(event: unknown): RunEvent | undefined {
  const { run, notYet } = (event ?? {}) as { run?: unknown; notYet?: unknown };
  if (run === undefined) return undefined;
  if (typeof run !== 'string' || run === '' || run.length > LONGEST_RUN) {
    throw new Error(`run must be text of 1 to ${LONGEST_RUN} characters, got ${JSON.stringify(run).slice(0, 100)}`);
  }
  if (notYet !== undefined && notYet !== 'fail') {
    throw new Error(`notYet must be 'fail' or absent, got ${JSON.stringify(notYet)}`);
  }
  return { run, failNotYet: notYet === 'fail' };
}
