/** The alarms of the templates in short time: what takes minutes in production takes seconds in a test. */
import { type AlarmPlan } from '../../tools/assembly/local-plan';

/** By what periods of alarms and times of rules are divided: a minute is a second. */
export const SHORTER = 60;
/** Between two canaries, ms; the schedule of stage `local` has a minute. */
export const CANARY_MS = 3_000;
const SCHEDULED_MS = 60_000;

/** Periods are divided. Thresholds stay, but for the one that counts in canaries, which are sent more often, too. */
export function shorterAlarm(alarm: AlarmPlan): AlarmPlan {
  const ofCanaries = alarm.metrics.some(({ name }) => name === 'canarySpeedAge');
  return {
    ...alarm,
    periodSeconds: alarm.periodSeconds / SHORTER,
    threshold: ofCanaries ? (alarm.threshold * CANARY_MS) / SCHEDULED_MS : alarm.threshold,
  };
}
