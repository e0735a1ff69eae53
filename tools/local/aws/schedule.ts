/** An EventBridge rule that calls a function at a rate; the first call is after one period, as in AWS. */
import { type SchedulePlan } from '../../assembly/local-plan';

export interface Schedule {
  /** No further calls; waits for the one in flight. */
  stop(): Promise<void>;
}

/** @param invoke calls the function; it never rejects, because a failed call is not retried here */
export function startSchedule(plan: SchedulePlan, invoke: (functionName: string) => Promise<void>): Schedule {
  let inFlight: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    inFlight = Promise.all([inFlight, invoke(plan.functionName)]).then(() => undefined);
  }, plan.everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await inFlight;
    },
  };
}
