/**
 * The keys of the configuration, each with its meaning, the values that it accepts, and its value in each stage.
 * `combinations.ts` has the constraints between keys.
 */
import { VIEWS_ENGINES } from '../../lambda/compact/core';
import { httpsAddress, integer, integerOf, matching, oneOf, origins, region, type Rule, trueOrFalse } from './rules';

/**
 * `lean` carries about 100 posts a second at the lowest cost, with data retained. At that rate, most of the bill is for what runs even
 * without posts, and next for rows written (batches × their size). Hence few partitions, long windows and small states. `local` starts
 * one broker.
 */
export const STAGES = ['dev', 'lean', 'prod', 'local'] as const;
export type Stage = (typeof STAGES)[number];

type Value = string | number | boolean;

interface Key<T extends Value> {
  readonly rule: Rule<T>;
  readonly defaults: Readonly<Record<Stage, T>>;
}

interface OptionalKey {
  readonly rule: Rule<string>;
}

/** A key with its value in stage dev, and in the stages that differ. */
function key<T extends Value>(
  rule: Rule<T>,
  dev: NoInfer<T>,
  differing: Readonly<Partial<Record<Stage, NoInfer<T>>>> = {},
): Key<T> {
  return { rule, defaults: { dev, lean: dev, prod: dev, local: dev, ...differing } };
}

/** A key that no stage sets. */
const optional = (rule: Rule<string>): OptionalKey => ({ rule });

const DAY_MINUTES = 24 * 60;

const divisorsOf = (number: number) =>
  Array.from({ length: number }, (_, i) => i + 1).filter((each) => number % each === 0);

/** Lengths that a cron expression, and so the DAG's timetable, can express. 90 minutes divide a day, but no cron runs every 90. */
const INTERVAL_MINUTES = [
  ...divisorsOf(60),
  ...divisorsOf(24)
    .filter((hours) => hours > 1)
    .map((hours) => 60 * hours),
];

/** The retention periods that CloudWatch accepts. Any other number of days fails the deployment. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export const KEYS = {
  /**
   * Which set of defaults: `dev` (everything can be destroyed; Airflow's web server, traces and all dashboards), `lean` (the cheapest:
   * data retained, about 100 posts a second), `prod` (data retained, three zones), `local` (read by `npm start`).
   */
  stage: key(oneOf(...STAGES), 'dev', { lean: 'lean', prod: 'prod', local: 'local' }),
  /** First part of every name that must be unique in an account and region, so that several deployments do not collide. */
  // Part of names in Keyspaces (48 characters, no hyphen), MWAA and MSK.
  project: key(matching(/^[a-z][a-z0-9]{1,19}$/, '2 to 20 lower-case letters and digits, a letter first'), 'pinterest'),
  /**
   * Account to deploy to.
   * @default - the account of the credentials at deployment
   */
  account: optional(matching(/^\d{12}$/, '12 digits')),
  /**
   * Region to deploy to.
   * @default - the region of the credentials at deployment
   */
  region: optional(region),
  /** Whether stateful resources are retained (`retain`) or deleted (`destroy`) when their stack is deleted. */
  removal: key(oneOf('retain', 'destroy'), 'destroy', { lean: 'retain', prod: 'retain' }),
  /**
   * Days for which the lake retains objects of the raw log; 0: forever. Later, an interval can be computed again from `posts/`, as a
   * backfill does, but `posts/` can't be made again.
   */
  rawRetentionDays: key(integer(0, 3_650), 0),
  /** Days for which log groups retain their events. */
  logRetentionDays: key(integerOf(LOG_RETENTION_DAYS), 7, { lean: 30, prod: 90, local: 1 }),
  /**
   * Which keys encrypt stored data: those of the services (`aws`, free), or one customer-managed key, rotated yearly
   * (`customer`), for the lake, the brokers' volumes, the tables, log groups and alarm topics. Decide before the first
   * deployment, because brokers can't change their key.
   */
  kms: key(oneOf('aws', 'customer'), 'aws'),
  /** Where the released schema of a post is registered: in Glue Schema Registry (`glue`, free), or not (`none`). */
  schemaRegistry: key(oneOf('none', 'glue'), 'none'),
  /** Processor architecture of the functions and the Spark application. */
  architecture: key(oneOf('arm64', 'x86_64'), 'arm64'),

  /**
   * Posts a second that the stage is built for. Keys that the rate requires and that are not set are raised from the stage's default
   * (`requestRate`, `ingestConcurrency`, `partitions`, `brokerVolumeGb`, `retentionDays`, `pollers`, `sparkMaxVcpu`, `speedTtlHours`).
   * A configuration that can't carry the rate stops synth. Volumes and partitions can't shrink: set them before you lower the rate of a
   * deployment.
   */
  postsPerSecond: key(integer(1, 1_000_000), 10, { lean: 100, prod: 1_000 }),
  /** Bytes of a post in Kafka, on average. */
  // As measured: see docs/cost-and-scale.md.
  postBytes: key(integer(100, 100_000), 850),
  /** Hours for which any part may be down without loss: `speedTtlHours`, `retentionDays` and the brokers' volumes must cover them. */
  outageHours: key(integer(1, 14 * 24), 48),

  /** Number of availability zones. Brokers are spread over all of them. */
  availabilityZones: key(integer(2, 3), 2, { prod: 3 }),
  /** Address range of the network, a private range from /16 to /18. It can't be changed after the first deployment. */
  vpcCidr: key(
    // Three zones of /20, /24 and /26 subnets fit into a /18.
    matching(
      /^(10\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])|172\.(1[6-9]|2\d|3[01])|192\.168)\.(0\.0\/1[678]|128\.0\/1[78]|(64|192)\.0\/18)$/,
      'a private range that starts on its border, from /16 to /18, like 10.42.0.0/16',
    ),
    '10.42.0.0/16',
  ),
  /** Number of NAT gateways. Only MWAA needs internet access, so none are created without it. */
  natGateways: key(integer(1, 3), 1, { prod: 2 }),

  /** Total number of Kafka brokers: a multiple of `availabilityZones`. */
  brokers: key(integer(2, 30), 2, { prod: 3 }),
  /**
   * Broker size.
   * @see https://docs.aws.amazon.com/msk/latest/developerguide/broker-instance-sizes.html
   */
  brokerInstance: key(
    matching(
      /^kafka\.(t3\.small|m5\.(large|xlarge|2xlarge|4xlarge|8xlarge|12xlarge|16xlarge|24xlarge)|m7g\.(large|xlarge|2xlarge|4xlarge|8xlarge|12xlarge|16xlarge))$/,
      'a standard broker size: kafka.t3.small, kafka.m5.large … 24xlarge or kafka.m7g.large … 16xlarge',
    ),
    'kafka.t3.small',
    { prod: 'kafka.m7g.large' },
  ),
  /** Storage of each broker, GiB. */
  // lean: the posts of a weekend, in two replicas, are 26 GB per broker at 100 posts a second.
  brokerVolumeGb: key(integer(1, 16_384), 20, { lean: 40, prod: 200 }),
  /** Partitions of the topic `posts`: the limit of parallelism of archive, aggregate and compact. The number may only grow. */
  partitions: key(integer(1, 1_000), 6, { lean: 3, prod: 12, local: 3 }),
  /** Replicas of each partition. */
  replicationFactor: key(integer(1, 5), 2, { prod: 3, local: 1 }),
  /** Replicas that must have a record before Kafka acknowledges it. */
  minInsyncReplicas: key(integer(1, 5), 1, { prod: 2 }),
  /** Days for which Kafka retains records: the longest outage of archive or aggregate without loss. */
  // prod: an outage of outageHours, and as long again to catch up. A day is 100 GiB per broker at that rate, and the lake has all records.
  retentionDays: key(integer(1, 365), 7, { lean: 3, prod: 4 }),
  /**
   * Metrics that brokers report to CloudWatch: the free ones, including consumer lag (`DEFAULT`), or also those of each topic and
   * broker. Prometheus gets all of them in either case.
   * @see https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html
   */
  brokerMonitoring: key(oneOf('DEFAULT', 'PER_TOPIC_PER_BROKER'), 'PER_TOPIC_PER_BROKER', { lean: 'DEFAULT' }),
  /** How functions authenticate to Kafka: MSK IAM over TLS, or unsigned tokens (local run only). */
  kafkaAuth: key(oneOf('iam', 'unsecured'), 'iam', { local: 'unsecured' }),

  /** Who may call both APIs: IAM principals (SigV4), holders of a JWT, or anyone (with a warning at synth). */
  auth: key(oneOf('iam', 'jwt', 'open'), 'iam', { local: 'open' }),
  /**
   * Issuer of the tokens where `auth` is `jwt`.
   * @default - none
   */
  jwtIssuer: optional(httpsAddress),
  /**
   * Audience of the tokens where `auth` is `jwt`.
   * @default - none
   */
  jwtAudience: optional(matching(/^\S+$/, 'a text without spaces')),
  /** Requests a second that the main route of each API accepts before it returns 429. Other routes accept a share of it. */
  requestRate: key(integer(1, 10_000), 100, { prod: 1_000, local: 1_000 }),
  /** Requests that the main route of each API accepts at once before it returns 429. Other routes accept a share of it. */
  requestBurst: key(integer(1, 5_000), 200, { prod: 2_000, local: 2_000 }),
  /**
   * Origins of the web pages whose scripts may call both APIs, separated by commas, or `*`. API Gateway answers the preflight requests.
   * @default - none: browsers keep the responses from scripts of other origins
   */
  corsOrigins: optional(origins),
  /** Whether the query API serves the status page (`GET /`), which reads metrics. ADR 22 has the cost. */
  page: key(trueOrFalse, false, { local: true }),
  /** Ingest instances that may run at once. Each holds connections to every broker. */
  // local: twice what the load generator and the canary send at once. More is throttled, as in AWS.
  ingestConcurrency: key(integer(1, 1_000), 10, { prod: 100, local: 20 }),

  /**
   * Length of an interval, minutes: how often the batch layer runs. It divides an hour, or is a number of hours that divides a day.
   * Fixed by the first deployment.
   */
  intervalMinutes: key(integerOf(INTERVAL_MINUTES), 60, { local: 1 }),
  /** Minutes after the end of an interval within which its batch views should be published. */
  publishDelayMinutes: key(integer(1, 7 * DAY_MINUTES), 30, { prod: 60, local: 5 }),
  /** TTL of speed rows, hours: at least 4 × (interval + publish delay), so that no posts disappear when the batch layer is late. */
  speedTtlHours: key(integer(1, 24 * 365), 72, { prod: 168, local: 24 }),
  /** Hours for which the batch layer remembers which sections of which posts it has read; the speed layer at most. */
  identityHorizonHours: key(integer(1, 24 * 365), 168),
  /**
   * Intervals with posts, before the newest one, for which the speed layer remembers which sections of which posts it has read. The
   * function has them in memory.
   */
  speedHorizonIntervals: key(integer(0, 1_000), 6, { prod: 1, local: 60 }),

  /** Seconds for which records gather before `archive` is invoked. Larger batches mean fewer S3 requests. */
  // lean: at 100 posts a second a batch reaches its limit of 6 MB within a minute. Longer windows would save nothing.
  archiveWindowSeconds: key(integer(0, 300), 30, { lean: 60, prod: 60, local: 1 }),
  /** Seconds for which records gather before `aggregate` is invoked: freshness against the number of writes. */
  aggregateWindowSeconds: key(integer(0, 300), 5, { lean: 60, local: 0 }),
  /** Pollers of each event source. Each reads some of the partitions; AWS bills them in units of four. */
  pollers: key(integer(1, 200), 1),
  /** Records after which a batch is delivered before its window ends. */
  // lean: high enough that time or the 6 MB of a batch ends a window, not the count.
  batchSize: key(integer(1, 10_000), 5_000, { lean: 10_000 }),

  /**
   * What computes the views of an interval: a job of EMR Serverless (`spark`); the function `compact` (`duckdb`: no application, and no
   * wait for its start; for intervals that one machine can count); or the one or the other by the interval's size (`auto`).
   */
  viewsEngine: key(oneOf(...VIEWS_ENGINES), 'duckdb', { prod: 'auto' }),
  /** Maximum capacity of the Spark application, vCPU. */
  sparkMaxVcpu: key(integer(2, 400), 16, { prod: 64, local: 4 }),
  /** Maximum capacity of the Spark application, GB of memory. */
  sparkMaxMemoryGb: key(integer(4, 3_000), 64, { prod: 256, local: 16 }),
  /** Cores of the Spark driver and of each executor. */
  sparkCores: key(integerOf([1, 2, 4, 8, 16]), 2, { prod: 4 }),
  /** Memory of the Spark driver and of each executor, GB. */
  sparkMemoryGb: key(integer(1, 108), 6, { prod: 14, local: 1 }),
  /** Idle minutes after which the Spark application stops. */
  sparkIdleMinutes: key(integer(1, 10_080), 5),
  /** Seconds between two polls of a running Spark job. */
  sparkPollSeconds: key(integer(1, 300), 15, { local: 1 }),

  /**
   * What runs the batch layer: an Airflow environment (`mwaa`), a workflow billed per run (`mwaa-serverless`: no NAT, no web
   * server, steps of a minute at most), or your own Airflow (`none`; its configuration is an output).
   */
  // lean: an Airflow environment and its NAT gateway would be the largest part of the bill.
  orchestrator: key(oneOf('mwaa', 'mwaa-serverless', 'none'), 'mwaa', { lean: 'mwaa-serverless' }),
  /**
   * Size of the Airflow environment.
   * @see https://docs.aws.amazon.com/mwaa/latest/userguide/environment-class.html
   */
  airflowClass: key(
    oneOf('mw1.micro', 'mw1.small', 'mw1.medium', 'mw1.large', 'mw1.xlarge', 'mw1.2xlarge'),
    'mw1.micro',
    { prod: 'mw1.small' },
  ),
  /** Whether Airflow's web server is reachable over the internet (IAM controls access) or only from the network. */
  airflowWebserver: key(oneOf('public', 'private'), 'public', { prod: 'private' }),
  /** Whether X-Ray traces the functions: one invocation a second and 5 % of the others. ADR 24 has the cost. */
  // lean: tracing, all metrics and all dashboards would together cost three times as much as all functions.
  tracing: key(trueOrFalse, true, { lean: false }),
  /**
   * Which of the functions' metrics are custom metrics of CloudWatch: `all`, or only those that an alarm or the overview reads
   * (`alarmed`; the rest are in the logs).
   */
  metrics: key(oneOf('all', 'alarmed'), 'all', { lean: 'alarmed' }),
  /** Which dashboards CloudWatch has: an overview and one per step (`all`), or only the `overview`. */
  dashboards: key(oneOf('all', 'overview'), 'all', { lean: 'overview' }),
  /** Minutes between two canaries. 0: no canary, and an idle pipeline runs no batch jobs. */
  canaryMinutes: key(integer(0, 60), 0, { prod: 5, local: 1 }),
  /**
   * Mail address that receives the alarms.
   * @default - none: the topic has no subscription
   */
  alarmEmail: optional(matching(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'a mail address')),
  /**
   * Slack workspace (its ID, T…) whose channel `slackChannel` receives the alarms. Authorize it once, in the console of Amazon Q
   * Developer in chat applications.
   * @default - none
   */
  slackWorkspace: optional(matching(/^T[A-Z0-9]{7,12}$/, 'the ID of a Slack workspace, like T0123ABCD')),
  /**
   * Slack channel (its ID, C…) that receives the alarms.
   * @default - none
   */
  slackChannel: optional(matching(/^[CG][A-Z0-9]{7,12}$/, 'the ID of a Slack channel, like C0123ABCD')),
  /**
   * Cost of a month, USD, of what has the tag `project` of this deployment: the alarm topic is notified when a forecast exceeds it, and
   * when the bill does. 0: no budget. Activate `project` as a cost allocation tag first, or the budget sees nothing.
   */
  monthlyBudgetUsd: key(integer(0, 1_000_000), 0),
  /**
   * URL of `docs/runbook.md`; alarms link to it.
   * @default - the path in the repository
   */
  runbookUrl: optional(httpsAddress),

  /** Whether the boards are deployed to a Managed Grafana workspace, or only written as files (`npm run dashboards`). */
  grafana: key(oneOf('managed', 'none'), 'none', { prod: 'managed' }),
  /** How people sign in to Grafana: by IAM Identity Center, which the account must have, or by a SAML provider. */
  grafanaAuth: key(oneOf('sso', 'saml'), 'sso'),
  /**
   * URL of the SAML provider's metadata where `grafanaAuth` is `saml`.
   * @default - none
   */
  grafanaSamlMetadata: optional(httpsAddress),

  /** Whether the DAG waits for Spark in the triggerer, which frees the worker, or in the worker. */
  deferrable: key(trueOrFalse, true, { local: false }),
  /** Whether Managed Prometheus monitors the brokers, with the rules of `observability/prometheus/rules`, or only CloudWatch. */
  // A scraper costs about $29 a month before its first sample: CloudWatch's alarms are enough in the other stages.
  prometheus: key(oneOf('managed', 'none'), 'none', { prod: 'managed' }),
};

type Keys = typeof KEYS;
export type ConfigKey = keyof Keys;
type RequiredKey = { [K in ConfigKey]: Keys[K] extends { readonly defaults: object } ? K : never }[ConfigKey];
type ValueOf<K extends ConfigKey> = Keys[K] extends { readonly rule: Rule<infer T> } ? T : never;

/** A checked configuration: the value of each key. */
export type PipelineConfig = { readonly [K in RequiredKey]: ValueOf<K> } & {
  readonly [K in Exclude<ConfigKey, RequiredKey>]?: ValueOf<K>;
};

/** The configuration of a stage without overrides. */
export function defaultsOf(stage: Stage): PipelineConfig {
  const set = Object.entries<Partial<Key<Value>>>(KEYS).flatMap(([name, { defaults }]) =>
    defaults ? [[name, defaults[stage]]] : [],
  );
  return Object.fromEntries(set) as PipelineConfig;
}
