/**
 * What `Ref` and `Fn::GetAtt` return for each resource type, derived from the template alone, so that the same assembly always gets
 * the same names. A type or attribute that is not here is an error where it is used, never a guess.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/ the return values of each type
 */
import { createHash } from 'node:crypto';
import { type RunType, type TypeName } from '../../lib/rules/resource-types';
import { ACCOUNT, PARTITION, REGION, URL_SUFFIX } from './local-account';

/** What an id is derived from. */
export interface Described {
  readonly stack: string;
  readonly logicalId: string;
  /** A resolved property, undefined if the template does not set it. */
  property(name: string): unknown;
}

interface PhysicalId {
  readonly ref: (resource: Described) => string;
  readonly attributes?: Readonly<Record<string, (resource: Described) => string>>;
}

const hash = (resource: Described) =>
  createHash('sha256').update(`${resource.stack}/${resource.logicalId}`).digest('hex');

/** `arn:aws:<service>:<region>:<account>:<resource>` */
const arn = (service: string, resource: string) => `arn:${PARTITION}:${service}:${REGION}:${ACCOUNT}:${resource}`;

/** The name in the template, else one as CloudFormation generates it: stack, logical id, and a unique suffix. */
function name(resource: Described, property: string, maximum: number, separator = '-'): string {
  const explicit = resource.property(property);
  if (explicit !== undefined) {
    if (typeof explicit === 'string' && explicit !== '') return explicit;
    throw new Error(`${resource.stack}/${resource.logicalId}: ${property} must be a non-empty string`);
  }
  const suffix = `${separator}${hash(resource).slice(0, 12)}`;
  return `${resource.stack}${separator}${resource.logicalId}`.slice(0, maximum - suffix.length) + suffix;
}

const id = (prefix: string, length = 17) => ({ ref: (r: Described) => `${prefix}${hash(r).slice(0, length)}` });

const bucketName = (r: Described) => {
  const chosen = name(r, 'BucketName', 63);
  return r.property('BucketName') === undefined ? chosen.toLowerCase() : chosen;
};
const functionName = (r: Described) => name(r, 'FunctionName', 64);
const roleName = (r: Described) => name(r, 'RoleName', 64);
const keyspaceName = (r: Described) => {
  const chosen = name(r, 'KeyspaceName', 48, '_');
  return r.property('KeyspaceName') === undefined ? chosen.toLowerCase().replaceAll('-', '_') : chosen;
};
const tableName = (r: Described) => {
  const chosen = name(r, 'TableName', 48, '_');
  return r.property('TableName') === undefined ? chosen.toLowerCase().replaceAll('-', '_') : chosen;
};
const clusterArn = (r: Described) => {
  const h = hash(r);
  const uuid = `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20, 32)}-1`;
  return arn('kafka', `cluster/${name(r, 'ClusterName', 64)}/${uuid}`);
};
const topicArn = (r: Described) =>
  `${String(r.property('ClusterArn')).replace(':cluster/', ':topic/')}/${String(r.property('TopicName'))}`;
const layerArn = (r: Described) => arn('lambda', `layer:${name(r, 'LayerName', 64)}:1`);
const applicationId = (r: Described) => `00f${hash(r).slice(0, 13)}`;
const environmentName = (r: Described) => name(r, 'Name', 80);
const logGroupName = (r: Described) => name(r, 'LogGroupName', 512);
const keyId = (r: Described) => {
  const h = hash(r);
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20, 32)}`;
};
const topicName = (r: Described) => name(r, 'TopicName', 256);
const notificationsArn = (r: Described) => arn('sns', topicName(r));
const prometheusId = (r: Described) => `ws-${keyId(r)}`;
const prometheusArn = (r: Described) => arn('aps', `workspace/${prometheusId(r)}`);
const grafanaId = (r: Described) => `g-${hash(r).slice(0, 10)}`;
const apiId = (r: Described) => hash(r).slice(0, 10);
const alarmArn = (r: Described) => arn('cloudwatch', `alarm:${name(r, 'AlarmName', 255)}`);
const ruleName = (r: Described) => name(r, 'Name', 64);
const securityGroup = id('sg-').ref;
const vpc = id('vpc-').ref;
const subnet = id('subnet-').ref;

/** Every type that is run has an entry, others have one if a resource that is run refers to them. */
const IDS: Readonly<Record<RunType, PhysicalId> & Partial<Record<TypeName, PhysicalId>>> = {
  'AWS::S3::Bucket': {
    ref: bucketName,
    attributes: {
      Arn: (r) => `arn:${PARTITION}:s3:::${bucketName(r)}`,
      DomainName: (r) => `${bucketName(r)}.s3.${URL_SUFFIX}`,
      RegionalDomainName: (r) => `${bucketName(r)}.s3.${REGION}.${URL_SUFFIX}`,
    },
  },
  'AWS::Lambda::Function': {
    ref: functionName,
    attributes: { Arn: (r) => arn('lambda', `function:${functionName(r)}`) },
  },
  'AWS::Lambda::LayerVersion': { ref: layerArn, attributes: { LayerVersionArn: layerArn } },
  'AWS::Lambda::EventSourceMapping': id('', 32),
  'AWS::IAM::Role': {
    ref: roleName,
    attributes: {
      Arn: (r) => `arn:${PARTITION}:iam::${ACCOUNT}:role${String(r.property('Path') ?? '/')}${roleName(r)}`,
      RoleId: (r) => `AROA${hash(r).slice(0, 17).toUpperCase()}`,
    },
  },
  'AWS::MSK::Cluster': { ref: clusterArn, attributes: { Arn: clusterArn } },
  'AWS::MSK::Configuration': {
    ref: (r) => arn('kafka', `configuration/${name(r, 'Name', 64)}/${keyId(r)}-1`),
    attributes: {
      Arn: (r) => arn('kafka', `configuration/${name(r, 'Name', 64)}/${keyId(r)}-1`),
      'LatestRevision.Revision': () => '1',
    },
  },
  'AWS::MSK::Topic': { ref: topicArn, attributes: { TopicArn: topicArn } },
  'AWS::Cassandra::Keyspace': { ref: keyspaceName },
  'AWS::Cassandra::Table': {
    // CloudFormation's physical id of a table is `keyspace|table`; templates split it when they need the name.
    ref: (r) => `${String(r.property('KeyspaceName'))}|${tableName(r)}`,
  },
  'AWS::ApiGatewayV2::Api': {
    ref: apiId,
    attributes: {
      ApiId: apiId,
      ApiEndpoint: (r) => `https://${apiId(r)}.execute-api.${REGION}.${URL_SUFFIX}`,
    },
  },
  'AWS::ApiGatewayV2::Integration': id('', 7),
  'AWS::ApiGatewayV2::Route': id('', 7),
  'AWS::ApiGatewayV2::Stage': { ref: (r) => String(r.property('StageName')) },
  'AWS::EMRServerless::Application': {
    ref: applicationId,
    attributes: {
      ApplicationId: applicationId,
      Arn: (r) => `arn:${PARTITION}:emr-serverless:${REGION}:${ACCOUNT}:/applications/${applicationId(r)}`,
    },
  },
  'AWS::MWAA::Environment': {
    ref: environmentName,
    attributes: {
      Arn: (r) => arn('airflow', `environment/${environmentName(r)}`),
      WebserverUrl: (r) => `${keyId(r)}.c1.${REGION}.airflow.${URL_SUFFIX}`,
    },
  },
  'AWS::Events::Rule': {
    ref: ruleName,
    attributes: { Arn: (r) => arn('events', `rule/${ruleName(r)}`) },
  },
  'AWS::Glue::Database': {
    ref: (r) => {
      const input = r.property('DatabaseInput') as { Name?: string } | undefined;
      return input?.Name ?? `database_${hash(r).slice(0, 12)}`;
    },
  },
  'AWS::Logs::LogGroup': {
    ref: logGroupName,
    attributes: { Arn: (r) => arn('logs', `log-group:${logGroupName(r)}:*`) },
  },
  'AWS::KMS::Key': { ref: keyId, attributes: { KeyId: keyId, Arn: (r) => arn('kms', `key/${keyId(r)}`) } },
  'AWS::SNS::Topic': { ref: notificationsArn, attributes: { TopicArn: notificationsArn, TopicName: topicName } },
  'AWS::CloudWatch::Alarm': { ref: (r) => name(r, 'AlarmName', 255), attributes: { Arn: alarmArn } },
  'AWS::CloudWatch::CompositeAlarm': { ref: (r) => name(r, 'AlarmName', 255), attributes: { Arn: alarmArn } },
  'AWS::CloudWatch::Dashboard': { ref: (r) => name(r, 'DashboardName', 255) },
  'AWS::APS::Workspace': {
    ref: prometheusArn,
    attributes: {
      Arn: prometheusArn,
      WorkspaceId: prometheusId,
      PrometheusEndpoint: (r) => `https://aps-workspaces.${REGION}.${URL_SUFFIX}/workspaces/${prometheusId(r)}/`,
    },
  },
  'AWS::Grafana::Workspace': {
    ref: grafanaId,
    attributes: { Id: grafanaId, Endpoint: (r) => `${grafanaId(r)}.grafana-workspace.${REGION}.${URL_SUFFIX}` },
  },
  'AWS::EC2::VPC': {
    ref: vpc,
    attributes: {
      VpcId: vpc,
      CidrBlock: (r) => String(r.property('CidrBlock')),
      DefaultSecurityGroup: (r) => `sg-${hash(r).slice(20, 37)}`,
    },
  },
  'AWS::EC2::Subnet': { ref: subnet, attributes: { SubnetId: subnet } },
  'AWS::EC2::SecurityGroup': { ref: securityGroup, attributes: { GroupId: securityGroup } },
  // The deployment returns what it was given; CDK reads the bucket back through it to order what depends on it.
  'Custom::CDKBucketDeployment': {
    ref: (r) => `aws.cdk.s3deployment.${keyId(r)}`,
    attributes: {
      DestinationBucketArn: (r) => `arn:${PARTITION}:s3:::${String(r.property('DestinationBucketName'))}`,
    },
  },
};

/** By the name of the type; undefined if the type has no entry. */
export const physicalId = (type: string): PhysicalId | undefined => (IDS as Readonly<Record<string, PhysicalId>>)[type];
