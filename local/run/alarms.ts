/** The alarms of the templates, evaluated again and again while a run goes on. */
import { type AlarmState } from '../alarms/evaluate';
import { AlarmWatch, type Transition } from '../alarms/alarm-watch';
import { type AlarmPlan, type LocalPlan } from '../assembly/local-plan';
import { type LocalCloud } from '../cloud/local-cloud';

export interface AlarmOptions {
  /** Between two looks, ms. @default 10000 */
  readonly everyMs?: number;
  /** Changes an alarm before it is watched: to shorter periods, in a test. @default - as it is in the templates */
  readonly change?: (alarm: AlarmPlan) => AlarmPlan;
}

export interface RunningAlarms {
  /** State by the name of the alarm, the composite ones last. */
  states(): Readonly<Record<string, AlarmState>>;
  readonly transitions: readonly Transition[];
  stop(): Promise<void>;
}

const EVERY_MS = 10_000;

/** @throws Error naming the alarm that can not be evaluated */
export function watchAlarms(
  plan: Pick<LocalPlan, 'alarms' | 'compositeAlarms'>,
  cloud: Pick<LocalCloud, 'points' | 'measureLag'>,
  { everyMs = EVERY_MS, change = (alarm) => alarm }: AlarmOptions = {},
): RunningAlarms {
  const watch = new AlarmWatch(plan.alarms.map(change), plan.compositeAlarms, cloud.points, Date.now());
  let measuring: Promise<void> | undefined;
  const timer = setInterval(() => {
    // While Kafka does not answer there is no lag, as in AWS; nothing waits for it.
    measuring ??= cloud
      .measureLag()
      .catch(() => undefined)
      .finally(() => (measuring = undefined));
    watch.evaluate(Date.now());
  }, everyMs);
  return {
    states: () => watch.states(),
    transitions: watch.transitions,
    async stop() {
      clearInterval(timer);
      await measuring;
    },
  };
}

/** `21 OK, 1 ALARM: pinterest-local-drift`: how many are in each state, and which are in alarm. */
export function formatAlarms(states: Readonly<Record<string, AlarmState>>): string {
  const names = (state: AlarmState) => Object.keys(states).filter((name) => states[name] === state);
  const [alarm, ok, unknown] = (['ALARM', 'OK', 'INSUFFICIENT_DATA'] as const).map(names);
  return [
    `${ok.length} OK`,
    ...(unknown.length > 0 ? [`${unknown.length} without enough data`] : []),
    alarm.length > 0 ? `${alarm.length} ALARM: ${alarm.join(', ')}` : '0 ALARM',
  ].join(', ');
}
