import { type Caller, type KafkaCluster, type Quota } from './responses';

/** The port to an account and region. Every method only reads; each throws the SDK's errors. */
export interface Account {
  region(): Promise<string>;
  caller(): Promise<Caller>;
  /** @param parameter name of the SSM parameter */
  bootstrapVersion(parameter: string): Promise<number | undefined>;
  zones(): Promise<readonly string[]>;
  zonesOffering(instanceType: string): Promise<readonly string[]>;
  kafkaVersions(): Promise<readonly string[]>;
  grafanaVersions(): Promise<readonly string[]>;
  /** Versions of Airflow in MWAA's user guide: no call of MWAA lists them. */
  airflowVersions(): Promise<readonly string[]>;
  /** Releases of EMR: no call of EMR Serverless lists its own, which have the same names. */
  emrReleases(): Promise<readonly string[]>;
  /** Principals that have all permissions on a new database of the catalog. */
  catalogPrincipals(): Promise<readonly string[]>;
  quota(quota: Quota): Promise<number>;
  clusters(): Promise<readonly KafkaCluster[]>;
  addresses(): Promise<number>;
  vpcs(): Promise<number>;
  gatewayEndpoints(): Promise<number>;
  unreservedConcurrency(): Promise<number>;
  partitioner(): Promise<string>;
  identityCenters(): Promise<number>;
  roleExists(name: string): Promise<boolean>;
  stackStatus(name: string): Promise<string | undefined>;
  /** Stacks that import an export of this stack that is not among `retained`; none if the stack does not exist. */
  importers(stack: string, retained: readonly string[]): Promise<readonly string[]>;
  nameTaken(type: string, name: string): Promise<boolean>;
}

/** The page, as text. */
export const AIRFLOW_VERSIONS_URL = 'https://docs.aws.amazon.com/mwaa/latest/userguide/airflow-versions.md';

/** The permission that each method needs. */
export const ACTIONS: Readonly<Record<keyof Account, string>> = {
  region: 'sts:GetCallerIdentity',
  caller: 'sts:GetCallerIdentity',
  bootstrapVersion: 'ssm:GetParameter',
  zones: 'ec2:DescribeAvailabilityZones',
  zonesOffering: 'ec2:DescribeInstanceTypeOfferings',
  kafkaVersions: 'kafka:ListKafkaVersions',
  grafanaVersions: 'grafana:ListVersions',
  airflowVersions: `GET ${AIRFLOW_VERSIONS_URL}`,
  emrReleases: 'elasticmapreduce:ListReleaseLabels',
  catalogPrincipals: 'lakeformation:GetDataLakeSettings',
  quota: 'servicequotas:GetServiceQuota',
  clusters: 'kafka:ListClustersV2',
  addresses: 'ec2:DescribeAddresses',
  vpcs: 'ec2:DescribeVpcs',
  gatewayEndpoints: 'ec2:DescribeVpcEndpoints',
  unreservedConcurrency: 'lambda:GetAccountSettings',
  partitioner: 'cassandra:Select',
  identityCenters: 'sso:ListInstances',
  roleExists: 'iam:GetRole',
  stackStatus: 'cloudformation:DescribeStacks',
  importers: 'cloudformation:ListImports',
  nameTaken: 'cloudformation:GetResource',
};
