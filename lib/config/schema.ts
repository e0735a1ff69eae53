/** The keys of the configuration and their meaning. Defaults, limits and combinations are in the files beside this one. */

export const STAGES = ['dev', 'lean', 'prod', 'local'] as const;
export type Stage = (typeof STAGES)[number];

export interface PipelineConfig {
  /**
   * Which set of defaults: `dev` (the cheapest that works, everything can be destroyed), `lean` (data retained, about 100 posts a
   * second at the lowest cost), `prod` (data retained, three zones), `local` (read by `npm start`).
   */
  readonly stage: Stage;
  /** First part of every name that must be unique in an account and region, so that several deployments do not collide. */
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
  /** Whether stateful resources are retained (`retain`) or deleted (`destroy`) when their stack is deleted. */
  readonly removal: 'retain' | 'destroy';
  /** Days for which log groups retain their events. */
  readonly logRetentionDays: number;
  /**
   * Which keys encrypt stored data: those of the services (`aws`, free), or one customer-managed key, rotated yearly
   * (`customer`), for the lake, the brokers' volumes, the tables, log groups and alarm topics. Decide before the first
   * deployment, because brokers can't change their key.
   */
  readonly kms: 'aws' | 'customer';
  /** Processor architecture of the functions and the Spark application. */
  readonly architecture: 'arm64' | 'x86_64';

  /** Number of availability zones. Brokers are spread over all of them. */
  readonly availabilityZones: number;
  /** Address range of the network, a private range from /16 to /18. It can't be changed after the first deployment. */
  readonly vpcCidr: string;
  /** Number of NAT gateways. Only MWAA needs internet access, so none are created without it. */
  readonly natGateways: number;

  /** Total number of Kafka brokers: a multiple of `availabilityZones`. */
  readonly brokers: number;
  /**
   * Broker size.
   * @see https://docs.aws.amazon.com/msk/latest/developerguide/broker-instance-sizes.html
   */
  readonly brokerInstance: string;
  /** Storage of each broker, GiB. */
  readonly brokerVolumeGb: number;
  /** Partitions of the topic `posts`: the limit of parallelism of archive, aggregate and compact. The number may only grow. */
  readonly partitions: number;
  /** Replicas of each partition. */
  readonly replicationFactor: number;
  /** Replicas that must have a record before Kafka acknowledges it. */
  readonly minInsyncReplicas: number;
  /** Days for which Kafka retains records: the longest outage of archive or aggregate without loss. */
  readonly retentionDays: number;
  /**
   * Metrics that brokers report to CloudWatch: the free ones, including consumer lag (`DEFAULT`), or also those of each topic and
   * broker. Prometheus gets all of them in either case.
   * @see https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html
   */
  readonly brokerMonitoring: 'DEFAULT' | 'PER_TOPIC_PER_BROKER';
  /** How functions authenticate to Kafka: MSK IAM over TLS, or unsigned tokens (local run only). */
  readonly kafkaAuth: 'iam' | 'unsecured';

  /** Who may call both APIs: IAM principals (SigV4), holders of a JWT, or anyone (with a warning at synth). */
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
  /** Requests a second that the main route of each API accepts before it returns 429. Other routes accept a share of it. */
  readonly requestRate: number;
  /** Requests that the main route of each API accepts at once before it returns 429. Other routes accept a share of it. */
  readonly requestBurst: number;
  /** Whether the query API serves the status page (`GET /`), which reads metrics. ADR 22 has the cost. */
  readonly page: boolean;
  /** Ingest instances that may run at once. Each holds connections to every broker. */
  readonly ingestConcurrency: number;

  /** Length of an interval, minutes: how often the batch layer runs. It divides an hour, or is a number of hours that divides a day. */
  readonly intervalMinutes: number;
  /** Minutes after the end of an interval within which its batch views should be published. */
  readonly publishDelayMinutes: number;
  /** TTL of speed rows, hours: at least 4 × (interval + publish delay), so that no posts disappear when the batch layer is late. */
  readonly speedTtlHours: number;
  /** Hours for which the batch layer remembers which sections of which posts it has read. */
  readonly identityHorizonHours: number;
  /** Posts that the speed state of a partition remembers. */
  readonly recentPosts: number;

  /** Seconds for which records gather before `archive` is invoked. Larger batches mean fewer S3 requests. */
  readonly archiveWindowSeconds: number;
  /** Seconds for which records gather before `aggregate` is invoked: freshness against the number of writes. */
  readonly aggregateWindowSeconds: number;
  /** Pollers of each event source. Each reads some of the partitions; AWS bills them in units of four. */
  readonly pollers: number;
  /** Records after which a batch is delivered before its window ends. */
  readonly batchSize: number;

  /** Maximum capacity of the Spark application, vCPU. */
  readonly sparkMaxVcpu: number;
  /** Maximum capacity of the Spark application, GB of memory. */
  readonly sparkMaxMemoryGb: number;
  /** Cores of the Spark driver and of each executor. */
  readonly sparkCores: number;
  /** Memory of the Spark driver and of each executor, GB. */
  readonly sparkMemoryGb: number;
  /** Idle minutes after which the Spark application stops. */
  readonly sparkIdleMinutes: number;
  /** Seconds between two polls of a running Spark job. */
  readonly sparkPollSeconds: number;

  /**
   * What runs the batch layer: an Airflow environment (`mwaa`), a workflow billed per run (`mwaa-serverless`: no NAT, no web
   * server, steps of a minute at most), or your own Airflow (`none`; its configuration is an output).
   */
  readonly orchestrator: 'mwaa' | 'mwaa-serverless' | 'none';
  /**
   * Size of the Airflow environment.
   * @see https://docs.aws.amazon.com/mwaa/latest/userguide/environment-class.html
   */
  readonly airflowClass: string;
  /** Whether Airflow's web server is reachable over the internet (IAM controls access) or only from the network. */
  readonly airflowWebserver: 'public' | 'private';
  /** Whether X-Ray traces the functions: one invocation a second and 5 % of the others. ADR 24 has the cost. */
  readonly tracing: boolean;
  /**
   * Which of the functions' metrics are custom metrics of CloudWatch: `all`, or only those that an alarm or the overview reads
   * (`alarmed`; the rest are in the logs).
   */
  readonly metrics: 'all' | 'alarmed';
  /** Which dashboards CloudWatch has: an overview and one per step (`all`), or only the `overview`. */
  readonly dashboards: 'all' | 'overview';
  /** Minutes between two canaries. 0: no canary, and an idle pipeline runs no batch jobs. */
  readonly canaryMinutes: number;
  /**
   * Mail address that receives the alarms.
   * @default - none: the topic has no subscription
   */
  readonly alarmEmail?: string;
  /**
   * URL of `docs/runbook.md`; alarms link to it.
   * @default - the path in the repository
   */
  readonly runbookUrl?: string;

  /** Whether the boards are deployed to a Managed Grafana workspace, or only written as files (`npm run dashboards`). */
  readonly grafana: 'managed' | 'none';
  /** How people sign in to Grafana: by IAM Identity Center, which the account must have, or by a SAML provider. */
  readonly grafanaAuth: 'sso' | 'saml';
  /**
   * URL of the SAML provider's metadata where `grafanaAuth` is `saml`.
   * @default - none
   */
  readonly grafanaSamlMetadata?: string;

  /** Whether the DAG waits for Spark in the triggerer, which frees the worker, or in the worker. */
  readonly deferrable: boolean;
  /** Whether Managed Prometheus monitors the brokers, with the rules of `observability/prometheus/rules`, or only CloudWatch. */
  readonly prometheus: 'managed' | 'none';
}

export type ConfigKey = keyof PipelineConfig;
