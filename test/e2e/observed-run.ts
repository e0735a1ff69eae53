/**
 * A local run that goes on while faults are made, watched as a deployment is: by the alarms of the templates and by the rules
 * of Prometheus. A minute of their periods is a second here, or each fault would have to last for half an hour.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AlarmState } from '../../local/alarms/evaluate';
import { type AlarmPlan } from '../../local/assembly/local-plan';
import { type AirflowEngine } from '../../local/engines/airflow';
import { type RunningAlarms } from '../../local/run/alarms';
import { bringUp, type Running } from '../../local/run/bring-up';
import { startClock } from '../../local/run/clock';
import { ruleFiles } from '../../local/run/monitoring';
import { vectorOf } from '../../local/run/prometheus-queries';
import { type QueryClient, queryClient } from '../../local/run/query-client';
import { watch, type Watchdog } from '../../local/run/watchdog';
import { shorterRules } from '../support/shorter-rules';

/** By what periods of alarms and times of rules are divided. */
export const SHORTER = 60;
const MINUTE_MS = 60_000;
/** The schedule of the templates sends a canary a minute. */
const CANARY_MS = 3_000;
const POLL_MS = 250;
/** A busy machine with few cores may take its time; nothing here waits for longer than it has to. */
const PATIENCE_MS = 120_000;

/**
 * Small batches, so that a lag of ten of them is some hundred records, and as little time for publishing as the configuration
 * takes, so that the boundary is late within minutes.
 */
const OVERRIDES = { batchSize: '50', publishDelayMinutes: '1' };

/** Periods are divided. Thresholds stay, but for the one that counts in canaries, which are sent more often, too. */
export function shorterAlarm(alarm: AlarmPlan): AlarmPlan {
  const ofCanaries = alarm.metrics.some(({ name }) => name === 'canarySpeedAge');
  return {
    ...alarm,
    periodSeconds: alarm.periodSeconds / SHORTER,
    threshold: ofCanaries ? (alarm.threshold * CANARY_MS) / MINUTE_MS : alarm.threshold,
  };
}

/** Asks again and again until the answer is true. @throws Error with `what` and what is seen then */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, seen: () => unknown = () => '') {
  for (const deadline = Date.now() + PATIENCE_MS; !(await isSo()); await sleep(POLL_MS)) {
    if (Date.now() > deadline)
      throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}; ${JSON.stringify(seen())}`);
  }
}

/** Does something again and again, until told to stop: more of it begins while the first still goes on. */
export function repeatedly(everyMs: number, work: () => Promise<unknown>): () => Promise<void> {
  const going = new Set<Promise<unknown>>();
  const timer = setInterval(() => {
    const one = work().catch(() => undefined);
    going.add(one);
    void one.finally(() => going.delete(one));
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await Promise.all(going);
  };
}

export class ObservedRun {
  readonly query: QueryClient;
  private watchdog: Watchdog | undefined;
  private stopCanaries: () => Promise<void> = async () => undefined;

  private constructor(
    private readonly directory: string,
    readonly running: Running,
    readonly alarms: RunningAlarms,
    readonly airflow: AirflowEngine,
    /** Of the Prometheus that every run has, with the deployed rules. */
    readonly prometheus: string,
    /** Of another one beside it, with the rules in short time. */
    readonly prometheusInShort: string,
  ) {
    this.query = queryClient(running.cloud.queryUrl);
    this.superviseEngines();
    this.stopCanaries = repeatedly(CANARY_MS, () => running.cloud.invoke('canary', {}));
  }

  static async start(): Promise<ObservedRun> {
    const directory = mkdtempSync(join(tmpdir(), 'observed-'));
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    const running = await bringUp({ directory, clock: startClock(say), say, overrides: OVERRIDES });
    try {
      const [airflow, monitoring, inShort] = await Promise.all([
        running.startOrchestration(),
        running.startMonitoring(),
        running.startMonitoring({
          folder: 'prometheus-in-short',
          intervalSeconds: 1,
          ruleFiles: writeShorterRules(join(directory, 'rules')),
        }),
      ]);
      if (!monitoring || !inShort) throw new Error(lines.join('\n'));
      const alarms = running.watchAlarms({ everyMs: 500, change: shorterAlarm });
      return new ObservedRun(directory, running, alarms, airflow, monitoring.prometheus.url, inShort.prometheus.url);
    } catch (error) {
      await running.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.watchdog?.stop();
    await this.stopCanaries();
    await this.running.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Engines that die come back, as those of a managed service. */
  superviseEngines(): void {
    const { kafka, cassandra, s3 } = this.running;
    this.watchdog ??= watch({ kafka, cassandra, s3 }, () => undefined);
  }

  /** Until {@link superviseEngines} is called again: so an outage lasts as long as a test needs. */
  leaveEnginesAlone(): void {
    this.watchdog?.stop();
    this.watchdog = undefined;
  }

  /** The state of an alarm. @param id last part of its name */
  stateOf(id: string): AlarmState {
    const found = Object.entries(this.alarms.states()).find(([name]) => idOf(name) === id);
    if (!found) throw new Error(`there is no alarm '${id}'`);
    return found[1];
  }

  /** Waits until alarms are in a state. */
  async untilAlarms(state: AlarmState, ...ids: readonly string[]): Promise<void> {
    const states = () => Object.fromEntries(ids.map((id) => [id, this.stateOf(id)]));
    await until(`${ids.join(', ')} in state ${state}`, () => ids.every((id) => this.stateOf(id) === state), states);
  }

  /** Waits until Prometheus fires an alert, or until it does no longer. */
  async untilAlert(name: string, fires: boolean): Promise<void> {
    await until(`alert ${name} ${fires ? 'fires' : 'is over'}`, async () => {
      const found = await vectorOf(this.prometheusInShort, `ALERTS{alertname="${name}",alertstate="firing"}`);
      return found.length > 0 === fires;
    });
  }

  /** Ids of the alarms that were in alarm at some time. */
  alarmsSeen(): Set<string> {
    return new Set(this.alarms.transitions.filter(({ to }) => to === 'ALARM').map(({ alarm }) => idOf(alarm)));
  }

  /** Names of the alerts that fired at some time. */
  async alertsSeen(): Promise<Set<string>> {
    const found = await vectorOf(this.prometheusInShort, 'last_over_time(ALERTS{alertstate="firing"}[1h])');
    return new Set(found.map(({ labels }) => labels.alertname));
  }

  post(body: unknown): Promise<Response> {
    return fetch(`${this.running.cloud.ingestUrl}/posts`, { method: 'POST', body: JSON.stringify(body) });
  }
}

/** `pinterest-local-drift` → `drift` */
export const idOf = (alarm: string): string => alarm.replace(/^pinterest-local-/, '');

function writeShorterRules(folder: string): string[] {
  mkdirSync(folder);
  return ruleFiles().map((file) => {
    const short = join(folder, basename(file));
    writeFileSync(short, shorterRules(readFileSync(file, 'utf8'), SHORTER));
    return short;
  });
}
