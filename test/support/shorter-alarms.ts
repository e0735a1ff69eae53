/** The alarms of the templates in short time: what takes minutes in production takes seconds in a test. */
import { type AlarmPlan } from '../../tools/assembly/local-plan';

/** Divides periods of alarms and times of rules: a minute is a second. */
export const SHORTER = 60;
/** Between two canaries, ms; the schedule of stage `local` has a minute. */
export const CANARY_MS = 3_000;
const SCHEDULED_MS = 60_000;
/** Divides how long records may wait. A sixtieth would be less than a busy machine takes without a fault. */
export const SOONER_LATE = 6;

/** What thresholds that are times are multiplied by, by metric. All others stay. */
const FACTORS: Readonly<Record<string, number>> = {
  canarySpeedAge: CANARY_MS / SCHEDULED_MS,
  freshness: 1 / SOONER_LATE,
};

/** Periods are divided, and thresholds whose faults would have to last for minutes. */
export function shorterAlarm(alarm: AlarmPlan): AlarmPlan {
  const factor = alarm.metrics.map(({ name }) => FACTORS[name]).find((each) => each !== undefined) ?? 1;
  return {
    ...alarm,
    periodSeconds: alarm.periodSeconds / SHORTER,
    threshold: alarm.threshold * factor,
  };
}
