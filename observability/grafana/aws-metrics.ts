/**
 * Metrics that AWS services publish and that boards show. The types let boards use no others. The values of
 * dimensions are the boards' constants, which a deployment sets to its names.
 */
import { PIPELINE_STEPS } from '../../lambda/runtime/metrics';

const FUNCTIONS = Object.fromEntries(
  PIPELINE_STEPS.map((step) => [`${step}Function`, `Name of the function ${step}`]),
) as Readonly<Record<`${(typeof PIPELINE_STEPS)[number]}Function`, string>>;

/** Names that are known only at deployment, each with a description. */
export const CONSTANTS = {
  namespace: 'CloudWatch namespace of this deployment',
  ingestApi: 'Id of the ingest HTTP API',
  queryApi: 'Id of the query HTTP API',
  ...FUNCTIONS,
  sparkApplication: 'Id of the EMR Serverless application',
  airflow: 'Name of the MWAA environment',
  keyspace: 'Name of the keyspace',
  lake: 'Name of the S3 bucket of the lake',
} as const;

export type ConstantName = keyof typeof CONSTANTS;

interface Service {
  readonly namespace: string;
  /** Dimensions that every query must set. */
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
}

export const AWS_METRICS = {
  /** @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html */
  lambda: {
    namespace: 'AWS/Lambda',
    dimensions: ['FunctionName'],
    metrics: ['Invocations', 'Errors', 'Throttles', 'Duration', 'ConcurrentExecutions'],
  },
  /** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html */
  httpApi: {
    namespace: 'AWS/ApiGateway',
    dimensions: ['ApiId'],
    metrics: ['Count', '4xx', '5xx', 'Latency', 'IntegrationLatency'],
  },
  /** @see https://docs.aws.amazon.com/keyspaces/latest/devguide/metrics-dimensions.html */
  keyspaces: {
    namespace: 'AWS/Cassandra',
    dimensions: ['Keyspace', 'TableName'],
    metrics: ['ConsumedReadCapacityUnits', 'ConsumedWriteCapacityUnits', 'BillableTableSizeInBytes'],
  },
  /** @see https://docs.aws.amazon.com/keyspaces/latest/devguide/metrics-dimensions.html */
  keyspacesOperations: {
    namespace: 'AWS/Cassandra',
    dimensions: ['Keyspace', 'TableName', 'Operation'],
    metrics: ['SuccessfulRequestLatency', 'SystemErrors'],
  },
  /** @see https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/app-job-metrics.html */
  sparkApplication: {
    namespace: 'AWS/EMRServerless',
    dimensions: ['ApplicationId'],
    metrics: ['CPUAllocated', 'MemoryAllocated', 'RunningJobs', 'SuccessJobs', 'FailedJobs', 'PendingJobs'],
  },
  /** @see https://docs.aws.amazon.com/mwaa/latest/userguide/access-metrics-cw-202.html */
  airflow: {
    namespace: 'AmazonMWAA',
    dimensions: ['Function', 'Environment'],
    metrics: ['SchedulerHeartbeat', 'QueuedTasks', 'RunningTasks'],
  },
  /** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html */
  s3: {
    namespace: 'AWS/S3',
    dimensions: ['BucketName', 'StorageType'],
    metrics: ['BucketSizeBytes'],
  },
} as const satisfies Readonly<Record<string, Service>>;

export type ServiceName = keyof typeof AWS_METRICS;
export type AwsMetric<S extends ServiceName> = (typeof AWS_METRICS)[S]['metrics'][number];
export type AwsDimensions<S extends ServiceName> = Readonly<
  Record<(typeof AWS_METRICS)[S]['dimensions'][number], string>
>;
