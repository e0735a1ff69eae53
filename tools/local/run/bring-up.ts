/** From a clone to a running pipeline: the templates are synthesized while the engines start, then run as they say. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { cdkSynth } from '../../assembly/cdk-synth';
import { REGION } from '../../assembly/local-account';
import { readLocalPlan } from '../../assembly/read-plan';
import { type AirflowEngine, startAirflow } from '../../engines/airflow';
import { type CassandraEngine, startCassandra } from '../../engines/cassandra';
import { type KafkaEngine, startKafka } from '../../engines/kafka';
import { startS3, type S3Engine } from '../../engines/s3';
import { settled } from '../../engines/settled';
import { PROMETHEUS_HINT } from '../../engines/prometheus';
import { sparkCommand } from '../../engines/spark';
import { clusterNameOf, measureBrokers } from '../aws/broker-metrics';
import { groupLags, RECENT_MS } from '../aws/lag';
import { type LocalCloud, startLocalCloud } from '../aws/local-cloud';
import { serveAirflow } from '../aws/airflow-page';
import { serveMetrics } from '../aws/metrics-page';
import { type CallRecorder } from '../aws/recorder';
import { type LocalPlan } from '../../assembly/local-plan';
import { type Stoppable, stopAll } from '../../kit/stop-all';
import { type Clock } from './clock';
import { type AlarmOptions, type RunningAlarms, watchAlarms } from './alarms';
import { canMonitor, type Monitoring, startMonitoring, type Watched } from './monitoring';

export interface Running {
  readonly plan: LocalPlan;
  readonly kafka: KafkaEngine;
  readonly cassandra: CassandraEngine;
  readonly s3: S3Engine;
  readonly cloud: LocalCloud;
  /** Starts Airflow, which needs the cloud; the first posts need not wait for it. */
  startOrchestration(): Promise<AirflowEngine>;
  /** Starts a Prometheus, which needs the cloud; undefined where it is not installed, which is said. */
  startMonitoring(options?: MonitoringOptions): Promise<Monitoring | undefined>;
  /** Begins to evaluate the alarms of the templates. */
  watchAlarms(options?: AlarmOptions): RunningAlarms;
  /** Ends everything that is up, latest first. */
  stop(): Promise<void>;
}

export interface MonitoringOptions extends Pick<Watched, 'intervalSeconds' | 'ruleFiles'> {
  /** Name of its folder; each Prometheus of a run has its own. @default prometheus */
  readonly folder?: string;
}

export interface BringUpOptions {
  /** Where data and logs live, absolute. */
  readonly directory: string;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** Configuration of the templates beside the stage, e.g. `{ batchSize: '100' }`. @default - none */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Sees every AWS call of functions, Spark and Airflow. @default - they are not watched */
  readonly recorder?: CallRecorder;
}

/** @throws Error of one line, or with the last lines of the log of what did not come up */
export async function bringUp({ directory, clock, say, overrides, recorder }: BringUpOptions): Promise<Running> {
  const up: Stoppable[] = [];
  const track = async <T extends Stoppable>(starting: Promise<T>): Promise<T> => {
    const started = await starting;
    up.push(started);
    return started;
  };
  const stop = () => stopAll(up);
  try {
    const at = (name: string) => join(directory, name);
    const exporter = canMonitor();
    // All are awaited, also if one fails, so that what came up later is ended as well.
    const [plan, kafka, cassandra, s3] = await settled([
      clock.phase('synthesize the templates', () => synthesize(at('cdk.out'), overrides)),
      clock.phase('start Kafka', () => track(startKafka({ dir: at('kafka'), exporter }))),
      clock.phase('start Cassandra', () =>
        track(startCassandra({ dir: at('cassandra'), persistent: true, region: REGION, exporter })),
      ),
      clock.phase('start S3', () => track(startS3({ dir: at('s3'), persistent: true }))),
    ]);
    /** Where `caller` finds what is at `target`: there, or at the recorder in front of it. */
    const seenAt = async (caller: string, service: 's3' | 'control', target: string) =>
      recorder ? recorder.before(caller, service, target) : target;
    const s3OfSpark = await seenAt('spark', 's3', s3.endpoint);
    const cloud = await clock.phase('bring up what they say', () =>
      track(
        startLocalCloud(
          plan,
          { kafka, cassandra, s3 },
          {
            directory: at('cloud'),
            sparkCommand: sparkCommand({ s3Endpoint: s3OfSpark, workDir: at('spark') }),
            functionEnvironment: recorder?.functionEnvironment,
            onError: say,
          },
        ),
      ),
    );
    let airflow: AirflowEngine | undefined;
    const startOrchestration = () =>
      clock.phase('start Airflow', async () => {
        // What is due is told by the chain of intervals, not by Airflow's table of runs: a run that a crash left behind
        // would only be in the way.
        rmSync(at('airflow'), { recursive: true, force: true });
        const control = await seenAt('airflow', 'control', cloud.controlUrl);
        airflow = await track(
          startAirflow({
            dir: at('airflow'),
            dagsFolder: cloud.dagsFolder,
            env: cloud.airflowEnv,
            endpoints: {
              ...cloud.airflowEndpoints,
              lambda: control,
              'emr-serverless': control,
              s3: await seenAt('airflow', 's3', s3.endpoint),
            },
            region: REGION,
          }),
        );
        return airflow;
      });
    const monitor = async ({ folder = 'prometheus', ...options }: MonitoringOptions = {}) => {
      if (!exporter) {
        say(PROMETHEUS_HINT);
        return undefined;
      }
      const lags = async () => groupLags(plan, await cloud.lag(RECENT_MS));
      return clock.phase('start Prometheus', async () => {
        const page = await track(serveMetrics({ series: () => cloud.series(), lags }));
        const ofAirflow = await track(serveAirflow(() => airflow));
        const pages = { functions: new URL(page.url).host, airflow: new URL(ofAirflow.url).host };
        return track(startMonitoring(at(folder), { kafka, cassandra, ...pages, ...options }));
      });
    };
    const alarms = (options?: AlarmOptions) => {
      const clusterName = clusterNameOf(plan.eventSources[0].clusterArn);
      const ofBrokers = () => measureBrokers(cloud.points, clusterName, [kafka]);
      const started = watchAlarms(plan, cloud.points, [() => cloud.measureLag(), ofBrokers], options);
      up.push(started);
      return started;
    };
    return {
      ...{ plan, kafka, cassandra, s3, cloud, stop },
      ...{ startOrchestration, startMonitoring: monitor, watchAlarms: alarms },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function synthesize(output: string, overrides: BringUpOptions['overrides'] = {}): Promise<LocalPlan> {
  await cdkSynth({ ...overrides, stage: 'local' }, output);
  return readLocalPlan(output);
}
