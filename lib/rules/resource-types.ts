/**
 * The facts about each CloudFormation type of this app, written once: what a deletion loses, how `npm start` and the rehearsal treat
 * it, which services its roles trust. The rules of this folder, `tools/` and the tests read this table.
 *
 * A type that is missing fails `test/unit/lib/rules/resource-types.test.ts`. Add it here with every decision that the compiler requires.
 */

/** A resource that may outlive its stack, and how to delete it then. */
export interface Retained {
  readonly why: string;
  /** The AWS CLI command that deletes it; `NAME` and the like stand for what `describe-stack-resources` shows. */
  readonly command: string;
}

/**
 * What is lost with a resource of the type:
 * - `data`: posts, data computed from them, or what is needed to read them. Retained wherever `removal` is `retain`.
 * - `mixed`: data in some resources, nothing in others. Each resource decides.
 * - `disposable`: nothing that this repository can't recreate. It is deleted with its stack, and must have a policy that states it.
 *
 * @default - nothing, and no policy has to be stated
 */
type State =
  | { readonly state?: undefined; readonly retained?: undefined }
  | { readonly state: 'disposable'; readonly retained?: undefined }
  | { readonly state: 'data' | 'mixed'; readonly retained: Retained };

/** What `npm start` does with the type: it runs it, leaves it out for a reason, or stops with a reason. */
type Local = 'run' | { readonly ignored: string } | { readonly rejected: string };

/**
 * What makes the type in the rehearsal: MiniStack, a fake of this project, a stub that only checks properties against the schema,
 * or the custom resource's own function.
 */
export type Maker = 'native' | 'fake' | 'stub' | 'function';

export interface Emulated {
  readonly by: Maker;
  /** Why the type is accepted without effect; undefined if it has one. */
  readonly noEffect?: string;
  /** What a type that has an effect lacks of AWS. */
  readonly lacks?: string;
}

/** The role of the type, and whether `test/iam` simulates it. */
interface Roles {
  /** Property that names the role that the resource assumes. */
  readonly role?: string;
  /** Services that a role of the type trusts. */
  readonly trusts?: readonly string[];
  /** Why `test/iam` does not simulate the role: CDK creates it for a custom resource, or it has no permission. */
  readonly notSimulated?: string;
}

export type ResourceType = State & Roles & { readonly local: Local; readonly emulated: Emulated };

const ignored = <const R extends string>(reason: R) => ({ ignored: reason });
const NETWORK = ignored('everything runs on the loopback interface');
const PERMISSIONS = ignored('the IAM tests prove permissions, the local engines check none');
const OBSERVABILITY = ignored('the run prints the metrics');
const DEPLOYMENT = ignored('only acts while CloudFormation deploys');
const CATALOG = ignored('only Athena reads the catalog');
const CLIENTS = ignored('only clients read the schema');

const NATIVE = { by: 'native' } as const;
const STUB = { by: 'stub' } as const;
const FUNCTION = { by: 'function' } as const;
const NO_PACKETS = { by: 'native', noEffect: 'no packet passes through it' } as const;
const OPEN = 'its rules are stored and let everything pass';
const NO_QUERIES = { by: 'native', noEffect: 'nothing queries the catalog' } as const;

const POSTS = 'the posts, and everything that was computed from them';
const SERVED = 'what the query API reads; it can be computed again from the lake';
const ATHENA = 'how Athena reads the lake';
const SCHEMA = 'which posts clients may send';
const REGISTERED = {
  state: 'mixed',
  retained: { why: SCHEMA, command: 'none: deleted with the registry' },
  local: CLIENTS,
  emulated: STUB,
} as const;

const TABLE = {
  'AWS::APS::RuleGroupsNamespace': { local: OBSERVABILITY, emulated: STUB },
  'AWS::APS::Scraper': { local: OBSERVABILITY, emulated: STUB },
  'AWS::APS::Workspace': {
    state: 'mixed',
    retained: { why: 'metrics of the brokers', command: 'aws amp delete-workspace --workspace-id ID' },
    local: OBSERVABILITY,
    emulated: STUB,
  },
  'AWS::ApiGatewayV2::Api': { trusts: ['apigateway.amazonaws.com'], local: 'run', emulated: NATIVE },
  'AWS::ApiGatewayV2::Authorizer': { local: { rejected: 'it serves open routes only' }, emulated: NATIVE },
  'AWS::ApiGatewayV2::Integration': { local: 'run', emulated: NATIVE },
  'AWS::ApiGatewayV2::Route': { local: 'run', emulated: NATIVE },
  'AWS::ApiGatewayV2::Stage': {
    local: 'run',
    emulated: { by: 'native', lacks: 'its limits let everything pass' },
  },
  'AWS::Athena::WorkGroup': { local: CATALOG, emulated: NO_QUERIES },
  'AWS::Budgets::Budget': { local: ignored('the local run costs nothing'), emulated: STUB },
  'AWS::Cassandra::Keyspace': {
    state: 'data',
    retained: { why: SERVED, command: 'aws keyspaces delete-keyspace --keyspace-name NAME (after its tables)' },
    local: 'run',
    emulated: STUB,
  },
  'AWS::Cassandra::Table': {
    state: 'data',
    retained: { why: SERVED, command: 'aws keyspaces delete-table --keyspace-name KEYSPACE --table-name NAME' },
    local: 'run',
    emulated: STUB,
  },
  'AWS::Chatbot::SlackChannelConfiguration': {
    role: 'IamRoleArn',
    trusts: ['chatbot.amazonaws.com'],
    notSimulated: 'it has no permission',
    local: OBSERVABILITY,
    emulated: STUB,
  },
  'AWS::CloudWatch::Alarm': { local: 'run', emulated: STUB },
  'AWS::CloudWatch::CompositeAlarm': { local: 'run', emulated: STUB },
  'AWS::CloudWatch::Dashboard': { local: 'run', emulated: NATIVE },
  'AWS::DynamoDB::Table': {
    state: 'mixed',
    retained: { why: 'whatever it stores', command: 'aws dynamodb delete-table --table-name NAME' },
    local: { rejected: 'no local engine stores its items' },
    emulated: NATIVE,
  },
  'AWS::EC2::EIP': { local: NETWORK, emulated: STUB },
  'AWS::EC2::FlowLog': { trusts: ['vpc-flow-logs.amazonaws.com'], local: NETWORK, emulated: STUB },
  'AWS::EC2::InternetGateway': { local: NETWORK, emulated: NO_PACKETS },
  'AWS::EC2::NatGateway': { local: NETWORK, emulated: STUB },
  'AWS::EC2::Route': { local: NETWORK, emulated: NO_PACKETS },
  'AWS::EC2::RouteTable': { local: NETWORK, emulated: NO_PACKETS },
  'AWS::EC2::SecurityGroup': { local: NETWORK, emulated: { by: 'native', noEffect: OPEN } },
  'AWS::EC2::SecurityGroupEgress': { local: NETWORK, emulated: STUB },
  'AWS::EC2::SecurityGroupIngress': { local: NETWORK, emulated: { by: 'fake', noEffect: OPEN } },
  'AWS::EC2::Subnet': { local: NETWORK, emulated: NO_PACKETS },
  'AWS::EC2::SubnetRouteTableAssociation': { local: NETWORK, emulated: NO_PACKETS },
  'AWS::EC2::VPC': { local: NETWORK, emulated: NO_PACKETS },
  'AWS::EC2::VPCEndpoint': { local: NETWORK, emulated: NO_PACKETS },
  'AWS::EC2::VPCGatewayAttachment': { local: NETWORK, emulated: NO_PACKETS },
  'AWS::EMRServerless::Application': {
    state: 'disposable',
    trusts: ['emr-serverless.amazonaws.com'],
    local: 'run',
    emulated: { by: 'fake', lacks: 'its jobs do nothing' },
  },
  'AWS::Events::Rule': { trusts: ['events.amazonaws.com'], local: 'run', emulated: NATIVE },
  'AWS::Glue::Database': {
    state: 'mixed',
    retained: { why: ATHENA, command: 'aws glue delete-database --name NAME' },
    local: CATALOG,
    emulated: NO_QUERIES,
  },
  'AWS::Glue::Registry': {
    ...REGISTERED,
    retained: { why: SCHEMA, command: 'aws glue delete-registry --registry-id RegistryName=NAME' },
  },
  'AWS::Glue::Schema': REGISTERED,
  'AWS::Glue::SchemaVersion': REGISTERED,
  'AWS::Glue::Table': {
    state: 'data',
    retained: { why: ATHENA, command: 'none: deleted with the database' },
    local: CATALOG,
    emulated: NO_QUERIES,
  },
  'AWS::Grafana::Workspace': {
    state: 'disposable',
    role: 'RoleArn',
    trusts: ['grafana.amazonaws.com'],
    local: OBSERVABILITY,
    emulated: { by: 'fake' },
  },
  'AWS::IAM::ManagedPolicy': { local: PERMISSIONS, emulated: NATIVE },
  'AWS::IAM::Policy': { local: PERMISSIONS, emulated: NATIVE },
  'AWS::IAM::Role': { local: 'run', emulated: NATIVE },
  'AWS::KMS::Key': {
    state: 'data',
    retained: {
      why: 'without it none of the above can be read',
      command: 'aws kms schedule-key-deletion --key-id ID --pending-window-in-days 30 (last of all)',
    },
    local: PERMISSIONS,
    emulated: NATIVE,
  },
  'AWS::Lambda::EventSourceMapping': {
    local: 'run',
    emulated: { by: 'native', noEffect: 'Kafka is never polled' },
  },
  'AWS::Lambda::Function': { role: 'Role', trusts: ['lambda.amazonaws.com'], local: 'run', emulated: NATIVE },
  'AWS::Lambda::LayerVersion': { local: 'run', emulated: NATIVE },
  'AWS::Lambda::Permission': { local: PERMISSIONS, emulated: NATIVE },
  'AWS::Logs::LogGroup': { state: 'disposable', local: ignored('functions log to files'), emulated: NATIVE },
  'AWS::Logs::QueryDefinition': { local: OBSERVABILITY, emulated: STUB },
  'AWS::MSK::Cluster': {
    state: 'data',
    retained: {
      why: 'posts that are acknowledged and not archived yet; it is billed by the hour',
      command: 'aws kafka delete-cluster --cluster-arn ARN',
    },
    local: 'run',
    emulated: { by: 'fake', lacks: 'its control plane responds, no broker listens' },
  },
  'AWS::MSK::Configuration': {
    state: 'mixed',
    retained: { why: 'the cluster runs by it', command: 'aws kafka delete-configuration --arn ARN' },
    local: ignored('broker settings are those of the local broker; topics have their own'),
    emulated: STUB,
  },
  'AWS::MSK::Topic': {
    state: 'data',
    retained: { why: 'part of its cluster', command: 'none: deleted with the cluster' },
    local: 'run',
    emulated: STUB,
  },
  'AWS::MWAA::Environment': {
    state: 'disposable',
    role: 'ExecutionRoleArn',
    trusts: ['airflow.amazonaws.com', 'airflow-env.amazonaws.com'],
    local: 'run',
    emulated: STUB,
  },
  'AWS::MWAAServerless::Workflow': {
    role: 'RoleArn',
    trusts: ['airflow-serverless.amazonaws.com'],
    local: ignored('the local run starts Airflow with the DAG'),
    emulated: STUB,
  },
  'AWS::S3::Bucket': {
    state: 'mixed',
    retained: { why: POSTS, command: 'aws s3 rb s3://NAME --force (after deleting all versions)' },
    local: 'run',
    emulated: { by: 'native', lacks: 'nothing expires or changes its storage class' },
  },
  'AWS::S3::BucketPolicy': { local: PERMISSIONS, emulated: NATIVE },
  'AWS::SNS::Subscription': { local: OBSERVABILITY, emulated: NATIVE },
  'AWS::SNS::Topic': { local: OBSERVABILITY, emulated: NATIVE },
  'AWS::SNS::TopicPolicy': { local: PERMISSIONS, emulated: NATIVE },
  'AWS::SQS::Queue': {
    state: 'mixed',
    retained: { why: 'messages that nobody has processed yet', command: 'aws sqs delete-queue --queue-url URL' },
    local: ignored('no function reads or writes a queue'),
    emulated: NATIVE,
  },
  'Custom::CDKBucketDeployment': { local: 'run', emulated: { by: 'fake' } },
  'Custom::GrafanaContent': { local: DEPLOYMENT, emulated: FUNCTION },
  'Custom::MskNodes': { local: DEPLOYMENT, emulated: FUNCTION },
  'Custom::S3AutoDeleteObjects': {
    notSimulated:
      "CDK's function that empties a bucket before its stack deletes it: it writes its log; its other permissions are in the bucket's policy",
    local: DEPLOYMENT,
    emulated: FUNCTION,
  },
  'Custom::StoppedApplication': { local: DEPLOYMENT, emulated: FUNCTION },
  'Custom::VpcRestrictDefaultSG': {
    notSimulated:
      "CDK's function that empties the default security group: it writes its log, and may change that group only",
    local: NETWORK,
    emulated: FUNCTION,
  },
} as const satisfies Readonly<Record<string, ResourceType>>;

export type TypeName = keyof typeof TABLE;

/** By the name of the type. */
export const RESOURCE_TYPES: Readonly<Record<TypeName, ResourceType>> = TABLE;

/** Types that `npm start` runs. */
export type RunType = { [N in TypeName]: (typeof TABLE)[N]['local'] extends 'run' ? N : never }[TypeName];

const ENTRIES = Object.entries(RESOURCE_TYPES) as readonly (readonly [TypeName, ResourceType])[];

/** The facts about a type; undefined if the table lacks it. */
export const resourceType = (name: string): ResourceType | undefined =>
  (RESOURCE_TYPES as Readonly<Record<string, ResourceType>>)[name];

/** Names of the types of which something holds. */
export const typesWhere = (holds: (type: ResourceType) => boolean): TypeName[] =>
  ENTRIES.filter(([, type]) => holds(type)).map(([name]) => name);
