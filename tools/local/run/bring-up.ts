/** From a clone to a running pipeline: synthesizes the templates while the engines start, then creates what they define. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { cdkSynth } from '../../assembly/cdk-synth';
import { REGION } from '../../assembly/local-account';
import { readLocalPlan } from '../../assembly/read-plan';
import {
  type AirflowEngine,
  type CassandraEngine,
  type KafkaEngine,
  PROMETHEUS_HINT,
  type S3Engine,
  settled,
  sparkCommand,
  startAirflow,
  startCassandra,
  startKafka,
  startS3,
  stopAll,
  type Stoppable,
} from '../../engines';
import { clusterNameOf, measureBrokers } from '../aws/broker-metrics';
import { groupLags, RECENT_MS } from '../aws/lag';
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../aws/local-cloud';
import { serveAirflow } from '../aws/airflow-page';
import { serveMetrics } from '../aws/metrics-page';
import { type CallRecorder } from '../aws/recorder';
import { type LocalPlan } from '../../assembly/local-plan';
import { type Clock } from './clock';
import { type AlarmOptions, type RunningAlarms, watchAlarms } from './alarms';
import { canMonitor, type Monitoring, startMonitoring, type Watched } from './monitoring';

export interface Running {
  readonly plan: LocalPlan;
  readonly kafka: KafkaEngine;
  readonly cassandra: CassandraEngine;
  readonly s3: S3Engine;
  readonly cloud: LocalCloud;
  /** Starts Airflow, which needs the cloud; the first posts do not have to wait for it. */
  startOrchestration(): Promise<AirflowEngine>;
  /** Starts a Prometheus, which needs the cloud; undefined, with a printed hint, where it is not installed. */
  startMonitoring(options?: MonitoringOptions): Promise<Monitoring | undefined>;
  /** Starts to evaluate the alarms of the templates. */
  watchAlarms(options?: AlarmOptions): RunningAlarms;
  /** Ends everything that was started, latest first. */
  stop(): Promise<void>;
}

export interface MonitoringOptions extends Pick<Watched, 'intervalSeconds' | 'ruleFiles'> {
  /** Name of its folder, unique in a run. @default prometheus */
  readonly folder?: string;
  /** Whether it reads the broker and what is reported for it, which is all that the rules look at. @default false */
  readonly brokerOnly?: boolean;
}

type Before = (endpoint: string) => Promise<string>;
const nothing: Before = async (endpoint) => endpoint;

export interface BringUpOptions extends Pick<LocalCloudOptions, 'routing'> {
  /** Folder of data and logs, absolute. */
  readonly directory: string;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** Called for failed attempts of event sources. @default say */
  readonly onError?: (message: string) => void;
  /** Configuration of the templates in addition to the stage, e.g. `{ batchSize: '100' }`. @default - none */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Records every AWS call of functions, Spark and Airflow. @default - calls are not recorded */
  readonly recorder?: CallRecorder;
  /** Puts something between the functions and Cassandra: given its endpoint, it returns the one in front. @default - nothing */
  readonly beforeStore?: Before;
  /** The same of S3; Spark and Airflow use the one in front, too. @default - nothing */
  readonly beforeLake?: Before;
}

/** @throws Error of one line, or with the end of the log of what did not start */
export async function bringUp(options: BringUpOptions): Promise<Running> {
  const { directory, clock, say, onError = say, overrides, recorder, routing } = options;
  const { beforeStore = nothing, beforeLake = nothing } = options;
  const started: Stoppable[] = [];
  const track = async <T extends Stoppable>(starting: Promise<T>): Promise<T> => {
    const running = await starting;
    started.push(running);
    return running;
  };
  const stop = () => stopAll(started);
  try {
    const at = (name: string) => join(directory, name);
    const exporter = canMonitor();
    // All are awaited even if one fails, so that what starts later is ended as well.
    const [plan, kafka, cassandra, s3] = await settled([
      clock.phase('synthesize the templates', () => synthesize(at('cdk.out'), overrides)),
      clock.phase('start Kafka', () => track(startKafka({ dir: at('kafka'), exporter }))),
      clock.phase('start Cassandra', () =>
        track(startCassandra({ dir: at('cassandra'), persistent: true, region: REGION, exporter })),
      ),
      clock.phase('start S3', () => track(startS3({ dir: at('s3'), persistent: true }))),
    ]);
    /** The endpoint that `caller` uses for `target`: the target itself, or the recorder in front of it. */
    const endpointFor = async (caller: string, service: 's3' | 'control', target: string) =>
      recorder ? recorder.before(caller, service, target) : target;
    const lake = await beforeLake(s3.endpoint);
    const hasJobs = plan.applications.length > 0;
    const s3OfSpark = hasJobs ? await endpointFor('spark', 's3', lake) : lake;
    const cloud = await clock.phase('create what they define', async () =>
      track(
        startLocalCloud(
          plan,
          {
            kafka,
            cassandra: { ...cassandra, endpointUrl: await beforeStore(cassandra.endpointUrl) },
            s3: { ...s3, endpoint: lake },
          },
          {
            directory: at('cloud'),
            ...(hasJobs && { sparkCommand: sparkCommand({ s3Endpoint: s3OfSpark, workDir: at('spark') }) }),
            functionEnvironment: recorder?.functionEnvironment,
            routing,
            onError,
          },
        ),
      ),
    );
    let airflow: AirflowEngine | undefined;
    const startOrchestration = () =>
      clock.phase('start Airflow', async () => {
        // The stored intervals determine what is due, not Airflow's table of runs. A run left over from a crash would only block.
        rmSync(at('airflow'), { recursive: true, force: true });
        const control = await endpointFor('airflow', 'control', cloud.controlUrl);
        airflow = await track(
          startAirflow({
            dir: at('airflow'),
            dagsFolder: cloud.dagsFolder,
            env: cloud.airflowEnv,
            endpoints: {
              ...cloud.airflowEndpoints,
              lambda: control,
              'emr-serverless': control,
              s3: await endpointFor('airflow', 's3', lake),
            },
            region: REGION,
          }),
        );
        return airflow;
      });
    const monitor = async ({ folder = 'prometheus', brokerOnly = false, ...options }: MonitoringOptions = {}) => {
      if (!exporter) {
        say(PROMETHEUS_HINT);
        return undefined;
      }
      const lags = async () => groupLags(plan, await cloud.lag(RECENT_MS));
      return clock.phase('start Prometheus', async () => {
        const page = await track(serveMetrics({ series: () => cloud.series(), lags }));
        const ofBroker = { kafka, functions: new URL(page.url).host, ...options };
        if (brokerOnly) return track(startMonitoring(at(folder), ofBroker));
        const ofAirflow = await track(serveAirflow(() => airflow));
        return track(startMonitoring(at(folder), { ...ofBroker, cassandra, airflow: new URL(ofAirflow.url).host }));
      });
    };
    const alarms = (options?: AlarmOptions) => {
      const clusterName = clusterNameOf(plan.eventSources[0].clusterArn);
      const ofBrokers = () => measureBrokers(cloud.points, clusterName, [kafka]);
      const watching = watchAlarms(plan, cloud.points, [() => cloud.measureLag(), ofBrokers], options);
      started.push(watching);
      return watching;
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

/** `cdk synth`, the command that users run, for stage `local`. */
async function synthesize(output: string, overrides: BringUpOptions['overrides'] = {}): Promise<LocalPlan> {
  await cdkSynth({ ...overrides, stage: 'local' }, output);
  return readLocalPlan(output);
}
