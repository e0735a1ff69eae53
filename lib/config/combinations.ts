/** Constraints between keys of the configuration. `rules.ts` checks each key alone. */
import { type PipelineConfig } from './schema';

/** The least TTL of speed rows, as a multiple of the time that publishing may take. */
const TTL_FACTOR = 4;

/** A workflow run takes some minutes: its tasks start one after another, and Spark alone takes a minute. */
const LEAST_SERVERLESS_MINUTES = 15;

/** Memory of a Spark worker with its overhead: 10 %, at least 384 MB. */
function workerGb(config: PipelineConfig): number {
  return config.sparkMemoryGb + Math.max(0.1 * config.sparkMemoryGb, 0.384);
}

const leastRawDays = (config: PipelineConfig) => Math.ceil(Math.max(config.outageHours, config.speedTtlHours) / 24);

interface Combination {
  readonly broken: (config: PipelineConfig) => boolean;
  readonly message: (config: PipelineConfig) => string;
}

/** Constraints in the order in which they are checked. */
export const COMBINATIONS: readonly Combination[] = [
  {
    broken: (c) => c.brokers % c.availabilityZones !== 0,
    message: (c) => `brokers must be a multiple of availabilityZones (${c.availabilityZones}), got ${c.brokers}`,
  },
  {
    broken: (c) => c.replicationFactor > c.brokers,
    message: (c) => `replicationFactor must be at most brokers (${c.brokers}), got ${c.replicationFactor}`,
  },
  {
    broken: (c) => c.minInsyncReplicas > c.replicationFactor,
    message: (c) =>
      `minInsyncReplicas must be at most replicationFactor (${c.replicationFactor}), got ${c.minInsyncReplicas}`,
  },
  {
    // If all replicas are required, the restart of one broker (at each patch) stops every write.
    broken: (c) => c.stage === 'prod' && (c.minInsyncReplicas < 2 || c.minInsyncReplicas >= c.replicationFactor),
    message: (c) =>
      `minInsyncReplicas must be from 2 to replicationFactor − 1 (${c.replicationFactor - 1}) in stage prod, got ${c.minInsyncReplicas}`,
  },
  {
    broken: (c) => c.natGateways > c.availabilityZones,
    message: (c) => `natGateways must be at most availabilityZones (${c.availabilityZones}), got ${c.natGateways}`,
  },
  {
    broken: (c) => c.pollers > c.partitions,
    message: (c) => `pollers must be at most partitions (${c.partitions}), got ${c.pollers}`,
  },
  {
    broken: (c) => c.stage === 'local' && c.orchestrator !== 'mwaa',
    message: (c) => `orchestrator must be mwaa in stage local, got ${c.orchestrator}`,
  },
  {
    // MWAA Serverless starts a run even if the previous one is still running.
    broken: (c) => c.orchestrator === 'mwaa-serverless' && c.intervalMinutes < LEAST_SERVERLESS_MINUTES,
    message: (c) =>
      `intervalMinutes must be at least ${LEAST_SERVERLESS_MINUTES} where orchestrator is mwaa-serverless, got ${c.intervalMinutes}`,
  },
  {
    // Its workflow knows no condition: the job would start in each run, also where it has nothing to do.
    broken: (c) => c.orchestrator === 'mwaa-serverless' && c.viewsEngine === 'auto',
    message: () => 'viewsEngine must be spark or duckdb where orchestrator is mwaa-serverless, got auto',
  },
  {
    broken: (c) => c.kafkaAuth === 'unsecured' && c.stage !== 'local',
    message: (c) => `kafkaAuth must be iam in stage ${c.stage}, got unsecured (allowed in stage local only)`,
  },
  {
    // The local run has no KMS, and nothing there would be encrypted.
    broken: (c) => c.kms === 'customer' && c.stage === 'local',
    message: () => 'kms must be aws in stage local, got customer',
  },
  {
    broken: (c) => c.auth === 'jwt' && (c.jwtIssuer === undefined || c.jwtAudience === undefined),
    message: (c) =>
      `${c.jwtIssuer === undefined ? 'jwtIssuer' : 'jwtAudience'} must be set where auth is jwt: both jwtIssuer and jwtAudience are needed`,
  },
  {
    broken: (c) => c.auth !== 'jwt' && (c.jwtIssuer !== undefined || c.jwtAudience !== undefined),
    message: (c) =>
      `${c.jwtIssuer !== undefined ? 'jwtIssuer' : 'jwtAudience'} must be left out where auth is not jwt, got auth ${c.auth}`,
  },
  {
    broken: (c) => (c.grafana === 'managed' && c.grafanaAuth === 'saml') !== (c.grafanaSamlMetadata !== undefined),
    message: (c) =>
      `grafanaSamlMetadata must be set where grafana is managed and grafanaAuth is saml, and only there, ` +
      `got grafana ${c.grafana} with grafanaAuth ${c.grafanaAuth}`,
  },
  {
    broken: (c) => c.metrics === 'alarmed' && (c.dashboards === 'all' || c.page || c.grafana === 'managed'),
    message: (c) =>
      'metrics must be all where dashboards is all, page is true or grafana is managed, which show more than the alarmed metrics, ' +
      `got alarmed with dashboards ${c.dashboards}, page ${c.page}, grafana ${c.grafana}`,
  },
  {
    broken: (c) => c.speedTtlHours * 60 < TTL_FACTOR * (c.intervalMinutes + c.publishDelayMinutes),
    message: (c) =>
      `speedTtlHours must be at least ${TTL_FACTOR} × (intervalMinutes + publishDelayMinutes) = ` +
      `${Math.ceil((TTL_FACTOR * (c.intervalMinutes + c.publishDelayMinutes)) / 60)}, got ${c.speedTtlHours}`,
  },
  {
    // Compaction reads the raw log, and may be behind for as long as an outage lasts and speed rows cover.
    broken: (c) => c.rawRetentionDays > 0 && c.rawRetentionDays < leastRawDays(c),
    message: (c) =>
      `rawRetentionDays must be 0 or at least the days of outageHours and speedTtlHours (${leastRawDays(c)}), got ${c.rawRetentionDays}`,
  },
  {
    broken: (c) => (c.slackWorkspace === undefined) !== (c.slackChannel === undefined),
    message: (c) =>
      `${c.slackWorkspace === undefined ? 'slackWorkspace' : 'slackChannel'} must be set: both slackWorkspace and slackChannel are needed`,
  },
  {
    broken: (c) => c.identityHorizonHours * 60 < c.intervalMinutes,
    message: (c) =>
      `identityHorizonHours must be at least an interval (${c.intervalMinutes} minutes), got ${c.identityHorizonHours}`,
  },
  {
    // Driver and one executor.
    broken: (c) => c.sparkMaxVcpu < 2 * c.sparkCores,
    message: (c) => `sparkMaxVcpu must be at least 2 × sparkCores (${2 * c.sparkCores}), got ${c.sparkMaxVcpu}`,
  },
  {
    // The range of EMR Serverless per vCPU, heap and overhead together. The local run has no such workers.
    broken: (c) => c.stage !== 'local' && (workerGb(c) < 2 * c.sparkCores || workerGb(c) > 7.5 * c.sparkCores),
    message: (c) =>
      `sparkMemoryGb must be from ${Math.ceil((2 * c.sparkCores) / 1.1)} to ${Math.floor((7.5 * c.sparkCores) / 1.1)} ` +
      `with ${c.sparkCores} sparkCores, got ${c.sparkMemoryGb}`,
  },
  {
    broken: (c) => c.sparkMaxMemoryGb < 2 * Math.ceil(workerGb(c)),
    message: (c) =>
      `sparkMaxMemoryGb must hold a driver and an executor of sparkMemoryGb with overhead ` +
      `(${2 * Math.ceil(workerGb(c))}), got ${c.sparkMaxMemoryGb}`,
  },
];
