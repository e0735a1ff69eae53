/**
 * The configuration of a deployment: one typed object per stage, overridable key by key (`-c key=value`), validated here and
 * nowhere else. Only `bin/` reads context and environment; everything below is handed this object.
 */

import { DEFAULTS } from './config-defaults';

export const STAGES = ['dev', 'prod', 'local'] as const;
export type Stage = (typeof STAGES)[number];

export interface PipelineConfig {
  /** Which set of defaults: `dev` (cheapest that works), `prod` (retained, three zones), `local` (read by `npm start`). */
  readonly stage: Stage;
  /** First part of every name that must be unique in an account and region, so that several copies do not collide. */
  readonly project: string;
  /**
   * Account to deploy to.
   * @default - the account of the credentials at deployment
   */
  readonly account?: string;
  /**
   * Region to deploy to.
   * @default - the region of the credentials at deployment
   */
  readonly region?: string;
  /** Whether stateful resources stay (`retain`) or go (`destroy`) when their stack is deleted. */
  readonly removal: 'retain' | 'destroy';
  /** Days that log groups keep their events. */
  readonly logRetentionDays: number;
  /** Processor architecture of the functions and the Spark application. */
  readonly architecture: 'arm64' | 'x86_64';

  /** Availability zones of the network; brokers are spread over all of them. */
  readonly availabilityZones: number;
  /** NAT gateways; Airflow alone reaches the internet. */
  readonly natGateways: number;

  /** Kafka brokers in total: a multiple of `availabilityZones`. */
  readonly brokers: number;
  /**
   * Broker size.
   * @see https://docs.aws.amazon.com/msk/latest/developerguide/broker-instance-sizes.html
   */
  readonly brokerInstance: string;
  /** Storage per broker, GiB. */
  readonly brokerVolumeGb: number;
  /** Partitions of the topic `posts`: the bound of parallelism of archive, aggregate and compact. May only grow. */
  readonly partitions: number;
  /** Copies of each partition. */
  readonly replicationFactor: number;
  /** Copies that must have a record before it is acknowledged. */
  readonly minInsyncReplicas: number;
  /** Days that Kafka keeps records: the time an outage of archive or aggregate may last. */
  readonly retentionDays: number;
  /** How functions authenticate at Kafka: MSK IAM over TLS, or unsigned tokens (the local run only). */
  readonly kafkaAuth: 'iam' | 'unsecured';

  /** Who may call both APIs: IAM principals (SigV4), bearers of a JWT, or anyone (with a warning at synth). */
  readonly auth: 'iam' | 'jwt' | 'open';
  /**
   * Issuer of the tokens where `auth` is `jwt`.
   * @default - none
   */
  readonly jwtIssuer?: string;
  /**
   * Audience of the tokens where `auth` is `jwt`.
   * @default - none
   */
  readonly jwtAudience?: string;
  /** Requests a second that each API takes before it answers 429. */
  readonly requestRate: number;
  /** Requests that each API takes at once before it answers 429. */
  readonly requestBurst: number;
  /** Whether the query API serves the status page (`GET /`), which reads metrics: see ADR 22 for what that costs. */
  readonly page: boolean;
  /** Ingest functions running at once: each holds connections to every broker. */
  readonly ingestConcurrency: number;

  /** Length of a bucket, minutes: how often the batch layer runs. It divides an hour, or is hours that divide a day. */
  readonly bucketMinutes: number;
  /** Minutes after the end of a bucket within which its batch views are expected to be published. */
  readonly publishDelayMinutes: number;
  /** Hours that speed rows live: at least 4 × (bucket + publish delay), so that a late batch layer makes nothing vanish. */
  readonly speedTtlHours: number;
  /** Hours that the batch layer remembers which sections of which posts it has seen. */
  readonly identityHorizonHours: number;
  /** Posts that a partition's speed state remembers. */
  readonly recentPosts: number;

  /** Seconds that records gather before `archive` is invoked: larger batches are fewer S3 requests. */
  readonly archiveWindowSeconds: number;
  /** Seconds that records gather before `aggregate` is invoked: freshness against the number of writes. */
  readonly aggregateWindowSeconds: number;
  /** Records after which a batch is handed over though its window is not over. */
  readonly batchSize: number;

  /** Largest capacity of the Spark application, vCPU. */
  readonly sparkMaxVcpu: number;
  /** Largest capacity of the Spark application, GB of memory. */
  readonly sparkMaxMemoryGb: number;
  /** Cores of the Spark driver and of each executor. */
  readonly sparkCores: number;
  /** Memory of the Spark driver and of each executor, GB. */
  readonly sparkMemoryGb: number;
  /** Idle minutes after which the Spark application stops. */
  readonly sparkIdleMinutes: number;
  /** Seconds between two looks at a running Spark job. */
  readonly sparkPollSeconds: number;

  /**
   * Size of the Airflow environment.
   * @see https://docs.aws.amazon.com/mwaa/latest/userguide/environment-class.html
   */
  readonly airflowClass: string;
  /** Whether Airflow's web server is reached over the internet (IAM decides who) or from the network only. */
  readonly airflowWebserver: 'public' | 'private';
  /** Minutes between two canaries; 0: none, and an idle pipeline runs no batch jobs. */
  readonly canaryMinutes: number;
  /**
   * Who gets the alarms by mail.
   * @default - nobody: the topic has no subscription
   */
  readonly alarmEmail?: string;
  /**
   * Address under which `docs/runbook.md` can be read: alarms link to it.
   * @default - the path in the repository
   */
  readonly runbookUrl?: string;

  /** Whether the boards are in a workspace of Managed Grafana, or only written as files (`npm run dashboards`). */
  readonly grafana: 'managed' | 'none';
  /** Who lets people into Grafana: IAM Identity Center, which the account must have, or a SAML provider. */
  readonly grafanaAuth: 'sso' | 'saml';
  /**
   * Address of the metadata of the provider where `grafanaAuth` is `saml`.
   * @default - none
   */
  readonly grafanaSamlMetadata?: string;

  /** Whether the DAG waits for Spark in the triggerer, which frees the worker, or in the worker itself. */
  readonly deferrable: boolean;
  /** Whether Managed Prometheus watches the brokers, with the rules of `prometheus/rules`, or CloudWatch alone. */
  readonly prometheus: 'managed' | 'none';
}

export type ConfigKey = keyof PipelineConfig;

/** What is wrong with the configuration, in one line that names the key, its value and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** The speed rows' time to live in multiples of the time that publishing may take. */
const TTL_FACTOR = 4;

interface Rule {
  readonly allowed: string;
  /** The typed value, or undefined if it is not allowed. */
  readonly parse: (value: unknown) => string | number | boolean | undefined;
}

const oneOf = (...values: readonly string[]): Rule => ({
  allowed: `one of ${values.join(', ')}`,
  parse: (value) => values.find((each) => each === value),
});

const matching = (pattern: RegExp, allowed: string): Rule => ({
  allowed,
  parse: (value) => (typeof value === 'string' && pattern.test(value) ? value : undefined),
});

function integer(from: number, to: number): Rule {
  return {
    allowed: `an integer from ${from} to ${to}`,
    parse: (value) => {
      const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
      return typeof number === 'number' && Number.isInteger(number) && number >= from && number <= to
        ? number
        : undefined;
    },
  };
}

function integerOf(values: readonly number[]): Rule {
  const { parse } = integer(Math.min(...values), Math.max(...values));
  return {
    allowed: `one of ${values.join(', ')}`,
    parse: (value) => {
      const number = parse(value);
      return values.find((each) => each === number);
    },
  };
}

function divisorsOf(number: number): number[] {
  return Array.from({ length: number }, (_, i) => i + 1).filter((each) => number % each === 0);
}

const YES_NO: Rule = {
  allowed: 'true or false',
  parse: (value) =>
    typeof value === 'boolean' ? value : value === 'true' ? true : value === 'false' ? false : undefined,
};

const DAY_MINUTES = 24 * 60;

/** What a cron expression, and so the DAG's timetable, can say: 90 minutes divide a day, but no cron runs every 90. */
const BUCKET_MINUTES = [
  ...divisorsOf(60),
  ...divisorsOf(24)
    .filter((hours) => hours > 1)
    .map((hours) => 60 * hours),
];

/** What CloudWatch takes; any other number of days fails the deployment. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const RULES: Readonly<Record<ConfigKey, Rule>> = {
  stage: oneOf(...STAGES),
  // Goes into names of Keyspaces (48 characters, no hyphen), MWAA and MSK.
  project: matching(/^[a-z][a-z0-9]{1,19}$/, '2 to 20 lower-case letters and digits, a letter first'),
  account: matching(/^\d{12}$/, '12 digits'),
  region: matching(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region name like eu-central-1'),
  removal: oneOf('retain', 'destroy'),
  logRetentionDays: integerOf(LOG_RETENTION_DAYS),
  architecture: oneOf('arm64', 'x86_64'),
  availabilityZones: integer(2, 3),
  natGateways: integer(1, 3),
  brokers: integer(2, 30),
  brokerInstance: matching(
    /^kafka\.(t3\.small|m5\.(large|xlarge|2xlarge|4xlarge|8xlarge|12xlarge|16xlarge|24xlarge)|m7g\.(large|xlarge|2xlarge|4xlarge|8xlarge|12xlarge|16xlarge))$/,
    'a standard broker size: kafka.t3.small, kafka.m5.large … 24xlarge or kafka.m7g.large … 16xlarge',
  ),
  brokerVolumeGb: integer(1, 16_384),
  partitions: integer(1, 1_000),
  replicationFactor: integer(1, 5),
  minInsyncReplicas: integer(1, 5),
  retentionDays: integer(1, 365),
  kafkaAuth: oneOf('iam', 'unsecured'),
  auth: oneOf('iam', 'jwt', 'open'),
  jwtIssuer: matching(/^https:\/\/\S+$/, 'an https address'),
  jwtAudience: matching(/^\S+$/, 'a text without spaces'),
  requestRate: integer(1, 10_000),
  requestBurst: integer(1, 5_000),
  page: YES_NO,
  ingestConcurrency: integer(1, 1_000),
  bucketMinutes: integerOf(BUCKET_MINUTES),
  publishDelayMinutes: integer(1, 7 * DAY_MINUTES),
  speedTtlHours: integer(1, 24 * 365),
  identityHorizonHours: integer(1, 24 * 365),
  recentPosts: integer(1, 1_000_000),
  archiveWindowSeconds: integer(0, 300),
  aggregateWindowSeconds: integer(0, 300),
  batchSize: integer(1, 10_000),
  sparkMaxVcpu: integer(2, 400),
  sparkMaxMemoryGb: integer(4, 3_000),
  sparkCores: integerOf([1, 2, 4, 8, 16]),
  sparkMemoryGb: integer(1, 108),
  sparkIdleMinutes: integer(1, 10_080),
  sparkPollSeconds: integer(1, 300),
  airflowClass: oneOf('mw1.micro', 'mw1.small', 'mw1.medium', 'mw1.large', 'mw1.xlarge', 'mw1.2xlarge'),
  airflowWebserver: oneOf('public', 'private'),
  deferrable: YES_NO,
  grafana: oneOf('managed', 'none'),
  grafanaAuth: oneOf('sso', 'saml'),
  grafanaSamlMetadata: matching(/^https:\/\/\S+$/, 'an https address'),
  prometheus: oneOf('managed', 'none'),
  canaryMinutes: integer(0, 60),
  alarmEmail: matching(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'a mail address'),
  runbookUrl: matching(/^https:\/\/\S+$/, 'an https address'),
};

export const CONFIG_KEYS = Object.keys(RULES) as readonly ConfigKey[];

const isKey = (name: string): name is ConfigKey => Object.hasOwn(RULES, name);

/** Memory of a Spark worker with its overhead: 10 %, at least 384 MB. */
function workerGb(config: PipelineConfig): number {
  return config.sparkMemoryGb + Math.max(0.1 * config.sparkMemoryGb, 0.384);
}

interface Combination {
  readonly broken: (config: PipelineConfig) => boolean;
  readonly message: (config: PipelineConfig) => string;
}

/** What single values can't tell. */
const COMBINATIONS: readonly Combination[] = [
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
    // With all copies required, the restart of one broker (each patching) stops every write.
    broken: (c) => c.stage === 'prod' && (c.minInsyncReplicas < 2 || c.minInsyncReplicas >= c.replicationFactor),
    message: (c) =>
      `minInsyncReplicas must be from 2 to replicationFactor − 1 (${c.replicationFactor - 1}) in stage prod, got ${c.minInsyncReplicas}`,
  },
  {
    broken: (c) => c.natGateways > c.availabilityZones,
    message: (c) => `natGateways must be at most availabilityZones (${c.availabilityZones}), got ${c.natGateways}`,
  },
  {
    broken: (c) => c.kafkaAuth === 'unsecured' && c.stage !== 'local',
    message: (c) => `kafkaAuth must be iam in stage ${c.stage}, got unsecured (allowed in stage local only)`,
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
    broken: (c) => c.speedTtlHours * 60 < TTL_FACTOR * (c.bucketMinutes + c.publishDelayMinutes),
    message: (c) =>
      `speedTtlHours must be at least ${TTL_FACTOR} × (bucketMinutes + publishDelayMinutes) = ` +
      `${Math.ceil((TTL_FACTOR * (c.bucketMinutes + c.publishDelayMinutes)) / 60)}, got ${c.speedTtlHours}`,
  },
  {
    broken: (c) => c.identityHorizonHours * 60 < c.bucketMinutes,
    message: (c) =>
      `identityHorizonHours must be at least a bucket (${c.bucketMinutes} minutes), got ${c.identityHorizonHours}`,
  },
  {
    // Driver and one executor.
    broken: (c) => c.sparkMaxVcpu < 2 * c.sparkCores,
    message: (c) => `sparkMaxVcpu must be at least 2 × sparkCores (${2 * c.sparkCores}), got ${c.sparkMaxVcpu}`,
  },
  {
    // What EMR Serverless offers per vCPU, heap and overhead together; the local run has no such workers.
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

/**
 * The configuration of a stage with overrides.
 *
 * @param overrides what the user set, e.g. by `-c key=value`: text or typed values
 * @param hostArchitecture of the machine that synthesizes, which stage `local` takes as the functions run on it
 * @throws ConfigError naming the first unknown key, bad value or bad combination, and what is allowed
 */
export function loadConfig(
  overrides: Readonly<Record<string, unknown>>,
  hostArchitecture: PipelineConfig['architecture'] = 'arm64',
): PipelineConfig {
  const stage = value('stage', overrides['stage'] ?? 'dev') as Stage;
  const set: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(overrides)) {
    if (!isKey(name)) {
      throw new ConfigError(`unknown config key '${name}': allowed are ${CONFIG_KEYS.join(', ')}`);
    }
    set[name] = value(name, given);
  }
  const host = stage === 'local' ? { architecture: hostArchitecture } : {};
  const config: PipelineConfig = Object.freeze({ ...DEFAULTS[stage], ...host, ...set });
  const broken = COMBINATIONS.find((each) => each.broken(config));
  if (broken) {
    throw new ConfigError(broken.message(config));
  }
  return config;
}

function value(name: ConfigKey, given: unknown): string | number | boolean {
  const parsed = RULES[name].parse(given);
  if (parsed === undefined) {
    throw new ConfigError(`${name} must be ${RULES[name].allowed}, got '${String(given).slice(0, 60)}'`);
  }
  return parsed;
}

/**
 * The context keys that are ours: those of CDK start with `@` or have a colon.
 * @param context everything in the app's context
 */
export function overridesIn(context: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(context).filter(([key]) => !key.startsWith('@') && !key.includes(':')));
}
