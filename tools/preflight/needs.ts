/** What a deployment needs of its account, read from the templates: a resource that is added is checked from then on. */
import { locate, type Located } from '../../lib/templates';
import { type Stack } from '../assembly/cloud-assembly';
import { type FixedName } from './responses';

/** What one stack adds to an account's usage. */
export interface StackNeeds {
  readonly name: string;
  readonly brokers: number;
  readonly addresses: number;
  readonly vpcs: number;
  readonly gatewayEndpoints: number;
  readonly interfaceEndpoints: number;
  /** Concurrent executions that its functions reserve. */
  readonly concurrency: number;
  readonly sparkVcpus: number;
  /** Names of its exports. */
  readonly exports: readonly string[];
}

export interface Needs {
  readonly stacks: readonly StackNeeds[];
  /** Name of the SSM parameter that holds the version of the bootstrap stack. */
  readonly bootstrapParameter: string;
  /** Versions that the templates reject because they are too old. */
  readonly bootstrapRejected: readonly string[];
  /** Broker types by their EC2 names. */
  readonly brokerTypes: readonly string[];
  readonly kafkaVersions: readonly string[];
  readonly grafanaVersions: readonly string[];
  readonly airflowVersions: readonly string[];
  readonly emrReleases: readonly string[];
  readonly names: readonly FixedName[];
  readonly serviceRoles: readonly ServiceRole[];
  readonly keyspaces: boolean;
  readonly identityCenter: boolean;
}

/** A service-linked role: the service creates it if its first user has the permission. */
export interface ServiceRole {
  readonly name: string;
  readonly service: string;
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html */
const SERVICE_ROLES: Readonly<Record<string, ServiceRole>> = {
  'AWS::MSK::Cluster': { name: 'AWSServiceRoleForKafka', service: 'kafka.amazonaws.com' },
  'AWS::MWAA::Environment': { name: 'AWSServiceRoleForAmazonMWAA', service: 'airflow.amazonaws.com' },
  'AWS::EMRServerless::Application': {
    name: 'AWSServiceRoleForAmazonEMRServerless',
    service: 'ops.emr-serverless.amazonaws.com',
  },
};

/** Only a workspace in a network needs the role. */
const GRAFANA_ROLE: ServiceRole = { name: 'AWSServiceRoleForAmazonGrafana', service: 'grafana.amazonaws.com' };

/** The property with the name that is unique for the type in an account and region. */
const NAMES: Readonly<Record<string, string>> = {
  'AWS::Cassandra::Keyspace': 'KeyspaceName',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::MSK::Cluster': 'ClusterName',
  'AWS::MSK::Configuration': 'Name',
  'AWS::MWAA::Environment': 'Name',
  'AWS::S3::Bucket': 'BucketName',
};

type Properties = Readonly<Record<string, unknown>>;

/** The properties of every resource of a type. */
const ofType = (all: readonly Located<Stack>[], type: string): Properties[] =>
  all.filter(({ resource }) => resource.Type === type).map(({ properties }) => properties);

/** @throws Error if no template has a bootstrap version */
export function needsOf(stacks: readonly Stack[]): Needs {
  const all = locate(stacks);
  const of = (type: string) => ofType(all, type);
  const clusters = of('AWS::MSK::Cluster');
  const workspaces = of('AWS::Grafana::Workspace');
  const roles = Object.entries(SERVICE_ROLES).flatMap(([type, role]) => (of(type).length > 0 ? [role] : []));
  return {
    stacks: stacks.map(needsOfStack),
    ...bootstrapOf(stacks),
    brokerTypes: unique(clusters.map(brokerType)),
    kafkaVersions: unique(clusters.map((cluster) => String(cluster.KafkaVersion))),
    grafanaVersions: unique(workspaces.map((each) => String(each.GrafanaVersion))),
    airflowVersions: unique(of('AWS::MWAA::Environment').map((each) => String(each.AirflowVersion))),
    emrReleases: unique(of('AWS::EMRServerless::Application').map((each) => String(each.ReleaseLabel))),
    names: all.flatMap(fixedNames),
    serviceRoles: workspaces.some((each) => each.VpcConfiguration !== undefined) ? [...roles, GRAFANA_ROLE] : roles,
    keyspaces: of('AWS::Cassandra::Keyspace').length > 0,
    identityCenter: workspaces.some((each) => list(each.AuthenticationProviders).includes('AWS_SSO')),
  };
}

function needsOfStack(stack: Stack): StackNeeds {
  const all = locate([stack]);
  const of = (type: string) => ofType(all, type);
  const endpoints = of('AWS::EC2::VPCEndpoint');
  const interfaces = endpoints.filter((each) => each.VpcEndpointType === 'Interface');
  return {
    name: stack.name,
    brokers: sum(of('AWS::MSK::Cluster').map((each) => Number(each.NumberOfBrokerNodes))),
    addresses: of('AWS::EC2::EIP').length,
    vpcs: of('AWS::EC2::VPC').length,
    gatewayEndpoints: endpoints.length - interfaces.length,
    interfaceEndpoints: interfaces.length,
    concurrency: sum(of('AWS::Lambda::Function').map((each) => Number(each.ReservedConcurrentExecutions ?? 0))),
    sparkVcpus: sum(of('AWS::EMRServerless::Application').map(capacity)),
    exports: Object.values(stack.template.Outputs ?? {}).flatMap(({ Export }) => (Export ? [String(Export.Name)] : [])),
  };
}

const sum = (values: readonly number[]) => values.reduce((total, each) => total + each, 0);
const unique = (values: readonly string[]) => [...new Set(values)];
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** EC2's `m7g.large` is MSK's `kafka.m7g.large`. */
function brokerType(cluster: Properties): string {
  const { InstanceType } = cluster.BrokerNodeGroupInfo as { InstanceType: string };
  return InstanceType.replace(/^kafka\./, '');
}

/** `64 vCPU` */
function capacity(application: Properties): number {
  const { Cpu } = (application.MaximumCapacity ?? {}) as { Cpu?: string };
  return Number.parseInt(Cpu ?? '0', 10);
}

function fixedNames({ stack, resource: { Type: type }, properties }: Located<Stack>): FixedName[] {
  const name = properties[NAMES[type]];
  // CloudFormation generates another name each time.
  return typeof name === 'string' ? [{ type, name, stack: stack.name }] : [];
}

/** Every template has the name of the parameter, and a rule that rejects versions that are too old. */
function bootstrapOf(stacks: readonly Stack[]): Pick<Needs, 'bootstrapParameter' | 'bootstrapRejected'> {
  const found = stacks.find(({ template }) => template.Parameters?.BootstrapVersion !== undefined);
  if (!found) throw new Error('no template has the parameter BootstrapVersion');
  const { Rules } = found.template as { Rules?: { CheckBootstrapVersion?: { Assertions: { Assert: unknown }[] } } };
  const assertion = Rules?.CheckBootstrapVersion?.Assertions[0].Assert as
    { 'Fn::Not': [{ 'Fn::Contains': [string[], unknown] }] } | undefined;
  return {
    bootstrapParameter: String(found.template.Parameters?.BootstrapVersion.Default),
    bootstrapRejected: assertion?.['Fn::Not'][0]['Fn::Contains'][0] ?? [],
  };
}
