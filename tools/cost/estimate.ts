/** The bill of a stage at a rate: components, their sum, and the changes that lower it, largest first. */
import { MAX_REQUEST_BYTES } from '../../lambda/ingest/core';
import { type PipelineConfig } from '../../lib/config';
import { ASSUMPTIONS } from './assumptions';
import * as components from './components';
import { MEASURED, type Measured } from './measured';
import { type Load, type Workload, workloadOf } from './workload';

export interface Component {
  readonly name: string;
  /** USD a month without a post. */
  readonly fixed: number;
  /** USD a month that the posts add. */
  readonly usage: number;
  /** USD a month. */
  readonly monthly: number;
  /** USD, fixed part included. */
  readonly perMillionPosts: number;
  readonly basis: string;
}

export interface Lever {
  readonly name: string;
  /** USD a month. */
  readonly saves: number;
  readonly givesUp: string;
}

export interface Estimate {
  readonly stage: string;
  readonly rate: number;
  readonly batch: number;
  /** Posts a month. */
  readonly posts: number;
  /** USD, fixed and usage. */
  readonly monthly: number;
  readonly fixed: number;
  readonly usage: number;
  /** USD, fixed part included. */
  readonly perMillionPosts: number;
  /** USD, without the fixed part. */
  readonly usagePerMillionPosts: number;
  readonly components: readonly Component[];
  /** Largest first. */
  readonly levers: readonly Lever[];
  readonly warnings: readonly string[];
}

const COMPONENTS: Readonly<Record<string, (scene: components.Scene) => components.Cost>> = {
  'Kafka brokers and storage': components.kafka,
  'Traffic between zones': components.crossZone,
  'Event poller units': components.pollers,
  'Ingest API': components.api,
  'Function ingest': components.ingest,
  'Function archive': components.archive,
  'Function aggregate': components.aggregate,
  'Functions of the batch layer': components.batchFunctions,
  'Keyspaces, speed layer': components.speedStore,
  'Keyspaces, batch layer, expiry, space': components.otherStore,
  'S3 requests': components.s3Requests,
  'S3 storage': components.s3Storage,
  'Spark (EMR Serverless)': components.spark,
  'Airflow (MWAA)': components.airflow,
  'NAT and endpoints': components.network,
  Logs: components.logs,
  Metrics: components.metrics,
  Alarms: components.alarms,
  Dashboards: components.cloudwatchDashboards,
  Canary: components.canary,
  'Customer-managed key': components.key,
  'Managed Prometheus': components.prometheus,
  'Managed Grafana': components.grafana,
  Traces: components.traces,
};

/** Lambda's longest batching window. */
const MAX_WINDOW_SECONDS = 300;

/** Event sources: archive and aggregate. */
const SOURCES = 2;

/** Pollers of a source in the lever with fewer partitions per poller. */
const LESS_SHARED = 4;

interface Variant {
  readonly minimumPollers: number;
  readonly provisioned: boolean;
  readonly brokerMetrics: boolean;
}

const asBuilt = ({ pollers, brokerMonitoring }: PipelineConfig): Variant => ({
  minimumPollers: pollers,
  provisioned: true,
  brokerMetrics: brokerMonitoring !== 'DEFAULT',
});

function price(config: PipelineConfig, load: Load, measured: Measured, variant: Variant) {
  const workload = workloadOf(config, load, measured, variant.minimumPollers);
  const pollers = SOURCES * Math.ceil(workload.aggregate.pollers);
  const scene: components.Scene = {
    ...{ config, workload, measured },
    pollerUnits: variant.provisioned ? Math.ceil(pollers / ASSUMPTIONS.pollersPerUnit.value) : 0,
    brokerMetrics: variant.brokerMetrics,
  };
  const priced = Object.entries(COMPONENTS).map(([name, cost]): Component => {
    const { fixed, usage, basis } = cost(scene);
    const monthly = fixed + usage;
    return { name, fixed, usage, monthly, perMillionPosts: (monthly / workload.posts) * 1e6, basis };
  });
  return { workload, priced, monthly: priced.reduce((sum, { monthly }) => sum + monthly, 0) };
}

/**
 * @param measured @default - the committed measurements
 * @throws Error if rate or batch is not above 0
 */
export function estimate(config: PipelineConfig, load: Load, measured: Measured = MEASURED): Estimate {
  const { workload, priced, monthly } = price(config, load, measured, asBuilt(config));
  const fixed = priced.reduce((sum, each) => sum + each.fixed, 0);
  const { posts } = workload;
  return {
    ...{ stage: config.stage, rate: load.rate, batch: load.batch, posts, monthly, fixed },
    usage: monthly - fixed,
    perMillionPosts: (monthly / posts) * 1e6,
    usagePerMillionPosts: ((monthly - fixed) / posts) * 1e6,
    components: priced,
    levers: leversOf(config, load, measured, priced),
    warnings: warningsOf(config, load, workload, measured),
  };
}

/** The savings of each lever, computed with the model. */
function leversOf(
  config: PipelineConfig,
  load: Load,
  measured: Measured,
  priced: readonly Component[],
): readonly Lever[] {
  const before = priced.reduce((sum, { monthly }) => sum + monthly, 0);
  const savedBy = (change: Partial<PipelineConfig>, variant: Partial<Variant> = {}) =>
    before - price({ ...config, ...change }, load, measured, { ...asBuilt(config), ...variant }).monthly;
  const slower = Math.min(MAX_WINDOW_SECONDS, Math.max(1, config.aggregateWindowSeconds) * 4);
  const fewer = Math.max(1, Math.floor(config.partitions / 2));
  const auto = config.viewsEngine === 'auto';
  const levers: Lever[] = [
    {
      name: 'Airflow billed per run (MWAA Serverless) instead of an environment',
      saves: savedBy({ orchestrator: 'mwaa-serverless', natGateways: 0, ...(auto && { viewsEngine: 'duckdb' }) }),
      givesUp: auto
        ? 'the web server, steps of more than a minute, and Spark (orchestrator=mwaa-serverless, viewsEngine=duckdb)'
        : 'the web server, and steps of more than a minute (orchestrator=mwaa-serverless)',
    },
    {
      name: `aggregateWindowSeconds=${slower} instead of ${config.aggregateWindowSeconds}`,
      saves: savedBy({ aggregateWindowSeconds: slower }),
      givesUp: 'freshness; a batch that is full before its window ends does not wait for it',
    },
    {
      name: `${LESS_SHARED} pollers a source (now ${config.pollers}) and aggregateWindowSeconds=${slower}`,
      saves: savedBy({ aggregateWindowSeconds: slower }, { minimumPollers: LESS_SHARED }),
      givesUp: 'freshness; a poller with fewer partitions reaches 6 MB later (pollers)',
    },
    {
      name: `partitions=${fewer} instead of ${config.partitions}`,
      saves: savedBy({ partitions: fewer }),
      givesUp: 'parallelism of archive, aggregate and compact; partitions of an existing topic may only grow',
    },
    {
      name: 'Event sources without provisioned pollers',
      saves: savedBy({}, { provisioned: false }),
      givesUp: 'retry controls, and endpoints of Lambda and STS are needed instead',
    },
    {
      name: 'tracing=false',
      saves: savedBy({ tracing: false }),
      givesUp: 'traces, but neither metrics nor logs',
    },
    {
      name: 'dashboards=overview',
      saves: savedBy({ dashboards: 'overview' }),
      givesUp: 'a dashboard per step in CloudWatch, but not its metrics',
    },
    {
      name: 'brokerMonitoring=DEFAULT',
      saves: savedBy({}, { brokerMetrics: false }),
      givesUp: 'metrics of each topic and broker in CloudWatch, but not the exporters for Prometheus',
    },
    ...(config.brokerInstance === 'kafka.t3.small'
      ? []
      : [
          {
            name: `brokerInstance=kafka.t3.small instead of ${config.brokerInstance}`,
            saves: savedBy({ brokerInstance: 'kafka.t3.small' }),
            givesUp: 'throughput, and all but 4 new connections a second and broker',
          },
        ]),
  ];
  return levers.filter(({ saves }) => saves >= 0.5).sort((a, b) => b.saves - a.saves);
}

function warningsOf(config: PipelineConfig, load: Load, workload: Workload, measured: Measured): string[] {
  const warnings: string[] = [];
  const requests = load.rate / load.batch;
  if (requests > config.requestRate) {
    warnings.push(`${requests} requests a second exceed requestRate (${config.requestRate}): the API would return 429`);
  }
  if (workload.requestBytes > MAX_REQUEST_BYTES) {
    warnings.push(
      `a request of ${Math.round(workload.requestBytes)} bytes exceeds the ${MAX_REQUEST_BYTES} that ingest accepts`,
    );
  }
  const gb = components.brokerGb({ config, workload, measured });
  if (gb > config.brokerVolumeGb) {
    warnings.push(
      `${Math.ceil(gb)} GB a broker within retentionDays (${config.retentionDays}) exceed brokerVolumeGb (${config.brokerVolumeGb}): the brokers would fill up; the estimate includes the missing GB`,
    );
  }
  return warnings;
}
