/** The input of the checks: responses of AWS as plain values, and the calls that failed. */

/** A call that failed. */
export interface Failure {
  /** The permission that the call needs, as in a policy: `ec2:DescribeVpcs`. */
  readonly action: string;
  /** Whether the caller lacks this permission; otherwise the call failed for another reason. */
  readonly denied: boolean;
  /** One line. */
  readonly reason: string;
}

export type AwsResponse<T> = { readonly value: T } | { readonly failure: Failure };

/** A quota of AWS Service Quotas: codes are the same in every account and region. */
export interface Quota {
  readonly service: string;
  readonly code: string;
  readonly what: string;
}

/** @see https://docs.aws.amazon.com/servicequotas/latest/userguide/intro.html */
export const QUOTAS = {
  brokers: { service: 'kafka', code: 'L-EDD31C36', what: 'MSK brokers in the account' },
  clusterBrokers: { service: 'kafka', code: 'L-03FD6822', what: 'brokers of a KRaft cluster' },
  addresses: { service: 'ec2', code: 'L-0263D0A3', what: 'Elastic IP addresses' },
  vpcs: { service: 'vpc', code: 'L-F678F1CE', what: 'VPCs' },
  gatewayEndpoints: { service: 'vpc', code: 'L-1B52E74A', what: 'gateway endpoints' },
  interfaceEndpoints: { service: 'vpc', code: 'L-29B6F2EB', what: 'interface endpoints of a VPC' },
  sparkVcpus: { service: 'emr-serverless', code: 'L-D05C8A75', what: 'vCPUs of EMR Serverless at once' },
} as const satisfies Readonly<Record<string, Quota>>;

export type QuotaName = keyof typeof QUOTAS;

export interface Caller {
  readonly account: string;
  readonly arn: string;
}

export interface KafkaCluster {
  readonly name: string;
  /** 0 for a serverless one. */
  readonly brokers: number;
}

/** A resource with a fixed name in the template, which is unique for its type in an account and region. */
export interface FixedName {
  readonly type: string;
  readonly name: string;
  readonly stack: string;
}

/** All responses. Those that the stage does not need are missing. */
export interface AwsResponses {
  /** Region of the environment or the profile. */
  readonly region: AwsResponse<string>;
  readonly caller: AwsResponse<Caller>;
  /** Undefined if the region is not bootstrapped. */
  readonly bootstrapVersion: AwsResponse<number | undefined>;
  /** Names of the zones that accept new resources, sorted. */
  readonly zones: AwsResponse<readonly string[]>;
  /** By EC2 instance type: the zones that offer it. */
  readonly offerings: Readonly<Record<string, AwsResponse<readonly string[]>>>;
  readonly kafkaVersions: AwsResponse<readonly string[]>;
  readonly grafanaVersions?: AwsResponse<readonly string[]>;
  readonly airflowVersions?: AwsResponse<readonly string[]>;
  readonly emrReleases?: AwsResponse<readonly string[]>;
  readonly catalogPrincipals?: AwsResponse<readonly string[]>;
  readonly quotas: Readonly<Record<QuotaName, AwsResponse<number>>>;
  readonly clusters: AwsResponse<readonly KafkaCluster[]>;
  readonly addresses: AwsResponse<number>;
  readonly vpcs: AwsResponse<number>;
  readonly gatewayEndpoints: AwsResponse<number>;
  /** Concurrent executions of Lambda that no function has reserved. */
  readonly unreservedConcurrency: AwsResponse<number>;
  /** Keyspaces' partitioner in this account and region: a Java class name. */
  readonly partitioner?: AwsResponse<string>;
  /** Active instances of IAM Identity Center. */
  readonly identityCenters?: AwsResponse<number>;
  /** By role name: whether it exists. */
  readonly roles: Readonly<Record<string, AwsResponse<boolean>>>;
  /** By stack name: status; undefined if there is none. */
  readonly stacks: Readonly<Record<string, AwsResponse<string | undefined>>>;
  /** By stack name: the stacks that import an export that the deployment removes. */
  readonly importers: Readonly<Record<string, AwsResponse<readonly string[]>>>;
  readonly names: readonly { readonly of: FixedName; readonly taken: AwsResponse<boolean> }[];
}
