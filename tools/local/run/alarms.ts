/** The alarms of the templates, evaluated periodically during a run. */
import { type AlarmState } from '../alarms/evaluate';
import { AlarmWatch, type Transition } from '../alarms/alarm-watch';
import { type AlarmPlan, type LocalPlan } from '../../assembly/local-plan';
import { type DataPoints } from '../aws/data-points';

export interface AlarmOptions {
  /** Between two evaluations, ms. @default 10000 */
  readonly everyMs?: number;
  /** Changes an alarm before it is evaluated, e.g. to shorter periods in a test. @default - as in the templates */
  readonly change?: (alarm: AlarmPlan) => AlarmPlan;
}

export interface RunningAlarms {
  /** State by alarm name, composite alarms last. */
  states(): Readonly<Record<string, AlarmState>>;
  readonly transitions: readonly Transition[];
  stop(): Promise<void>;
}

const EVERY_MS = 10_000;

/** Adds data points that no component reports on its own. */
export type Measure = () => Promise<void>;

/**
 * @param measures run before each evaluation, which does not wait for them; one that fails adds nothing, as in AWS
 * @throws Error naming the alarm that cannot be evaluated
 */
export function watchAlarms(
  plan: Pick<LocalPlan, 'alarms' | 'compositeAlarms'>,
  points: Pick<DataPoints, 'values'>,
  measures: readonly Measure[],
  { everyMs = EVERY_MS, change = (alarm) => alarm }: AlarmOptions = {},
): RunningAlarms {
  const watch = new AlarmWatch(plan.alarms.map(change), plan.compositeAlarms, points, Date.now());
  const measuring = new Map<Measure, Promise<void>>();
  const begin = (measure: Measure) => {
    if (measuring.has(measure)) return;
    const done = () => void measuring.delete(measure);
    measuring.set(measure, measure().then(done, done));
  };
  const timer = setInterval(() => {
    measures.forEach(begin);
    watch.evaluate(Date.now());
  }, everyMs);
  return {
    states: () => watch.states(),
    transitions: watch.transitions,
    async stop() {
      clearInterval(timer);
      await Promise.all(measuring.values());
    },
  };
}

/** `21 OK, 1 ALARM: pinterest-local-drift`: the number in each state, and the names of those in alarm. */
export function formatAlarms(states: Readonly<Record<string, AlarmState>>): string {
  const names = (state: AlarmState) => Object.keys(states).filter((name) => states[name] === state);
  const [alarm, ok, unknown] = (['ALARM', 'OK', 'INSUFFICIENT_DATA'] as const).map(names);
  return [
    `${ok.length} OK`,
    ...(unknown.length > 0 ? [`${unknown.length} without enough data`] : []),
    alarm.length > 0 ? `${alarm.length} ALARM: ${alarm.join(', ')}` : '0 ALARM',
  ].join(', ');
}
