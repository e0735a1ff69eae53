/** A rule of EventBridge that calls a function at a rate: the first time after one period, as in AWS. */
import { type SchedulePlan } from '../../assembly/local-plan';

export interface Schedule {
  /** No further call; the one that is under way ends by itself. */
  stop(): Promise<void>;
}

/** @param invoke calls the function; it never rejects, as a failed call is not repeated here */
export function startSchedule(plan: SchedulePlan, invoke: (functionName: string) => Promise<void>): Schedule {
  let underWay: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    underWay = Promise.all([underWay, invoke(plan.functionName)]).then(() => undefined);
  }, plan.everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await underWay;
    },
  };
}
