/**
 * A local run that goes on while faults are made, watched as a deployment is: by the alarms of the templates and by the rules
 * of Prometheus. A minute of their periods is a second here, or each fault would have to last for half an hour.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AlarmState } from '../../tools/local/alarms/evaluate';
import { type AirflowEngine, type Engine } from '../../tools/engines';
import { type RunningAlarms } from '../../tools/local/run/alarms';
import { bringUp, type Running } from '../../tools/local/run/bring-up';
import { startClock } from '../../tools/local/run/clock';
import { vectorOf } from '../support/prometheus-queries';
import { type QueryClient, queryClient } from '../../tools/local/run/query-client';
import { watch, type Watchdog } from '../../tools/local/run/watchdog';
import { idOf, stateOf, untilAlarms, untilAlerts } from '../support/until';
import { repeatedly } from '../../tools/kit/repeatedly';
import { CANARY_MS, SHORTER, shorterAlarm } from '../support/shorter-alarms';
import { throttlingStore, type ThrottlingStore } from '../support/throttling-store';
import { writeShorterRules } from '../support/shorter-rules';

/**
 * Small batches, so that a lag of ten of them is some hundred records, and as little time for publishing as the configuration
 * takes, so that the boundary is late within minutes.
 */
const OVERRIDES = { batchSize: '50', publishDelayMinutes: '1' };

const MINUTE_MS = 60_000;
const SLOW_MS = 2_000;
const POLL_MS = 5;

export class ObservedRun {
  readonly query: QueryClient;
  private watchdog: Watchdog | undefined;
  private repeated: (() => Promise<void>)[] = [];
  private readonly stopCanaries: () => Promise<void>;

  private constructor(
    private readonly directory: string,
    readonly running: Running,
    readonly alarms: RunningAlarms,
    /** Comes up while posts already flow. */
    readonly airflow: Promise<AirflowEngine>,
    /** Of the Prometheus that every run has, with the deployed rules. */
    readonly prometheus: string,
    /** Of another one beside it, with the rules in short time. */
    readonly prometheusInShort: string,
    readonly store: ThrottlingStore,
  ) {
    this.query = queryClient(running.cloud.queryUrl);
    this.superviseEngines();
    this.stopCanaries = repeatedly(CANARY_MS, () => running.cloud.invoke('canary', {}));
  }

  static async start(): Promise<ObservedRun> {
    const directory = mkdtempSync(join(tmpdir(), 'observed-'));
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    const store = throttlingStore();
    const running = await bringUp({
      ...{ directory, clock: startClock(say), say, overrides: OVERRIDES },
      beforeStore: (url) => store.before(url),
    });
    const airflow = running.startOrchestration();
    // Awaited by the test that needs it.
    airflow.catch(() => undefined);
    try {
      const [monitoring, inShort] = await Promise.all([
        running.startMonitoring(),
        running.startMonitoring({
          folder: 'prometheus-in-short',
          // The rules read nothing else. Read each second, Airflow and the store took a tenth of the run's processor time.
          brokerOnly: true,
          intervalSeconds: 1,
          ruleFiles: writeShorterRules(join(directory, 'rules'), SHORTER),
        }),
      ]);
      if (!monitoring || !inShort) throw new Error(lines.join('\n'));
      // CloudWatch looks once a minute.
      const alarms = running.watchAlarms({ everyMs: MINUTE_MS / SHORTER, change: shorterAlarm });
      return new ObservedRun(
        directory,
        running,
        alarms,
        airflow,
        monitoring.prometheus.url,
        inShort.prometheus.url,
        store,
      );
    } catch (error) {
      await airflow.catch(() => undefined);
      await running.stop();
      store.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.airflow.catch(() => undefined);
    this.watchdog?.stop();
    await this.stopCanaries();
    await this.running.stop();
    this.store.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** {@link repeatedly}, at the latest until {@link settle}. */
  repeat(everyMs: number, work: () => Promise<unknown>): () => Promise<void> {
    const stop = repeatedly(everyMs, work);
    this.repeated.push(stop);
    return stop;
  }

  /**
   * Has an engine answer every other second only, until a step has taken in a batch or two: so that a backlog lasts for as long on
   * a fast machine as on a slow one. At the latest until {@link settle}.
   */
  slow(engine: Pick<Engine, 'suspend' | 'resume'>, step: string): () => Promise<void> {
    const taken = () => this.running.cloud.counters()[step].received;
    engine.suspend();
    const stopRepeating = repeatedly(SLOW_MS, async () => {
      const before = taken();
      engine.resume();
      for (const end = Date.now() + SLOW_MS / 2; taken() === before && Date.now() < end;) await sleep(POLL_MS);
      engine.suspend();
    });
    const stop = async () => {
      await stopRepeating();
      engine.resume();
    };
    this.repeated.push(stop);
    return stop;
  }

  /** After a test, also one that failed: engines come back, and nothing is repeated any longer. */
  async settle(): Promise<void> {
    this.superviseEngines();
    this.store.throttle(false);
    const stops = this.repeated;
    this.repeated = [];
    await Promise.all(stops.map((stop) => stop()));
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
    return stateOf(this.alarms, id);
  }

  /** Waits until alarms are in a state. */
  untilAlarms(state: AlarmState, ...ids: readonly string[]): Promise<void> {
    return untilAlarms(this.alarms, state, ...ids);
  }

  /** Waits until Prometheus fires an alert, or until it does no longer. */
  untilAlert(name: string, fires: boolean): Promise<void> {
    return untilAlerts(this.prometheusInShort, fires, name);
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
