/**
 * A step of the batch layer works in units and ends within its budget, whatever is left: the unit of retry is never larger than the
 * unit of progress. Its response says whether to invoke it again.
 */
import { type RunEvent } from '../formats/run-event';

/**
 * How long a step may work, ms. The shortest limit on its way is the client of MWAA Serverless, which gives up after 60 s and invokes
 * again. NAT gateways and interface endpoints drop a connection that is idle for 350 s, and nothing flows while a function works.
 * Functions themselves end at 840 s.
 * @see https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
 */
export const STEP_BUDGET_MS = 45_000;

/**
 * `done`: nothing is left for this step. `more`: invoke it again. `notYet`: what it needs is not there, invoke it again later.
 * `superseded`: another run holds the lease; this one has nothing to do.
 */
export type StepState = 'done' | 'more' | 'notYet' | 'superseded';

export interface StepResponse {
  readonly state: StepState;
  /** Of `notYet`: what is missing. */
  readonly reason?: string;
  /** Of `superseded`: the run that holds the lease, null if none does; and until when. */
  readonly holder?: string | null;
  readonly until?: string;
}

/** What a step waits for is not there. */
export class NotYetError extends Error {
  override readonly name = 'NotYetError';
}

export interface Budget {
  /** What is left, ms. */
  left(): number;
  /**
   * Whether another unit ends in time, if it takes as long as the last one. The first unit is always allowed, so that each call
   * makes progress.
   */
  allows(): boolean;
  /** Does a unit, and remembers how long it took. */
  unit<T>(work: () => Promise<T>): Promise<T>;
}

export function startBudget(now: () => number, milliseconds = STEP_BUDGET_MS): Budget {
  const end = now() + milliseconds;
  let last: number | undefined;
  return {
    left: () => Math.max(0, end - now()),
    allows: () => last === undefined || now() + last <= end,
    async unit(work) {
      const began = now();
      try {
        return await work();
      } finally {
        last = now() - began;
      }
    },
  };
}

/** Turns {@link NotYetError} into a response, unless the orchestrator wants the error. */
export async function respond<Response extends StepResponse>(
  { failNotYet }: RunEvent,
  step: () => Promise<Response>,
): Promise<Response | StepResponse> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof NotYetError) || failNotYet) throw error;
    return { state: 'notYet', reason: error.message };
  }
}
