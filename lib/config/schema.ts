/** The keys of the configuration: each with its meaning. Values, limits and combinations are in the files beside this one. */

export const STAGES = ['dev', 'lean', 'prod', 'local'] as const;
export type Stage = (typeof STAGES)[number];

export interface PipelineConfig {
  /**
   * Which set of defaults: `dev` (cheapest that works, everything destroyable), `lean` (data retained, about 100 posts a
   * second at the least cost), `prod` (data retained, three zones), `local` (read by `npm start`).
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
   * Whose keys encrypt what is stored: those of the services (`aws`, free), or one customer-managed key, rotated yearly
   * (`customer`), for the lake, the brokers' volumes, the tables, log groups and alarm topics. Decided before the first
   * deployment: brokers can't change their key.
   */
  readonly kms: 'aws' | 'customer';
  /** Processor architecture of the functions and the Spark application. */
  readonly architecture: 'arm64' | 'x86_64';

  /**
   * Posts a second that the stage is built for. What it needs and is not set is raised from the stage's default (`requestRate`,
   * `ingestConcurrency`, `partitions`, `brokerVolumeGb`, `retentionDays`, `pollers`, `sparkMaxVcpu`, `speedTtlHours`); what
   * can't carry it stops synth. Volumes and partitions can't shrink again: set them before you lower the rate of a deployment.
   */
  readonly postsPerSecond: number;
  /** Bytes of a post in Kafka, on average. */
  readonly postBytes: number;
  /** Hours that any part may be down without a loss: `speedTtlHours`, `retentionDays` and the brokers' volumes must cover them. */
  readonly outageHours: number;

  /** Availability zones of the network; brokers are spread over all of them. */
  readonly availabilityZones: number;
  /** Addresses of the network, a private range from /16 to /18. Can't be changed once the network is there. */
  readonly vpcCidr: string;
  /** Number of NAT gateways. Only MWAA needs internet access, so none are created without it. */
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
  /** Days for which Kafka retains records: the longest that an outage of archive or aggregate may last. */
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
  /** Requests a second that the main route of each API takes before it returns 429; other routes take a share of it. */
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
  /** Hours that speed rows live: at least 4 × (interval + publish delay), so that nothing vanishes when the batch layer is late. */
  readonly speedTtlHours: number;
  /** Hours that the batch layer remembers which sections of which posts it has seen. */
  readonly identityHorizonHours: number;
  /** Posts that a partition's speed state remembers. */
  readonly recentPosts: number;

  /** Seconds that records gather before `archive` is invoked: larger batches are fewer S3 requests. */
  readonly archiveWindowSeconds: number;
  /** Seconds that records gather before `aggregate` is invoked: freshness against the number of writes. */
  readonly aggregateWindowSeconds: number;
  /** Pollers of each event source: each reads a part of the partitions, four are a paid unit. */
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
  /** Seconds between two polls of a running Spark job. */
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
  /**
   * Which of the functions' metrics are custom metrics of CloudWatch: `all`, or those that an alarm or the overview looks at (`watched`;
   * the others are in the logs).
   */
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
  /** Who authenticates people at Grafana: IAM Identity Center, which the account must have, or a SAML provider. */
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
