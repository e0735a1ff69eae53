/** Which values each key of the configuration takes by itself; what goes together is in `combinations.ts`. */
import { STAGES, type ConfigKey } from './schema';

export interface Rule {
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
const INTERVAL_MINUTES = [
  ...divisorsOf(60),
  ...divisorsOf(24)
    .filter((hours) => hours > 1)
    .map((hours) => 60 * hours),
];

/** What CloudWatch takes; any other number of days fails the deployment. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export const RULES: Readonly<Record<ConfigKey, Rule>> = {
  stage: oneOf(...STAGES),
  // Goes into names of Keyspaces (48 characters, no hyphen), MWAA and MSK.
  project: matching(/^[a-z][a-z0-9]{1,19}$/, '2 to 20 lower-case letters and digits, a letter first'),
  account: matching(/^\d{12}$/, '12 digits'),
  region: matching(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region name like eu-central-1'),
  removal: oneOf('retain', 'destroy'),
  logRetentionDays: integerOf(LOG_RETENTION_DAYS),
  kms: oneOf('aws', 'customer'),
  architecture: oneOf('arm64', 'x86_64'),
  postsPerSecond: integer(1, 1_000_000),
  postBytes: integer(100, 100_000),
  outageHours: integer(1, 14 * 24),
  availabilityZones: integer(2, 3),
  // Three zones of /20, /24 and /26 subnets fit into a /18.
  vpcCidr: matching(
    /^(10\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])|172\.(1[6-9]|2\d|3[01])|192\.168)\.(0\.0\/1[678]|128\.0\/1[78]|(64|192)\.0\/18)$/,
    'a private range that starts on its border, from /16 to /18, like 10.42.0.0/16',
  ),
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
  brokerMonitoring: oneOf('DEFAULT', 'PER_TOPIC_PER_BROKER'),
  kafkaAuth: oneOf('iam', 'unsecured'),
  auth: oneOf('iam', 'jwt', 'open'),
  jwtIssuer: matching(/^https:\/\/\S+$/, 'an https address'),
  jwtAudience: matching(/^\S+$/, 'a text without spaces'),
  requestRate: integer(1, 10_000),
  requestBurst: integer(1, 5_000),
  page: YES_NO,
  ingestConcurrency: integer(1, 1_000),
  intervalMinutes: integerOf(INTERVAL_MINUTES),
  publishDelayMinutes: integer(1, 7 * DAY_MINUTES),
  speedTtlHours: integer(1, 24 * 365),
  identityHorizonHours: integer(1, 24 * 365),
  recentPosts: integer(1, 1_000_000),
  archiveWindowSeconds: integer(0, 300),
  aggregateWindowSeconds: integer(0, 300),
  pollers: integer(1, 200),
  batchSize: integer(1, 10_000),
  sparkMaxVcpu: integer(2, 400),
  sparkMaxMemoryGb: integer(4, 3_000),
  sparkCores: integerOf([1, 2, 4, 8, 16]),
  sparkMemoryGb: integer(1, 108),
  sparkIdleMinutes: integer(1, 10_080),
  sparkPollSeconds: integer(1, 300),
  orchestrator: oneOf('mwaa', 'mwaa-serverless', 'none'),
  airflowClass: oneOf('mw1.micro', 'mw1.small', 'mw1.medium', 'mw1.large', 'mw1.xlarge', 'mw1.2xlarge'),
  airflowWebserver: oneOf('public', 'private'),
  deferrable: YES_NO,
  grafana: oneOf('managed', 'none'),
  grafanaAuth: oneOf('sso', 'saml'),
  grafanaSamlMetadata: matching(/^https:\/\/\S+$/, 'an https address'),
  prometheus: oneOf('managed', 'none'),
  tracing: YES_NO,
  metrics: oneOf('all', 'watched'),
  dashboards: oneOf('all', 'overview'),
  canaryMinutes: integer(0, 60),
  alarmEmail: matching(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'a mail address'),
  runbookUrl: matching(/^https:\/\/\S+$/, 'an https address'),
};
