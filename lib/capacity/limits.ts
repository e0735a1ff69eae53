/**
 * Limits that AWS documents, each with the page that states it. What no page states is not here: the model shows it as unknown.
 * Quotas are the defaults of an account; `npm run preflight` asks for the real ones.
 */

export interface DocumentedLimit {
  readonly value: number;
  readonly unit: string;
  /** Address of the page. */
  readonly page: string;
}

const DOCS = 'https://docs.aws.amazon.com';
const MSK = `${DOCS}/msk/latest/developerguide`;
const LAMBDA = `${DOCS}/lambda/latest/dg`;
const KEYSPACES = `${DOCS}/keyspaces/latest/devguide`;

const limit = (value: number, unit: string, page: string): DocumentedLimit => ({ value, unit, page });

const MIB = 1024 * 1024;

export const LIMITS = {
  apiRequests: limit(
    10_000,
    'requests/s in an account and region',
    `${DOCS}/apigateway/latest/developerguide/limits.html`,
  ),
  lambdaPayload: limit(6_000_000, 'bytes of a synchronous invocation', `${LAMBDA}/gettingstarted-limits.html`),
  lambdaEnvironments: limit(
    1_000,
    'concurrent executions in an account and region',
    `${LAMBDA}/gettingstarted-limits.html`,
  ),
  lambdaDiskMb: limit(10_240, 'MB under /tmp', `${LAMBDA}/gettingstarted-limits.html`),
  lambdaMemoryMb: limit(10_240, 'MB of memory', `${LAMBDA}/gettingstarted-limits.html`),
  lambdaMbPerVcpu: limit(1_769, 'MB of memory for one vCPU', `${LAMBDA}/configuration-memory.html`),
  pollerBytes: limit(5_000_000, 'bytes/s of a poller', `${LAMBDA}/kafka-scaling-modes.html`),
  pollers: limit(
    2_000,
    'pollers of all sources in a group',
    `${DOCS}/lambda/latest/api/API_ProvisionedPollerConfig.html`,
  ),
  leastPollers: limit(200, 'MinimumPollers of a source', `${DOCS}/lambda/latest/api/API_ProvisionedPollerConfig.html`),
  brokerVolumeGb: limit(16_384, 'GiB of a broker', `${MSK}/limits.html`),
  brokers: limit(60, 'brokers of a cluster with KRaft', `${MSK}/limits.html`),
  brokerConnections: limit(3_000, 'connections of IAM clients to a broker', `${MSK}/limits.html`),
  newConnections: limit(100, 'new connections/s of IAM clients to a broker', `${MSK}/limits.html`),
  newConnectionsT3: limit(4, 'new connections/s of IAM clients to a broker of type t3', `${MSK}/limits.html`),
  expressPartitionBytes: limit(15_000_000, 'bytes/s of a partition on Express brokers', `${MSK}/limits.html`),
  s3Puts: limit(
    3_500,
    'PUT requests/s under a prefix',
    `${DOCS}/AmazonS3/latest/userguide/optimizing-performance.html`,
  ),
  s3Gets: limit(
    5_500,
    'GET requests/s under a prefix',
    `${DOCS}/AmazonS3/latest/userguide/optimizing-performance.html`,
  ),
  emrVcpus: limit(
    16,
    'concurrent vCPU in an account and region',
    `${DOCS}/emr/latest/EMR-Serverless-UserGuide/endpoints-quotas.html`,
  ),
  tableWrites: limit(40_000, 'write units/s of a table', `${KEYSPACES}/quotas.html`),
  partitionWrites: limit(1_000, 'write units/s of a partition', `${KEYSPACES}/bp-partition-key-design.html`),
  natSeconds: limit(
    350,
    's that a connection through NAT may be idle',
    'https://repost.aws/knowledge-center/lambda-vpc-timeout',
  ),
  clientSeconds: limit(
    60,
    's that the AWS client of an Airflow operator waits for a response',
    'https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html',
  ),
} as const satisfies Readonly<Record<string, DocumentedLimit>>;

const PARTITIONS = `${MSK}/bestpractices.html`;
const VOLUMES = `${MSK}/msk-provision-throughput-management.html`;
const EXPRESS = `${MSK}/bestpractices-express.html`;

/** Replicas of partitions, leaders included, that AWS recommends for a Standard broker. */
export function brokerReplicas(instance: string): DocumentedLimit | undefined {
  const size = /^kafka\.(t3|m5|m7g)\.(.+)$/.exec(instance);
  if (!size) return undefined;
  const value = size[1] === 't3' ? 300 : { large: 1_000, xlarge: 1_000, '2xlarge': 2_000 }[size[2]];
  return limit(value ?? 4_000, 'replicas of partitions on a broker', PARTITIONS);
}

/**
 * Bytes a second that a Standard broker reads from and writes to its volume. AWS states 250 MiB/s as the default of the sizes
 * for which it can be raised; for smaller ones the network between broker and volume is narrower, and no page states how much.
 */
export function volumeBytes(instance: string): DocumentedLimit | undefined {
  const found = /^kafka\.(m5\.(4|8|12|16|24)xlarge|m7g\.(2|4|8|12|16)xlarge)$/.test(instance);
  return found ? limit(250 * MIB, 'bytes/s of a volume', VOLUMES) : undefined;
}

export interface ExpressSize {
  readonly instance: string;
  /** Bytes a second without degradation. */
  readonly ingress: number;
  readonly egress: number;
  /** Recommended replicas of partitions. */
  readonly replicas: number;
}

const express = (size: string, ingress: number, egress: number, replicas: number): ExpressSize => ({
  instance: `express.m7g.${size}`,
  ingress: ingress * 1e6,
  egress: egress * 1e6,
  replicas,
});

/** Express brokers by size: sustained throughput and recommended replicas. */
export const EXPRESS_SIZES: { readonly page: string; readonly sizes: readonly ExpressSize[] } = {
  page: EXPRESS,
  sizes: [
    express('large', 15.6, 31.2, 1_000),
    express('xlarge', 31.2, 62.5, 1_000),
    express('2xlarge', 62.5, 125, 2_500),
    express('4xlarge', 124.9, 249.8, 6_000),
    express('8xlarge', 250, 500, 12_000),
    express('12xlarge', 375, 750, 16_000),
    express('16xlarge', 500, 1_000, 20_000),
  ],
};
