/** What the checks know: the answers of AWS as plain values, and the calls that gave none. */

/** A call that brought no answer. */
export interface Failure {
  /** The right that the call needs, as a policy names it: `ec2:DescribeVpcs`. */
  readonly action: string;
  /** Whether the caller lacks this right; otherwise something else went wrong. */
  readonly denied: boolean;
  /** One line. */
  readonly reason: string;
}

export type Answer<T> = { readonly value: T } | { readonly failure: Failure };

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

/** A resource whose name the template fixes: only one of its type can have it in an account and region. */
export interface FixedName {
  readonly type: string;
  readonly name: string;
  readonly stack: string;
}

/** Everything AWS was asked. What the stage does not need was not asked, and is missing. */
export interface Answers {
  /** Region of the environment or the profile. */
  readonly region: Answer<string>;
  readonly caller: Answer<Caller>;
  /** Undefined if the region is not bootstrapped. */
  readonly bootstrapVersion: Answer<number | undefined>;
  /** Names of the zones that take new resources, sorted. */
  readonly zones: Answer<readonly string[]>;
  /** By EC2 instance type: the zones that offer it. */
  readonly offerings: Readonly<Record<string, Answer<readonly string[]>>>;
  readonly kafkaVersions: Answer<readonly string[]>;
  readonly quotas: Readonly<Record<QuotaName, Answer<number>>>;
  readonly clusters: Answer<readonly KafkaCluster[]>;
  readonly addresses: Answer<number>;
  readonly vpcs: Answer<number>;
  readonly gatewayEndpoints: Answer<number>;
  /** Concurrent executions of Lambda that no function has reserved. */
  readonly unreservedConcurrency: Answer<number>;
  /** Keyspaces' partitioner in this account and region: a Java class name. */
  readonly partitioner?: Answer<string>;
  /** Active instances of IAM Identity Center. */
  readonly identityCenters?: Answer<number>;
  /** By role name: whether it exists. */
  readonly roles: Readonly<Record<string, Answer<boolean>>>;
  /** By stack name: status; undefined if there is none. */
  readonly stacks: Readonly<Record<string, Answer<string | undefined>>>;
  readonly names: readonly { readonly of: FixedName; readonly taken: Answer<boolean> }[];
}
