/**
 * The configuration of a deployment: one typed object per stage, overridable key by key (`-c key=value`), validated here and
 * nowhere else. Only `bin/` reads context and environment; everything below is handed this object.
 */

import { COMBINATIONS } from './combinations';
import { DEFAULTS, STAGES, type Stage } from './defaults';
import { RULES } from './rules';

export { STAGES, type Stage };

export interface PipelineConfig {
  /**
   * Which set of defaults: `dev` (cheapest that works, everything destroyable), `lean` (data retained, about 100 posts a
   * second at the least cost), `prod` (data retained, three zones), `local` (read by `npm start`).
   */
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
  /**
   * Whose keys encrypt what is stored: those of the services (`aws`, free), or one key of this deployment (`customer`, turned
   * every year) for the lake, the brokers' volumes, the tables, log groups and alarm topics. Decided before the first
   * deployment: brokers can't change their key.
   */
  readonly kms: 'aws' | 'customer';
  /** Processor architecture of the functions and the Spark application. */
  readonly architecture: 'arm64' | 'x86_64';

  /** Availability zones of the network; brokers are spread over all of them. */
  readonly availabilityZones: number;
  /** Addresses of the network, a private range from /16 to /18. Can't be changed once the network is there. */
  readonly vpcCidr: string;
  /** NAT gateways; an Airflow environment alone reaches the internet, so that there are none without one. */
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
  /**
   * What brokers report to CloudWatch: the free metrics, lag of consumers among them (`DEFAULT`), or those of each topic and
   * broker, too. Prometheus gets all of them in either case.
   * @see https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html
   */
  readonly brokerMonitoring: 'DEFAULT' | 'PER_TOPIC_PER_BROKER';
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
  /** Whether a web ACL stands before the APIs: HTTP APIs take none, so `true` is refused with what to do instead. */
  readonly waf: boolean;
  /** Requests a second that the main route of each API takes before it answers 429; other routes take a share of it. */
  readonly requestRate: number;
  /** Requests that the main route of each API takes at once before it answers 429; other routes take a share of it. */
  readonly requestBurst: number;
  /** Whether the query API serves the status page (`GET /`), which reads metrics: see ADR 22 for what that costs. */
  readonly page: boolean;
  /** Ingest functions running at once: each holds connections to every broker. */
  readonly ingestConcurrency: number;

  /** Length of an interval, minutes: how often the batch layer runs. It divides an hour, or is hours that divide a day. */
  readonly intervalMinutes: number;
  /** Minutes after the end of an interval within which its batch views are expected to be published. */
  readonly publishDelayMinutes: number;
  /** Hours that speed rows live: at least 4 × (interval + publish delay), so that a late batch layer makes nothing vanish. */
  readonly speedTtlHours: number;
  /** Hours that the batch layer remembers which sections of which posts it has seen. */
  readonly identityHorizonHours: number;
  /** Posts that a partition's speed state remembers. */
  readonly recentPosts: number;

  /** Seconds that records gather before `archive` is invoked: larger batches are fewer S3 requests. */
  readonly archiveWindowSeconds: number;
  /** Seconds that records gather before `aggregate` is invoked: freshness against the number of writes. */
  readonly aggregateWindowSeconds: number;
  /** Pollers that each event source keeps: each reads a part of the partitions, four are a paid unit. */
  readonly pollers: number;
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
   * What runs the batch layer: an Airflow environment (`mwaa`), a workflow paid by the run (`mwaa-serverless`: no NAT, no web
   * server, steps of a minute at most), or an Airflow of your own (`none`; its configuration is an output).
   */
  readonly orchestrator: 'mwaa' | 'mwaa-serverless' | 'none';
  /**
   * Size of the Airflow environment.
   * @see https://docs.aws.amazon.com/mwaa/latest/userguide/environment-class.html
   */
  readonly airflowClass: string;
  /** Whether Airflow's web server is reached over the internet (IAM decides who) or from the network only. */
  readonly airflowWebserver: 'public' | 'private';
  /** Whether the functions are traced by X-Ray, one invocation a second and 5 % of the others: see ADR 24 for what that costs. */
  readonly tracing: boolean;
  /** Which of the functions' metrics are custom metrics of CloudWatch: `all`, or those that an alarm or the overview looks at (`watched`; the others are in the logs). */
  readonly metrics: 'all' | 'watched';
  /** Which dashboards CloudWatch has: an overview and one a step (`all`), or the `overview` alone. */
  readonly dashboards: 'all' | 'overview';
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
  /** Whether Managed Prometheus watches the brokers, with the rules of `observability/prometheus/rules`, or CloudWatch alone. */
  readonly prometheus: 'managed' | 'none';
}

export type ConfigKey = keyof PipelineConfig;

/** What is wrong with the configuration, in one line that names the key, its value and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export const CONFIG_KEYS = Object.keys(RULES) as readonly ConfigKey[];

/** What is about an Airflow environment and nothing else. */
const ENVIRONMENT_KEYS = ['natGateways', 'airflowClass', 'airflowWebserver'] as const satisfies readonly ConfigKey[];

const isKey = (name: string): name is ConfigKey => Object.hasOwn(RULES, name);

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
  const orchestrator = (set['orchestrator'] ?? DEFAULTS[stage].orchestrator) as PipelineConfig['orchestrator'];
  const stray = ENVIRONMENT_KEYS.find((key) => key in set);
  if (orchestrator !== 'mwaa' && stray) {
    throw new ConfigError(
      `${stray} must be left out where orchestrator is ${orchestrator}, got ${String(set[stray])}: there is no Airflow environment`,
    );
  }
  const network = orchestrator === 'mwaa' ? {} : { natGateways: 0 };
  const host = stage === 'local' ? { architecture: hostArchitecture } : {};
  const config: PipelineConfig = Object.freeze({ ...DEFAULTS[stage], ...network, ...host, ...set });
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
