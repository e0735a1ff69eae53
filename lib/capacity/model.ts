/**
 * What carries how many posts a second: for each component its load at a rate, its limit with the source, and what in the
 * configuration raises the limit. Pure: `lib/config` sizes and checks a stage with it, `tools/capacity` shows it.
 */
import { type ConfigKey } from '../config/schema';
import { FUNCTION_MB, LONGEST_SECONDS } from './functions';
import {
  both,
  brokers,
  fasterBroker,
  ingestConcurrency,
  type Lever,
  lower,
  partitions,
  pollers,
  raise,
  shorterIntervals,
  sparkCapacity,
  volume,
  window,
} from './levers';
import { brokerReplicas, type DocumentedLimit, LIMITS, volumeBytes } from './limits';
import {
  aggregateMb,
  archiveBatches,
  CATCH_UP,
  compactSeconds,
  CONNECT_WITHIN,
  CONNECTIONS_PER_ENVIRONMENT,
  downloadedMb,
  eventBytes,
  hoursToCover,
  ingestEnvironments,
  logUnits,
  newConnections,
  REMEMBERED_SHARE,
  rememberedMb,
  type Scene,
  sparkVcpu,
  vcpu,
  viewsSeconds,
} from './loads';
import { hoursRetained, replicasPerBroker } from './topic';

/** Share of a limit up to which a stage is sized: the rest is for bursts, and for the time in which a broker restarts. */
const SIZED_TO = 0.7;

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

const documented = ({ value, page }: DocumentedLimit): Limit => ({ kind: 'documented', value, page });
const configured = (key: ConfigKey, value: number): Limit => ({ kind: 'configured', key, value });
const built = (value: number): Limit => ({ kind: 'built', value });
const measured = (value: number, document: string): Limit => ({ kind: 'measured', value, document });

const aggregateLimit = ({ config }: Scene): Limit => built(REMEMBERED_SHARE * aggregateMb(config));

/** Who waits for compact decides how long it may take; of an Airflow of your own nothing is known, so it is the function's timeout. */
function compactLimit({ config: { orchestrator } }: Scene): Limit {
  if (orchestrator === 'none') return built(LONGEST_SECONDS);
  return documented(orchestrator === 'mwaa' ? LIMITS.natSeconds : LIMITS.clientSeconds);
}

const MOST_BURST = 5_000;

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
  component('aggregate: posts that it remembers', 'MB', rememberedMb, aggregateLimit, SHARD, {
    sizedTo: 1,
    // A function that is built for more has more memory.
    levers: [raise('postsPerSecond', 1_000_000, 100), lower('speedHorizonIntervals', 0), shorterIntervals],
  }),
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
  component('compact: files of an interval in /tmp', 'MB', downloadedMb, () => documented(LIMITS.lambdaDiskMb), SHARD, {
    levers: [partitions, shorterIntervals],
  }),
  component('compact: time for an interval', 's', compactSeconds, compactLimit, SHARD, {
    levers: [partitions, shorterIntervals],
  }),
  component(
    'Batch layer: catching up twice as fast as time passes',
    's for an interval',
    (scene) => compactSeconds(scene) + viewsSeconds(scene),
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
    'Keyspaces: writes to speed_log, the table with most',
    'write units/s',
    logUnits,
    () => documented(LIMITS.tableWrites),
    ASK,
    { effect: 'quota', levers: [window, pollers, both(window, pollers)] },
  ),
  component(
    'Keyspaces: a partition of speed_log',
    'write units/s',
    (scene) => logUnits(scene) / scene.config.partitions,
    () => documented(LIMITS.partitionWrites),
    'more partitions',
    { levers: [window, pollers, partitions] },
  ),
  component(
    'Speed rows: time to live',
    'hours',
    ({ config }) => hoursToCover(config),
    ({ config }) => configured('speedTtlHours', config.speedTtlHours),
    'fewer outageHours',
    { sizedTo: 1, levers: [raise('speedTtlHours', 24 * 365)] },
  ),
];
