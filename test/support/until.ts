/** What Prometheus fires and which alarms are in which state, asked again and again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AlarmState } from '../../tools/local/alarms/evaluate';
import { type RunningAlarms } from '../../tools/local/run/alarms';
import { vectorOf } from './prometheus-queries';

const POLL_MS = 250;
/** A busy machine with few cores may take its time; nothing here waits for longer than it has to. */
const PATIENCE_MS = 120_000;

/** Asks again and again until the answer is true. @throws Error with `what` and what is seen then */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, seen: () => unknown = () => '') {
  for (const deadline = Date.now() + PATIENCE_MS; !(await isSo()); await sleep(POLL_MS)) {
    if (Date.now() > deadline)
      throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}; ${JSON.stringify(seen())}`);
  }
}

/** Waits until alerts fire, or until they do no longer. @param url of a Prometheus */
export async function untilAlerts(url: string, fire: boolean, ...names: readonly string[]): Promise<void> {
  let firing = new Set<string>();
  const look = async () => {
    const found = await vectorOf(url, 'ALERTS{alertstate="firing"}');
    firing = new Set(found.map(({ labels }) => labels.alertname));
    return names.every((name) => firing.has(name) === fire);
  };
  await until(`${names.join(', ')} ${fire ? 'fire' : 'are over'}`, look, () => [...firing]);
}

/** Of a local run: `pinterest-local-drift` → `drift` */
export const idOf = (alarm: string): string => alarm.replace(/^pinterest-local-/, '');

/** The state of an alarm. @param id last part of its name */
export function stateOf(alarms: RunningAlarms, id: string): AlarmState {
  const found = Object.entries(alarms.states()).find(([name]) => idOf(name) === id);
  if (!found) throw new Error(`there is no alarm '${id}'`);
  return found[1];
}

/** Waits until alarms are in a state. */
export async function untilAlarms(alarms: RunningAlarms, state: AlarmState, ...ids: readonly string[]): Promise<void> {
  const states = () => Object.fromEntries(ids.map((id) => [id, stateOf(alarms, id)]));
  await until(`${ids.join(', ')} in state ${state}`, () => ids.every((id) => stateOf(alarms, id) === state), states);
}
