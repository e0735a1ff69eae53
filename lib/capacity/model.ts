/**
 * What carries how many posts a second: for each component its load at a rate, its limit with the source, and what in the
 * configuration raises the limit. Pure: `lib/config` sizes and checks a stage with it, `tools/capacity` shows it.
 */
import { type ConfigKey, type PipelineConfig } from '../config/schema';
import { batchesOf, HOURS_PER_MONTH } from './batches';
import { Curve } from './curve';
import { type FigureCurve, FIGURES, type Figures } from './figures';
import { FUNCTION_MB, LONGEST_SECONDS } from './functions';
import { brokerReplicas, type DocumentedLimit, LIMITS, volumeBytes } from './limits';
import { hoursRetained, replicasPerBroker } from './topic';

/** Posts in a request, where the caller of the model does not say. */
export const POSTS_PER_REQUEST = 100;

/** Share of a limit up to which a stage is sized: the rest is for bursts, and for the time in which a broker restarts. */
const SIZED_TO = 0.7;

/** After an outage the batch layer catches up this many times as fast as time passes, at least. */
const CATCH_UP = 2;

export interface Scene {
  readonly config: PipelineConfig;
  /** Posts a second. */
  readonly rate: number;
  /** Posts in a request. */
  readonly batch: number;
  readonly figures: Figures;
}

/** A limit and where it comes from: a page of AWS, a key of the configuration, a measurement of this project, or the templates. */
export type Limit =
  | { readonly kind: 'documented'; readonly value: number; readonly page: string }
  | { readonly kind: 'configured'; readonly value: number; readonly key: ConfigKey }
  | { readonly kind: 'measured'; readonly value: number; readonly document: string }
  | { readonly kind: 'built'; readonly value: number };

/**
 * What happens above the limit: posts are lost, late or rejected (`stop`, and synth rejects the configuration); the account's
 * default quota has to be raised first (`quota`); or something is less good than configured (`less`).
 */
export type Effect = 'stop' | 'quota' | 'less';

export type Change = Partial<PipelineConfig>;

export interface Component {
  readonly name: string;
  readonly unit: string;
  readonly effect: Effect;
  readonly load: (scene: Scene) => number;
  /** Undefined: no page states it and nobody measured it. */
  readonly limit: (scene: Scene) => Limit | undefined;
  /** Share of the limit up to which a stage is sized. */
  readonly sizedTo: number;
  /** Changes by key that raise the limit or lower the load, each smallest first; the keys in order of preference. */
  readonly levers: readonly Lever[];
  /** What to change where no lever is enough. */
  readonly otherwise: string;
}

export interface Lever {
  /** The key that says how large the change is; others may follow it. */
  readonly key: ConfigKey;
  /** It lowers the key, which takes something away: never done by itself. */
  readonly lowers?: boolean;
  /** Groups of changes, the smaller ones first; within a group each change carries at least what the one before carries. */
  readonly groups: (config: PipelineConfig) => Iterable<readonly Change[]>;
}

const documented = ({ value, page }: DocumentedLimit): Limit => ({ kind: 'documented', value, page });
const configured = (key: ConfigKey, value: number): Limit => ({ kind: 'configured', key, value });
const built = (value: number): Limit => ({ kind: 'built', value });
const measured = (value: number, document: string): Limit => ({ kind: 'measured', value, document });

type NumericKey = { [K in ConfigKey]-?: PipelineConfig[K] extends number ? K : never }[ConfigKey];

/** Multiples of `step` above `from`, up to `to`. */
function integers(from: number, to: number, step: number): number[] {
  const first = (Math.floor(from / step) + 1) * step;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => first + i * step);
}

const lever = (key: ConfigKey, changes: (config: PipelineConfig) => readonly Change[]): Lever => ({
  key,
  groups: (config) => [changes(config)],
});

/** Raises a key by steps, and what must follow it. */
const raise = (
  key: NumericKey,
  most: number,
  step = 1,
  follow: (config: PipelineConfig, value: number) => Change = () => ({}),
): Lever =>
  lever(key, (config) =>
    integers(config[key], most, step).map((value) => ({ [key]: value, ...follow(config, value) })),
  );

/** Lowers a key by steps. */
const lower = (key: NumericKey, least: number, step = 1): Lever => ({
  ...lever(key, (config) =>
    integers(least - 1, config[key] - 1, step)
      .reverse()
      .map((value) => ({ [key]: value })),
  ),
  lowers: true,
});

const SPARK_OVERHEAD = 1.1;
const MOST_PARTITIONS = 1_000;
const MOST_BURST = 5_000;
const MOST_BROKERS = 30;
const MOST_CONCURRENCY = 1_000;
const moreBrokers = ({ brokers, availabilityZones }: PipelineConfig) =>
  integers(brokers, MOST_BROKERS, availabilityZones);

const partitions = raise('partitions', MOST_PARTITIONS);
const brokers = lever('brokers', (config) => moreBrokers(config).map((value) => ({ brokers: value })));
const window = raise('aggregateWindowSeconds', 300, 5);
const volume = raise('brokerVolumeGb', LIMITS.brokerVolumeGb.value, 10);
const pollers = lever('pollers', ({ pollers: now, partitions: most }) =>
  integers(now, Math.min(most, LIMITS.leastPollers.value), 1).map((value) => ({ pollers: value })),
);

/** Each change of one lever with all of another: the smallest of the first comes first. */
const both = (first: Lever, second: Lever): Lever => ({
  key: first.key,
  *groups(config) {
    for (const group of first.groups(config)) {
      for (const change of group) {
        for (const more of second.groups({ ...config, ...change })) yield more.map((each) => ({ ...change, ...each }));
      }
    }
  },
});

/** Lengths of an interval that divide an hour: shorter ones have fewer posts. */
const shorterIntervals: Lever = {
  ...lever('intervalMinutes', ({ intervalMinutes }) =>
    [30, 20, 15, 12, 10, 6, 5].filter((value) => value < intervalMinutes).map((value) => ({ intervalMinutes: value })),
  ),
  lowers: true,
};

/** Memory of a worker with its overhead, by its cores. */
const sparkCapacity = raise('sparkMaxVcpu', 400, 1, ({ sparkMaxMemoryGb, sparkMemoryGb, sparkCores }, value) => {
  const gb = Math.ceil((value * sparkMemoryGb * SPARK_OVERHEAD) / sparkCores);
  return gb > sparkMaxMemoryGb ? { sparkMaxMemoryGb: gb } : {};
});

/** Hours from the first post of an outage to its rows being served: what speed rows, and Kafka, must hold. */
export const hoursToCover = ({ outageHours, intervalMinutes, publishDelayMinutes }: PipelineConfig): number =>
  outageHours + (intervalMinutes + publishDelayMinutes) / 60;

const vcpu = (step: keyof typeof FUNCTION_MB): number => Math.min(1, FUNCTION_MB[step] / LIMITS.lambdaMbPerVcpu.value);
const eventBytes = ({ config, figures }: Scene): number =>
  (figures.eventBytes.value * config.postBytes) / figures.postBytes.value;
const rawBytes = ({ config, figures }: Scene): number =>
  (figures.rawBytes.value * config.postBytes) / figures.postBytes.value;
const postsPerInterval = ({ config, rate }: Scene): number => (rate * config.intervalMinutes * 60) / config.partitions;

/** Batches of all partitions a second. */
const batchesPerSecond = (scene: Scene, windowSeconds: number): number =>
  batchesOf(scene.rate, windowSeconds, eventBytes(scene), scene.config, scene.config.pollers).perMonth /
  (HOURS_PER_MONTH * 3_600);
const aggregateBatches = (scene: Scene) => batchesPerSecond(scene, scene.config.aggregateWindowSeconds);
const archiveBatches = (scene: Scene) => batchesPerSecond(scene, scene.config.archiveWindowSeconds);

const curves = new WeakMap<FigureCurve, Curve>();
function curve(figure: FigureCurve): Curve {
  const known = curves.get(figure) ?? new Curve(figure.points);
  curves.set(figure, known);
  return known;
}

/** Beyond its marks a curve is flat; a state grows with its posts. */
function stateKb({ config, figures }: Scene): number {
  const last = figures.stateUnits.points[figures.stateUnits.points.length - 1][0];
  return curve(figures.stateUnits).at(config.recentPosts) * Math.max(1, config.recentPosts / last);
}

const compactSeconds = (scene: Scene): number =>
  (scene.figures.compactMs.value + scene.figures.compactMsPerRecord.value * postsPerInterval(scene)) / 1_000;

/** Raw objects of an interval, as compact downloads them. What DuckDB spills beside them was never measured. */
const compactMb = (scene: Scene): number => (rawBytes(scene) * postsPerInterval(scene)) / 1e6;

/** What compact has had since it was measured with 1 GB of lines. */
const LEAST_DISK_MB = 4_096;
/** Raw objects fill this share of /tmp at most: the rest is for what DuckDB spills. */
const RAW_SHARE = 0.25;
const DISK_STEP_MB = 1_024;

/** Space of compact under /tmp, at the rate that the stage is built for. */
export function compactDiskMb(config: PipelineConfig): number {
  const needed =
    compactMb({ config, rate: config.postsPerSecond, batch: POSTS_PER_REQUEST, figures: FIGURES }) / RAW_SHARE;
  const stepped = Math.ceil(needed / DISK_STEP_MB) * DISK_STEP_MB;
  return Math.min(LIMITS.lambdaDiskMb.value, Math.max(LEAST_DISK_MB, stepped));
}

/** Cores that compute an interval's views in a part of the interval's length, and those of the driver. */
const sparkVcpu = ({ config, rate, figures }: Scene): number =>
  CATCH_UP * rate * figures.sparkCoreSeconds.value + config.sparkCores;

const sparkSeconds = ({ config, rate, figures }: Scene): number =>
  figures.sparkStart.value +
  (rate * config.intervalMinutes * 60 * figures.sparkCoreSeconds.value) /
    Math.max(1, config.sparkMaxVcpu - config.sparkCores);

/** Environments of ingest that work at once. */
function ingestEnvironments({ rate, batch, figures }: Scene): number {
  const ms = figures.ingestMs.value * Math.max(1, batch / figures.ingestRecords.value);
  return ((rate / batch) * ms) / 1_000 / vcpu('ingest');
}

/** Connections of an environment to a broker, and seconds in which all may start: as in lib/rules/kafka.ts. */
const CONNECTIONS_PER_ENVIRONMENT = 2;
const CONNECT_WITHIN = 10;
const isT3 = ({ brokerInstance }: PipelineConfig): boolean => brokerInstance.startsWith('kafka.t3.');
const newConnections = (config: PipelineConfig): DocumentedLimit =>
  isT3(config) ? LIMITS.newConnectionsT3 : LIMITS.newConnections;
const mostEnvironments = (config: PipelineConfig): number =>
  Math.floor(
    Math.min(LIMITS.brokerConnections.value, newConnections(config).value * CONNECT_WITHIN) /
      CONNECTIONS_PER_ENVIRONMENT,
  );
const ingestConcurrency = lever('ingestConcurrency', (config) =>
  integers(config.ingestConcurrency, Math.min(MOST_CONCURRENCY, mostEnvironments(config)), 1).map((value) => ({
    ingestConcurrency: value,
  })),
);
/** The smallest broker that accepts connections faster than a t3. */
const fasterBroker = lever('brokerInstance', (config) => (isT3(config) ? [{ brokerInstance: 'kafka.m7g.large' }] : []));

/** Who waits for compact decides how long it may take; of an Airflow of your own nothing is known, so it is the function's timeout. */
function compactLimit({ config: { orchestrator } }: Scene): Limit {
  if (orchestrator === 'none') return built(LONGEST_SECONDS);
  return documented(orchestrator === 'mwaa' ? LIMITS.natSeconds : LIMITS.clientSeconds);
}

/** @see https://docs.aws.amazon.com/keyspaces/latest/devguide/ReadWriteCapacityMode.OnDemand.html */
const KB_PER_READ_UNIT = 4;

const ASK = 'ask AWS to raise the quota';
const EXPRESS = 'Express brokers, which the configuration does not offer';
const SHARD = 'a second deployment (project) for a part of the posts';

interface Options {
  readonly effect?: Effect;
  readonly sizedTo?: number;
  readonly levers?: readonly Lever[];
}

function component(
  name: string,
  unit: string,
  load: Component['load'],
  limit: Component['limit'],
  otherwise: string,
  { effect = 'stop', sizedTo = SIZED_TO, levers = [] }: Options = {},
): Component {
  return { name, unit, load, limit, otherwise, effect, sizedTo, levers };
}

export const COMPONENTS: readonly Component[] = [
  component(
    'API: throttle of the main route',
    'requests/s',
    ({ rate, batch }) => rate / batch,
    ({ config }) => configured('requestRate', config.requestRate),
    'more posts a request',
    {
      levers: [
        raise('requestRate', LIMITS.apiRequests.value, 10, (config, value) => ({
          requestBurst: Math.min(MOST_BURST, Math.max(config.requestBurst, 2 * value)),
        })),
      ],
    },
  ),
  component(
    'API: requests of the account',
    'requests/s',
    ({ rate, batch }) => rate / batch,
    () => documented(LIMITS.apiRequests),
    `${ASK}, or more posts a request`,
    { effect: 'quota' },
  ),
  component(
    'ingest: size of a request',
    'bytes',
    ({ config, batch }) => batch * config.postBytes,
    () => documented(LIMITS.lambdaPayload),
    'fewer posts a request',
  ),
  component(
    'ingest: environments at once',
    'environments',
    ingestEnvironments,
    ({ config }) => configured('ingestConcurrency', config.ingestConcurrency),
    'more posts a request: brokers accept no more connections',
    { levers: [ingestConcurrency, both(fasterBroker, ingestConcurrency)] },
  ),
  component(
    'Kafka: new connections of ingest',
    'connections/s to a broker',
    ({ config }) => (config.ingestConcurrency * CONNECTIONS_PER_ENVIRONMENT) / CONNECT_WITHIN,
    ({ config }) => documented(newConnections(config)),
    'a brokerInstance that is not t3',
    { effect: 'less', sizedTo: 1, levers: [lower('ingestConcurrency', 1), fasterBroker] },
  ),
  component(
    'Kafka: writes to a volume',
    'bytes/s',
    ({ config, rate }) => (rate * config.postBytes * config.replicationFactor) / config.brokers,
    ({ config }) => {
      const limit = volumeBytes(config.brokerInstance);
      return limit && documented(limit);
    },
    EXPRESS,
    { levers: [brokers] },
  ),
  component(
    'Kafka: replicas on a broker',
    'replicas',
    ({ config }) => replicasPerBroker(config),
    ({ config }) => {
      const limit = brokerReplicas(config.brokerInstance);
      return limit && documented(limit);
    },
    'a larger brokerInstance',
    { sizedTo: 1, levers: [brokers] },
  ),
  component(
    'Kafka: an outage in the volume',
    'hours',
    ({ config }) => hoursToCover(config),
    ({ config, rate }) => configured('brokerVolumeGb', hoursRetained(config, rate)),
    EXPRESS,
    { sizedTo: 1, levers: [volume, both(brokers, volume)] },
  ),
  component(
    'Kafka: retentionDays in the volume',
    'hours',
    ({ config }) => config.retentionDays * 24,
    ({ config, rate }) => configured('brokerVolumeGb', hoursRetained(config, rate)),
    'fewer retentionDays: retention.bytes drops the oldest records before',
    { effect: 'less', sizedTo: 1, levers: [volume] },
  ),
  component(
    'Kafka: an outage in retention by time',
    'hours',
    ({ config }) => hoursToCover(config),
    ({ config }) => configured('retentionDays', config.retentionDays * 24),
    'fewer outageHours',
    { sizedTo: 1, levers: [raise('retentionDays', 365)] },
  ),
  component(
    'Event sources: pollers at the start',
    'pollers of a source',
    (scene) => (scene.rate * eventBytes(scene)) / LIMITS.pollerBytes.value,
    ({ config }) => configured('pollers', config.pollers),
    'Lambda adds pollers, which takes minutes',
    {
      effect: 'less',
      sizedTo: 1,
      levers: [pollers],
    },
  ),
  component(
    'Event sources: pollers at most',
    'pollers of a source',
    (scene) => (scene.rate * eventBytes(scene)) / LIMITS.pollerBytes.value,
    ({ config }) => configured('partitions', config.partitions),
    SHARD,
    { levers: [partitions] },
  ),
  component(
    'archive: a partition',
    'posts/s',
    ({ config, rate }) => rate / config.partitions,
    ({ figures }) => measured(figures.archiveRate.value * vcpu('archive'), figures.archiveRate.source),
    SHARD,
    { levers: [partitions] },
  ),
  component(
    'aggregate: a partition',
    'posts/s',
    ({ config, rate }) => rate / config.partitions,
    ({ figures }) => measured(figures.aggregateRate.value * vcpu('aggregate'), figures.aggregateRate.source),
    SHARD,
    { levers: [partitions] },
  ),
  component(
    'aggregate and archive: memory',
    'MB',
    () => Number.NaN,
    () => undefined,
    'nobody measured it',
  ),
  component(
    'Lambda: environments of the account',
    'environments',
    ({ config }) => config.ingestConcurrency + 3 * config.partitions,
    () => documented(LIMITS.lambdaEnvironments),
    ASK,
    { effect: 'quota' },
  ),
  component(
    'S3: objects that archive writes',
    'PUT/s',
    archiveBatches,
    () => documented(LIMITS.s3Puts),
    'S3 divides a prefix by load; partitions are prefixes of their own',
    { effect: 'less', levers: [raise('archiveWindowSeconds', 300), pollers] },
  ),
  component(
    'S3: objects that compact reads',
    'GET/s',
    (scene) => CATCH_UP * archiveBatches(scene),
    () => documented(LIMITS.s3Gets),
    'S3 divides a prefix by load; partitions are prefixes of their own',
    { effect: 'less', levers: [raise('archiveWindowSeconds', 300), pollers] },
  ),
  component(
    'compact: memory',
    'MB',
    ({ figures }) => figures.compactMb.value,
    () => built(FUNCTION_MB.compact),
    'nothing: it spills to /tmp',
  ),
  component('compact: files of an interval in /tmp', 'MB', compactMb, () => documented(LIMITS.lambdaDiskMb), SHARD, {
    levers: [partitions, shorterIntervals],
  }),
  component('compact: time for an interval', 's', compactSeconds, compactLimit, SHARD, {
    levers: [partitions, shorterIntervals],
  }),
  component(
    'Batch layer: catching up twice as fast as time passes',
    's for an interval',
    (scene) => compactSeconds(scene) + sparkSeconds(scene),
    ({ config }) => configured('intervalMinutes', (config.intervalMinutes * 60) / CATCH_UP),
    SHARD,
    { levers: [partitions, sparkCapacity] },
  ),
  component(
    'Spark: capacity',
    'vCPU',
    sparkVcpu,
    ({ config }) => configured('sparkMaxVcpu', config.sparkMaxVcpu),
    SHARD,
    { levers: [sparkCapacity] },
  ),
  component('Spark: vCPU of the account', 'vCPU', sparkVcpu, () => documented(LIMITS.emrVcpus), ASK, {
    effect: 'quota',
  }),
  component(
    'Keyspaces: writes to speed_views',
    'write units/s',
    (scene) => aggregateBatches(scene) * curve(scene.figures.viewUnits).mean(postsPerInterval(scene)),
    () => documented(LIMITS.tableWrites),
    ASK,
    { effect: 'quota', levers: [window, pollers, both(window, pollers)] },
  ),
  component(
    'Keyspaces: a partition of speed_views',
    'write units/s',
    (scene) => aggregateBatches(scene) * curve(scene.figures.largestViewUnits).mean(postsPerInterval(scene)),
    () => documented(LIMITS.partitionWrites),
    'the Kafka partition in the key of speed_views',
    { levers: [window, pollers, both(window, pollers)] },
  ),
  component(
    'Keyspaces: a partition of speed_state',
    'write units/s',
    (scene) => (aggregateBatches(scene) / scene.config.partitions) * stateKb(scene),
    () => documented(LIMITS.partitionWrites),
    'more partitions',
    { levers: [window, pollers, both(window, pollers), lower('recentPosts', 1_000, 1_000)] },
  ),
  component('Keyspaces: a row of speed_state', 'KB', stateKb, () => documented(LIMITS.rowKb), 'fewer recentPosts', {
    levers: [lower('recentPosts', 1_000, 1_000)],
  }),
  component(
    'Keyspaces: a row of the largest view',
    'KB',
    (scene) => curve(scene.figures.largestViewUnits).at(postsPerInterval(scene)),
    () => documented(LIMITS.rowKb),
    'rows in chunks',
    { levers: [partitions] },
  ),
  component(
    'Speed rows: time to live',
    'hours',
    ({ config }) => hoursToCover(config),
    ({ config }) => configured('speedTtlHours', config.speedTtlHours),
    'fewer outageHours',
    { sizedTo: 1, levers: [raise('speedTtlHours', 24 * 365)] },
  ),
  component(
    'query: the open interval of the largest view, asked once a second',
    'read units/s of a partition',
    (scene) =>
      (scene.config.partitions * curve(scene.figures.largestViewUnits).at(postsPerInterval(scene))) / KB_PER_READ_UNIT,
    () => documented(LIMITS.partitionReads),
    'the Kafka partition in the key of speed_views',
    { effect: 'less' },
  ),
];
