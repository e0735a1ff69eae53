/**
 * Names of the functions' environment variables, shared by the constructs that set them and the handlers that read
 * them. A construct sets a variable in the call that grants access to what it names, so variable and permission cannot
 * diverge.
 */
export const ENV = {
  /** `dev`, `prod`, `local` … */
  stage: 'STAGE',
  /** CloudWatch namespace of the metrics. */
  metricNamespace: 'METRIC_NAMESPACE',
  /** Which of the metrics are sent to CloudWatch: `all`, or only the `alarmed` ones; see the list. */
  metrics: 'METRICS',
  intervalMinutes: 'INTERVAL_MINUTES',
  lakeBucket: 'LAKE_BUCKET',
  /** ARN of the MSK cluster; the brokers are looked up with GetBootstrapBrokers at cold start. */
  clusterArn: 'KAFKA_CLUSTER_ARN',
  /** `iam` (MSK IAM over TLS) or `unsecured` (unsigned OAUTHBEARER tokens, local runs only). */
  kafkaAuth: 'KAFKA_AUTH',
  topic: 'POSTS_TOPIC',
  /** Of the topic. */
  partitions: 'PARTITIONS',
  keyspace: 'KEYSPACE',
  speedLog: 'SPEED_LOG_TABLE',
  speedHead: 'SPEED_HEAD_TABLE',
  speedRuns: 'SPEED_RUNS_TABLE',
  speedPosts: 'SPEED_POSTS_TABLE',
  batchViews: 'BATCH_VIEWS_TABLE',
  batchRuns: 'BATCH_RUNS_TABLE',
  unreferencedRuns: 'UNREFERENCED_RUNS_TABLE',
  boundary: 'BOUNDARY_TABLE',
  /** How many hours the batch layer remembers which sections have arrived. */
  identityHorizonHours: 'IDENTITY_HORIZON_HOURS',
  /** How many intervals with posts, before the newest one, the speed layer remembers posts of. */
  speedHorizonIntervals: 'SPEED_HORIZON_INTERVALS',
  /** Time to live of speed rows, hours. */
  speedTtlHours: 'SPEED_TTL_HOURS',
  /** Name of the ingest function, which the canary invokes. */
  ingestFunction: 'INGEST_FUNCTION',
  /** Name of the query function, which the canary invokes. */
  queryFunction: 'QUERY_FUNCTION',
  /** Minutes after an interval's end within which it should be published; the page marks it late after that. */
  publishDelayMinutes: 'PUBLISH_DELAY_MINUTES',
  /** How long seal waits for archive, seconds. */
  archiveWaitSeconds: 'ARCHIVE_WAIT_SECONDS',
  /** What computes the views of an interval, see `VIEWS_ENGINES`. */
  viewsEngine: 'VIEWS_ENGINE',
  /** Names of the functions whose lag the page shows. */
  archiveFunction: 'ARCHIVE_FUNCTION',
  aggregateFunction: 'AGGREGATE_FUNCTION',
} as const;

export type EnvName = (typeof ENV)[keyof typeof ENV];

/**
 * Reads a required variable on each call, not when the module loads, so importing a handler in a test is safe.
 * @throws Error naming the variable
 */
export function requireEnv(name: EnvName): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new Error(`environment variable ${name} is not set`);
  }
  return value;
}

/** Whether the variable is set: some bindings of a function are optional by configuration. */
export function hasEnv(name: EnvName): boolean {
  return Boolean(process.env[name]);
}

function requireInteger(name: EnvName, pattern: RegExp, allowed: string): number {
  const value = requireEnv(name);
  if (!pattern.test(value))
    throw new Error(`environment variable ${name} must be a ${allowed} integer, got '${value}'`);
  return Number(value);
}

/** @throws Error naming the variable and its value, if the value is not a positive integer */
export function requirePositiveInteger(name: EnvName): number {
  return requireInteger(name, /^[1-9]\d*$/, 'positive');
}

/** @throws Error naming the variable and its value, if the value is not 0 or a positive integer */
export function requireNonNegativeInteger(name: EnvName): number {
  return requireInteger(name, /^(0|[1-9]\d*)$/, 'non-negative');
}
