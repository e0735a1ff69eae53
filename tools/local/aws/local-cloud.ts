/** Creates the resources of a plan on running engines: connects all parts of the local cloud. */
import { join } from 'node:path';
import {
  type EnvironmentPlan,
  type EventSourcePlan,
  type FunctionPlan,
  findFunction,
  type HttpApiPlan,
  type LocalPlan,
} from '../../assembly/local-plan';
import {
  type CassandraEngine,
  type KafkaEngine,
  s3Client,
  type S3Engine,
  type SparkCommand,
  stopAll,
  type Stoppable,
} from '../../engines';
import { clusterNameOf } from './broker-metrics';
import { startControlApi } from './control-api';
import { type Counters, type Durations, type Series } from './counters';
import { type DataPoints } from './data-points';
import { deployedFiles, upload, writeDags } from './deployed-files';
import { type EventSource, type EventSourceMetrics, startEventSource } from './event-source';
import { type FunctionHost, type Routing, startFunctionHost } from './function-host';
import { type GroupLag, groupLags, type Lags, RECENT_MS, sharedLag } from './lag';
import { metricData } from './metric-data';
import { startHttpApi } from './http-api';
import { startSchedule } from './schedule';
import { type RunningServer } from './server';

export interface LocalEngines {
  readonly kafka: Pick<KafkaEngine, 'brokers' | 'createTopic'>;
  readonly s3: Pick<S3Engine, 'endpoint' | 'createBucket'>;
  readonly cassandra: Pick<CassandraEngine, 'endpointUrl' | 'applySchema'>;
}

export interface LocalCloudOptions {
  /** Absolute folder of the run: logs of functions and jobs, the DAG folder. */
  readonly directory: string;
  /** Runs a Spark job. @default - the templates have no application of EMR Serverless */
  readonly sparkCommand?: SparkCommand;
  /** @default - free ports */
  readonly ports?: { readonly ingest?: number; readonly query?: number; readonly control?: number };
  /** Added to the environment of every function. @default - nothing */
  readonly functionEnvironment?: Readonly<Record<string, string>>;
  /** How invocations find an instance of a function. */
  readonly routing?: Routing;
  /** Called for failed attempts of event sources. @default - they are only counted */
  readonly onError?: (message: string) => void;
}

export interface LocalCloud {
  /** Without a trailing slash. */
  readonly ingestUrl: string;
  readonly queryUrl: string;
  /** Lambda, EMR Serverless, MSK and CloudWatch. */
  readonly controlUrl: string;
  /** URL of every API by its logical id. */
  readonly apis: Readonly<Record<string, string>>;
  /** Folder of Airflow's DAGs, with the files of the environment's bucket. */
  readonly dagsFolder: string;
  /** Airflow's configuration options as environment variables. */
  readonly airflowEnv: Readonly<Record<string, string>>;
  /** Endpoints for its AWS connection, by boto3 client name. */
  readonly airflowEndpoints: Readonly<Record<string, string>>;
  /** step → metric → sum; the maximum for metrics in milliseconds. */
  counters(): Counters;
  durations(step: string, metric: string): Durations | undefined;
  /** Every metric that functions reported, by dimensions. */
  series(): readonly Series[];
  /** Single values that functions report, and those that AWS reports of functions, APIs and brokers. */
  readonly points: DataPoints;
  /** Adds the points that MSK reports of consumer groups. @throws Error if Kafka does not respond */
  measureLag(): Promise<void>;
  /**
   * Stops or starts a function's event source, as `update-event-source-mapping` does; a stop waits for the invocations in
   * flight.
   * @param name as in `invoke`
   */
  enableEventSource(name: string, enabled: boolean): Promise<void>;
  /** By the function's logical id. */
  eventSources(): Readonly<Record<string, EventSourceMetrics>>;
  /**
   * @param maxAgeMs maximum age of the measurement. @default 0
   * @throws Error if Kafka does not respond
   */
  lag(maxAgeMs?: number): Promise<Lags>;
  /**
   * @param name the function's name or ARN, or a word that only its logical id contains (`archive`)
   * @throws Error with the function's own error
   */
  invoke(name: string, event: unknown): Promise<unknown>;
  /** SIGKILL to a function's processes. False if it has none. @param name as in `invoke` */
  kill9(name: string): boolean;
  /** As of the function host. @param name as in `invoke` */
  abandon(name: string): (() => void) | undefined;
  /** Process ids and maximum resident set sizes (MB) by the function's logical id. */
  processes(): Readonly<Record<string, { readonly pids: readonly number[]; readonly rssMb?: number }>>;
  /** Drains the event sources, then ends everything. */
  stop(): Promise<void>;
}

/** The stack outputs that identify the APIs. */
export const INGEST_OUTPUT = 'IngestUrl';
export const QUERY_OUTPUT = 'QueryUrl';

/** @throws Error naming what of the plan could not be created */
export async function startLocalCloud(
  plan: LocalPlan,
  engines: LocalEngines,
  options: LocalCloudOptions,
): Promise<LocalCloud> {
  const environment = theOnly(plan.environments, 'Airflow environment');
  // Ended in reverse order: event sources drain while their functions still run.
  const started: Stoppable[] = [];
  try {
    const dagsFolder = join(options.directory, 'dags');
    const files = deployedFiles(plan.deployments);
    writeDags(files, environment, dagsFolder);
    await Promise.all([
      createTopics(plan, engines),
      engines.cassandra.applySchema(
        plan.keyspaces.map(({ name }) => ({ KeyspaceName: name })),
        plan.tables.map(({ properties }) => properties),
      ),
      fillBuckets(plan, engines, files),
    ]);

    const functionEnvironment: Record<string, string> = {
      ...options.functionEnvironment,
      AWS_ENDPOINT_URL_S3: engines.s3.endpoint,
      AWS_ENDPOINT_URL_KEYSPACES: engines.cassandra.endpointUrl,
    };
    const functions = startFunctionHost(plan.functions, {
      logs: join(options.directory, 'functions'),
      environment: functionEnvironment,
      ...options.routing,
    });
    started.push(functions);
    const { points } = functions.counters;
    const sources = new Map<string, EventSource>();
    const lags = sharedLag(async () =>
      Object.fromEntries(
        await Promise.all([...sources].map(async ([id, source]) => [id, await source.lag()] as const)),
      ),
    );
    const control = await startControlApi({
      port: options.ports?.control,
      plan,
      functions,
      brokers: engines.kafka.brokers,
      metrics: metricData(functions.counters.byMinute, {
        now: Date.now,
        lag: async (functionName) => {
          const lag = (await lags(RECENT_MS))[findFunction(plan.functions, functionName).logicalId];
          return lag && Object.values(lag).reduce((sum, records) => sum + records, 0);
        },
      }),
      sparkCommand: options.sparkCommand,
      logs: join(options.directory, 'jobs'),
    });
    started.push(control);
    // No function runs before this point.
    functionEnvironment.AWS_ENDPOINT_URL_KAFKA = control.url;
    functionEnvironment.AWS_ENDPOINT_URL_LAMBDA = control.url;
    functionEnvironment.AWS_ENDPOINT_URL_CLOUDWATCH = control.url;

    const apis = new Map<string, RunningServer>();
    for (const api of plan.apis) {
      const port = portOf(plan, api, options);
      apis.set(
        api.logicalId,
        await startHttpApi(api, {
          port,
          invoke: (name, event) => functions.invoke(name, event),
          onResponse: (statusCode) => countResponse(points, api, statusCode),
        }),
      );
      started.push(apis.get(api.logicalId)!);
    }
    const poll = (source: EventSourcePlan) =>
      sources.set(
        findFunction(plan.functions, source.functionName).logicalId,
        startEventSource(source, {
          brokers: engines.kafka.brokers,
          invoke: (event) => functions.invoke(source.functionName, event),
          onError: options.onError,
        }),
      );
    plan.eventSources.filter(({ enabled }) => enabled).forEach(poll);
    started.push({ stop: async () => void (await Promise.all([...sources.values()].map((source) => source.stop()))) });
    for (const schedule of plan.schedules) {
      const call = async (name: string) => {
        const { error } = await functions.invoke(name, '{}');
        if (error) options.onError?.(`${name}: ${error.errorType}: ${error.errorMessage}`);
      };
      started.push(startSchedule(schedule, call));
    }
    return {
      ingestUrl: apis.get(apiOf(plan, INGEST_OUTPUT).logicalId)!.url,
      queryUrl: apis.get(apiOf(plan, QUERY_OUTPUT).logicalId)!.url,
      controlUrl: control.url,
      apis: Object.fromEntries([...apis].map(([logicalId, { url }]) => [logicalId, url])),
      dagsFolder,
      airflowEnv: airflowEnvironment(environment),
      airflowEndpoints: { lambda: control.url, 'emr-serverless': control.url, s3: engines.s3.endpoint },
      counters: () => functions.counters.counters(),
      durations: (step, metric) => functions.counters.durations(step, metric),
      series: () => functions.counters.series(),
      eventSources: () => Object.fromEntries([...sources].map(([id, source]) => [id, source.metrics()])),
      lag: (maxAgeMs = 0) => lags(maxAgeMs),
      points,
      measureLag: async () => countLag(points, groupLags(plan, await lags(RECENT_MS))),
      enableEventSource: async (name, enabled) => {
        const { logicalId } = findFunction(plan.functions, name);
        const source = sources.get(logicalId);
        if (!source) throw new Error(`${logicalId} has no event source that is enabled in the templates`);
        await source.stop();
        if (enabled) poll(source.plan);
      },
      invoke: (name, event) => invoke(functions, findFunction(plan.functions, name), event),
      kill9: (name) => functions.kill9(findFunction(plan.functions, name).name),
      abandon: (name) => functions.abandon(findFunction(plan.functions, name).name),
      processes: () => processes(plan.functions, functions),
      stop: () => stopAll(started),
    };
  } catch (error) {
    await stopAll(started);
    throw error;
  }
}

function theOnly<T extends { readonly path: string }>(things: readonly T[], what: string): T {
  if (things.length === 1) return things[0];
  throw new Error(
    `the local run needs one ${what}, the templates have ${things.map(({ path }) => path).join(', ') || 'none'}`,
  );
}

async function createTopics(plan: LocalPlan, { kafka }: LocalEngines): Promise<void> {
  for (const topic of plan.topics) {
    // There is one local broker; a template that needs more is of another stage.
    if (topic.replicationFactor !== 1) {
      throw new Error(`${topic.path}: ReplicationFactor must be 1 in a local run, got ${topic.replicationFactor}`);
    }
    await kafka.createTopic(topic.name, topic.partitions, topic.configs);
  }
}

async function fillBuckets(
  plan: LocalPlan,
  { s3 }: LocalEngines,
  files: ReturnType<typeof deployedFiles>,
): Promise<void> {
  for (const { name } of plan.buckets) await s3.createBucket(name);
  const client = s3Client(s3.endpoint);
  try {
    await upload(client, files);
  } finally {
    client.destroy();
  }
}

/** The API whose id is the first label of the host in an output. */
function apiOf(plan: LocalPlan, output: string): HttpApiPlan {
  const url = plan.outputs[output] ?? '';
  const found = plan.apis.find(({ id }) => url.startsWith(`https://${id}.`));
  if (!found) throw new Error(`output ${output} must be the URL of an HTTP API of the templates, got '${url}'`);
  return found;
}

function portOf(plan: LocalPlan, api: HttpApiPlan, { ports }: LocalCloudOptions): number | undefined {
  if (api === apiOf(plan, INGEST_OUTPUT)) return ports?.ingest;
  return api === apiOf(plan, QUERY_OUTPUT) ? ports?.query : undefined;
}

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html */
function countResponse(points: DataPoints, api: HttpApiPlan, statusCode: number): void {
  const counts = { Count: 1, '4xx': Number(statusCode >= 400 && statusCode < 500), '5xx': Number(statusCode >= 500) };
  for (const [name, value] of Object.entries(counts)) {
    points.add({ namespace: 'AWS/ApiGateway', name, dimensions: { ApiId: api.id } }, value, Date.now());
  }
}

/** @see https://docs.aws.amazon.com/msk/latest/developerguide/consumer-lag.html */
function countLag(points: DataPoints, lags: readonly GroupLag[]): void {
  for (const { clusterArn, groupId, topic, max } of lags) {
    const dimensions = { 'Cluster Name': clusterNameOf(clusterArn), 'Consumer Group': groupId, Topic: topic };
    points.add({ namespace: 'AWS/Kafka', name: 'MaxOffsetLag', dimensions }, max, Date.now());
  }
}

async function invoke(functions: FunctionHost, plan: FunctionPlan, event: unknown): Promise<unknown> {
  const invocation = await functions.invoke(plan.name, JSON.stringify(event));
  if (!invocation.error) return JSON.parse(invocation.payload);
  throw new Error(`${plan.logicalId}: ${invocation.error.errorType}: ${invocation.error.errorMessage}`);
}

function processes(plans: readonly FunctionPlan[], functions: FunctionHost) {
  const pids = functions.pids();
  const memory = functions.memory();
  return Object.fromEntries(
    plans.map(({ name, logicalId }) => [logicalId, { pids: pids[name] ?? [], rssMb: memory[name] }]),
  );
}

/**
 * `section.key` → `AIRFLOW__SECTION__KEY`, as MWAA hands its options to Airflow.
 * @see https://docs.aws.amazon.com/mwaa/latest/userguide/configuring-env-variables.html
 */
export function airflowEnvironment(environment: EnvironmentPlan): Record<string, string> {
  const options = Object.entries(environment.configuration).map(([name, value]) => {
    const [, section, key] = /^([^.]+)\.(.+)$/.exec(name) ?? [];
    if (section === undefined) throw new Error(`${environment.path}: option must be section.key, got '${name}'`);
    return [`AIRFLOW__${section.toUpperCase()}__${key.toUpperCase()}`, value] as const;
  });
  return Object.fromEntries(options);
}
