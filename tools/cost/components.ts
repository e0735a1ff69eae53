/** One function per component of the bill: its cost without posts, and what the posts add. */
import { ROWS_OF_DUCKDB } from '../../lambda/compact/core';
import { aggregateMb, DUCKDB_VIEWS_SECONDS } from '../../lib/capacity/loads';
import { type PipelineConfig } from '../../lib/config';
import { batchFlow } from '../../lib/constructs/batch-flow';
import { TABLES } from '../../lib/constructs/view-store';
import { ASSUMPTIONS } from './assumptions';
import { interfaceEndpoints, MEMORY_MB, type Step } from './functions';
import { type Measured } from './measured';
import { airflowHour, brokerHour, PRICES } from './prices';
import { unitsOf } from './speed';
import { alarmMetrics, COMPOSITE_ALARMS, dashboards, ownSeries } from './watching';
import { type Workload } from './workload';

/** USD a month. */
export interface Cost {
  /** Without a post. */
  readonly fixed: number;
  /** What the posts add. */
  readonly usage: number;
  /** The quantities behind it, in a few words. */
  readonly basis: string;
}

export interface Scene {
  readonly config: PipelineConfig;
  readonly workload: Workload;
  readonly measured: Measured;
  /** Event poller units of all event sources together. */
  readonly pollerUnits: number;
  readonly brokerMetrics: boolean;
}

const GB = 1e9;
const MILLION = 1e6;
const HTTP_METER = 512 * 1024;
const CHEAPER_REQUESTS = 300 * MILLION;
const SPARK_MEMORY = { share: 1.1, least: 0.384 };
/** Driver and one executor. */
const SPARK_WORKERS = 2;
const READ_UNIT_KB = 4;
const hours = ASSUMPTIONS.hours.value;

const round = (value: number, digits = 0) =>
  value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: 0 });

/** GB that a broker must store: the posts of Kafka's retention, times the replicas. */
export function brokerGb({ config, workload, measured }: Pick<Scene, 'config' | 'workload' | 'measured'>): number {
  const days = (workload.posts / hours) * 24 * config.retentionDays;
  return (days * measured.postBytes * config.replicationFactor) / config.brokers / GB;
}

/** If the configured volumes are too small for the posts, the cost includes the missing storage. */
export function kafka(scene: Scene): Cost {
  const { brokers, brokerInstance, brokerVolumeGb } = scene.config;
  const missing = Math.max(0, brokerGb(scene) - brokerVolumeGb);
  return {
    fixed: brokers * (brokerHour(brokerInstance) * hours + brokerVolumeGb * PRICES.brokerStorage.usd),
    usage: brokers * missing * PRICES.brokerStorage.usd,
    basis: `${brokers} × ${brokerInstance}, ${round(brokerVolumeGb + missing)} GB each`,
  };
}

/** Producers, pollers and partition leaders are spread over the zones, so all traffic except one zone's share crosses zones. */
export function crossZone({ config, workload, measured }: Scene): Cost {
  const share = (config.availabilityZones - 1) / config.availabilityZones;
  const gb = (workload.posts * measured.postBytes * 3 * share) / GB;
  return { fixed: 0, usage: gb * PRICES.crossZone.usd, basis: `${round(gb, 1)} GB: in once, out twice` };
}

export function pollers({ pollerUnits }: Scene): Cost {
  // The configured minimum is billed without a post.
  const fixed = pollerUnits === 0 ? 0 : 1;
  const usd = hours * PRICES.pollerUnit.usd;
  return { fixed: fixed * usd, usage: (pollerUnits - fixed) * usd, basis: `${pollerUnits} event poller unit(s)` };
}

export function api({ workload }: Scene): Cost {
  const metered = workload.requests * Math.ceil(workload.requestBytes / HTTP_METER);
  const above = Math.max(0, metered - CHEAPER_REQUESTS);
  return {
    fixed: 0,
    usage: (metered - above) * PRICES.apiRequest.usd + above * PRICES.apiRequestAbove.usd,
    basis: `${round(workload.requests / MILLION, 2)} M requests of ${round(workload.requestBytes / 1024, 1)} KB`,
  };
}

/** USD for invocations of a step, with their milliseconds as measured on one vCPU. */
export function invocations(
  step: Step,
  count: number,
  milliseconds: number,
  architecture: PipelineConfig['architecture'],
  memory: number = MEMORY_MB[step],
): number {
  const stretched = milliseconds * Math.max(1, ASSUMPTIONS.vcpuMemory.value / memory);
  const gbSeconds = (count * stretched * memory) / 1024 / 1000;
  const price = architecture === 'arm64' ? PRICES.lambdaArm : PRICES.lambdaX86;
  return gbSeconds * price.usd + count * PRICES.lambdaRequest.usd;
}

const inMillions = (count: number, milliseconds: number) =>
  `${round(count / MILLION, 2)} M invocations of ${round(milliseconds)} ms`;

export function ingest({ config, workload, measured }: Scene): Cost {
  const ms = measured.ingest(workload.posts / workload.requests);
  const usage = invocations('ingest', workload.requests, ms, config.architecture);
  return { fixed: 0, usage, basis: inMillions(workload.requests, ms) };
}

export function archive({ config, workload, measured }: Scene): Cost {
  const { perMonth, records } = workload.archive;
  const ms = measured.archive(records);
  return {
    fixed: 0,
    usage: invocations('archive', perMonth, ms, config.architecture),
    basis: inMillions(perMonth, ms),
  };
}

export function aggregate({ config, workload, measured }: Scene): Cost {
  const { perMonth, records } = workload.aggregate;
  const ms = measured.aggregate(records);
  const usage = invocations('aggregate', perMonth, ms, config.architecture, aggregateMb(config));
  return { fixed: 0, usage, basis: inMillions(perMonth, ms) };
}

/** Whether DuckDB computes the views of all intervals. */
const isOfDuckdb = ({ config, workload }: Scene) => workload.postsPerInterval <= ROWS_OF_DUCKDB[config.viewsEngine];

/** Seal, compact, publish and reconcile run for each interval, however few posts it has. */
export function batchFunctions(scene: Scene): Cost {
  const { config, workload, measured } = scene;
  const { intervals, postsPerInterval } = workload;
  const { partitions, architecture } = config;
  const views = isOfDuckdb(scene) ? DUCKDB_VIEWS_SECONDS * 1_000 : 0;
  const total = (posts: number) =>
    invocations('compact', intervals * partitions, measured.compact(posts / partitions), architecture) +
    // Commit.
    invocations('compact', intervals, measured.reconcile(1) + posts * views, architecture) +
    invocations('seal', intervals, measured.reconcile(1), architecture) +
    invocations('publish', intervals, measured.publish(1), architecture) +
    invocations('reconcile', intervals, measured.reconcile(1), architecture);
  const fixed = total(0);
  return {
    fixed,
    usage: total(postsPerInterval) - fixed,
    basis: `${round(intervals)} intervals of ${partitions} partitions, ${round(measured.compact(postsPerInterval / partitions) / 1000, 1)} s each`,
  };
}

export function speedStore({ workload }: Scene): Cost {
  const { log, runs, posts, head } = workload.speedUnits;
  const units = unitsOf(workload.speedUnits);
  const million = (value: number) => round(value / MILLION, 1);
  return {
    fixed: 0,
    usage: units * PRICES.keyspacesWrite.usd,
    basis:
      `${million(units)} M write units: log ${million(log)}, runs ${million(runs)}, posts ${million(posts)}, ` +
      `heads ${million(head)}; ${round((units / workload.posts) * 1_000)} per 1,000 posts`,
  };
}

/** Writes of batch views, reads of reconcile, expiry of speed rows, and storage of the tables. */
export function otherStore({ config, workload, measured }: Scene): Cost {
  const { intervals, postsPerInterval, speedIntervals, speedUnits, posts } = workload;
  const { runUnits } = measured.speed;
  const batchKb = runUnits.at(postsPerInterval);
  const closedKb = speedIntervals * runUnits.at(posts / speedIntervals);
  const expiringKb = speedUnits.log + speedUnits.runs + speedUnits.posts;
  const writes = intervals * batchKb * 2;
  const reads = (closedKb + intervals * batchKb * 2) / READ_UNIT_KB;
  // Speed rows expire after some hours; batch rows do not.
  const stored = (kb: number, expiresAfter: number) => (kb / hours) * Math.min(hours, expiresAfter);
  const expiringStored =
    stored(speedUnits.log + speedUnits.runs, config.speedTtlHours) +
    stored(speedUnits.posts, TABLES.speedPosts.expires!(config));
  const storedBatch = intervals * batchKb * ASSUMPTIONS.storedMonths.value;
  const gb = (kb: number) => (kb * 1024) / GB;
  return {
    fixed: 0,
    usage:
      writes * PRICES.keyspacesWrite.usd +
      reads * PRICES.keyspacesRead.usd +
      expiringKb * PRICES.keyspacesTtlDelete.usd +
      gb(expiringStored + storedBatch) * PRICES.keyspacesStorage.usd +
      gb(storedBatch) * PRICES.keyspacesRecovery.usd,
    basis:
      `${round(writes / MILLION, 2)} M write units, ${round(reads / MILLION, 2)} M read units, ` +
      `${round(gb(expiringStored + storedBatch), 1)} GB`,
  };
}

export function s3Requests({ config, workload }: Scene): Cost {
  const batchPuts =
    workload.intervals * (config.partitions * ASSUMPTIONS.compactPuts.value + ASSUMPTIONS.lakePuts.value);
  const { perMonth } = workload.archive;
  return {
    fixed: batchPuts * PRICES.s3Put.usd,
    // Each object of the raw log is written once and read once, by compact.
    usage: perMonth * (PRICES.s3Put.usd + PRICES.s3Get.usd),
    basis: `${round(perMonth / MILLION, 2)} M objects of the raw log, ${round(batchPuts)} others`,
  };
}

export function s3Storage({ workload, measured }: Scene): Cost {
  const gb = (workload.posts * (measured.rawBytes + measured.parquetBytes) * ASSUMPTIONS.storedMonths.value) / GB;
  return { fixed: 0, usage: gb * PRICES.s3Storage.usd, basis: `${round(gb, 1)} GB, standard` };
}

/** Billed seconds of a Spark job. */
function sparkSeconds({ config, measured }: Scene, rows: number): number {
  const working = measured.spark.start + (rows * measured.spark.coreSecondsPerRow) / config.sparkCores;
  return Math.max(ASSUMPTIONS.sparkLeastSeconds.value, ASSUMPTIONS.sparkStartSeconds.value + working);
}

export function spark(scene: Scene): Cost {
  const { config, workload } = scene;
  if (isOfDuckdb(scene)) return { fixed: 0, usage: 0, basis: 'none: compact computes the views' };
  const { sparkCores, sparkMemoryGb, architecture } = config;
  const memory = sparkMemoryGb + Math.max(SPARK_MEMORY.least, (SPARK_MEMORY.share - 1) * sparkMemoryGb);
  const discount = architecture === 'arm64' ? 1 - PRICES.sparkArmDiscount.usd : 1;
  const workerHour = (sparkCores * PRICES.sparkVcpuX86.usd + memory * PRICES.sparkGbX86.usd) * discount;
  const seconds = (rows: number) => sparkSeconds(scene, rows);
  const total = (rows: number) => (workload.intervals * SPARK_WORKERS * workerHour * seconds(rows)) / 3600;
  const vcpuHours = (workload.intervals * SPARK_WORKERS * sparkCores * seconds(workload.postsPerInterval)) / 3600;
  // By size, an interval without posts needs no job.
  const fixed = config.viewsEngine === 'spark' ? total(0) : 0;
  return {
    fixed,
    usage: total(workload.postsPerInterval) - fixed,
    basis: `${round(vcpuHours)} vCPU-h: ${round(workload.intervals)} jobs of ${round(seconds(workload.postsPerInterval))} s`,
  };
}

/** Tasks of a run that are written down for MWAA Serverless, without the one that starts Spark. */
function stepTasks(config: PipelineConfig): number {
  const flow = batchFlow(config);
  return flow.reduce((sum, task) => sum + (task.kind === 'step' ? task.rounds : 0), 0);
}

/** Each task of a run is billed separately. The task that starts Spark waits for it; without Spark there is none. */
function airflowByTheRun(scene: Scene): Cost {
  const { config, workload } = scene;
  const least = ASSUMPTIONS.airflowTaskSeconds.value;
  const tasks = stepTasks(config);
  const withSpark = config.viewsEngine !== 'duckdb';
  const usd = (rows: number) =>
    ((workload.intervals * (tasks * least + (withSpark ? Math.max(least, sparkSeconds(scene, rows)) : 0))) / 3600) *
    PRICES.airflowTask.usd;
  const fixed = usd(0);
  return {
    fixed,
    usage: usd(workload.postsPerInterval) - fixed,
    basis: `${round(workload.intervals)} runs of ${tasks} tasks of a minute${withSpark ? ", and Spark's" : ''}`,
  };
}

export function airflow(scene: Scene): Cost {
  const { config } = scene;
  if (config.orchestrator === 'none') return { fixed: 0, usage: 0, basis: 'your own Airflow' };
  if (config.orchestrator === 'mwaa-serverless') return airflowByTheRun(scene);
  const database = ASSUMPTIONS.airflowDatabaseGb.value * PRICES.airflowDatabase.usd;
  return { fixed: airflowHour(config.airflowClass) * hours + database, usage: 0, basis: config.airflowClass };
}

export function network({ config, workload }: Scene): Cost {
  const nat = config.natGateways * hours * (PRICES.natHour.usd + PRICES.publicAddress.usd);
  const endpoints = interfaceEndpoints(config) * config.availabilityZones;
  // The rows pass the endpoint of Keyspaces.
  const gb = (unitsOf(workload.speedUnits) * 1024) / GB;
  return {
    fixed:
      nat + (nat > 0 ? ASSUMPTIONS.natGb.value * PRICES.natGb.usd : 0) + endpoints * hours * PRICES.endpointHour.usd,
    usage: gb * PRICES.endpointGb.usd,
    basis: `${config.natGateways} NAT gateway(s), ${endpoints} endpoint interfaces, ${round(gb, 1)} GB to Keyspaces`,
  };
}

const functionCalls = ({ workload }: Scene) => [
  workload.requests,
  workload.archive.perMonth,
  workload.aggregate.perMonth,
];

export function logs(scene: Scene): Cost {
  const { config, workload } = scene;
  const a = ASSUMPTIONS;
  const calls = functionCalls(scene).reduce((sum, count) => sum + count, 0);
  const bytes = calls * (a.platformLogBytes.value + a.reportBytes.value + a.flowLogBytes.value);
  const usageGb = (bytes + workload.requests * a.accessLogBytes.value) / GB;
  const fixedGb = config.brokers * a.brokerLogGb.value + a.airflowLogGb.value + a.flowLogGb.value;
  const stored = (a.logCompression.value * config.logRetentionDays) / 30.4;
  const price = PRICES.logGb.usd + stored * PRICES.logStorage.usd;
  return { fixed: fixedGb * price, usage: usageGb * price, basis: `${round(fixedGb + usageGb, 1)} GB` };
}

export function metrics({ config, brokerMetrics }: Scene): Cost {
  const own = ownSeries(config) + ASSUMPTIONS.apiMetrics.value;
  const count = own + (brokerMetrics ? config.brokers * ASSUMPTIONS.brokerMetrics.value : 0);
  return { fixed: count * PRICES.metric.usd, usage: 0, basis: `${round(count)} metrics` };
}

export function alarms({ config }: Scene): Cost {
  const read = alarmMetrics(config);
  return {
    fixed: read * PRICES.alarmMetric.usd + COMPOSITE_ALARMS * PRICES.compositeAlarm.usd,
    usage: 0,
    basis: `${read} metrics that alarms read, ${COMPOSITE_ALARMS} composite alarms`,
  };
}

export function cloudwatchDashboards({ config }: Scene): Cost {
  const count = dashboards(config);
  return { fixed: count * PRICES.dashboard.usd, usage: 0, basis: `${count} dashboard(s)` };
}

/** Each canary calls ingest and query: three functions, with little work. */
export function canary({ config }: Scene): Cost {
  const { canaryMinutes, architecture } = config;
  const count = canaryMinutes === 0 ? 0 : (hours * 60) / canaryMinutes;
  const ms = ASSUMPTIONS.canaryMilliseconds.value;
  const fixed = (['canary', 'ingest', 'query'] as const).reduce(
    (sum, step) => sum + invocations(step, count, ms, architecture),
    0,
  );
  return { fixed, usage: 0, basis: `${round(count)} canaries` };
}

/** Customer-managed keys. Requests to AWS-owned keys are not billed. */
export function key({ config }: Scene): Cost {
  const keys = config.kms === 'customer' ? 1 : 0;
  return { fixed: keys * PRICES.key.usd, usage: 0, basis: `${keys} key(s)` };
}

/** Depends on the configuration: stage dev has no workspace. */
export function prometheus({ config }: Scene): Cost {
  if (config.prometheus !== 'managed') return { fixed: 0, usage: 0, basis: 'none' };
  const { scrapedSeries, scrapeSeconds } = ASSUMPTIONS;
  const samples = (config.brokers * scrapedSeries.value * hours * 3600) / scrapeSeconds.value;
  const perSample = PRICES.prometheusCollected.usd + PRICES.prometheusIngested.usd;
  return {
    fixed: hours * PRICES.prometheusScraper.usd + samples * perSample,
    usage: 0,
    basis: `a scraper, ${round(samples / MILLION)} M samples`,
  };
}

export function grafana({ config }: Scene): Cost {
  const editors = config.grafana === 'managed' ? ASSUMPTIONS.grafanaEditors.value : 0;
  return { fixed: editors * PRICES.grafanaEditor.usd, usage: 0, basis: `${editors} editor(s)` };
}

export function traces(scene: Scene): Cost {
  const seconds = hours * 3600;
  const { tracedFirst, tracedShare } = ASSUMPTIONS;
  const traced = functionCalls(scene).map((count) => {
    const first = Math.min(count, tracedFirst.value * seconds);
    return first + (count - first) * tracedShare.value;
  });
  const count = scene.config.tracing ? traced.reduce((sum, each) => sum + each, 0) : 0;
  return { fixed: 0, usage: count * PRICES.trace.usd, basis: `${round(count / MILLION, 2)} M traces` };
}
