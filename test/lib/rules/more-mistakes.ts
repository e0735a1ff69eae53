import { type Drafts } from '../../support/review';
import { AIRFLOW, BUCKET, CLUSTER, FUNCTION, ROWS, SOURCE, SPARK, TOPIC, set, type Plant } from './planting';

function policy(drafts: Drafts): { Version: string; Statement: { Effect: string; Resource?: unknown }[] } {
  return drafts.find('AWS::IAM::Policy', 'StepsSeal').Properties.PolicyDocument as ReturnType<typeof policy>;
}

/** More of the same kind. */
export const MORE: readonly [string, string, Plant][] = [
  ['a web server PUBLIC', 'W3030 at AirflowEnvironment', set(AIRFLOW, '', 'WebserverAccessMode', 'PUBLIC')],
  [
    'a version of Airflow that does not exist',
    'MWAA_VERSION at AirflowEnvironment',
    set(AIRFLOW, '', 'AirflowVersion', '3.9.9'),
  ],
  ['too little memory', 'F3034 at StepsSealFunction', set(FUNCTION, 'StepsSeal', 'MemorySize', 100)],
  ['too much memory', 'LAMBDA_MEMORY at StepsSealFunction', set(FUNCTION, 'StepsSeal', 'MemorySize', 20000)],
  [
    'too much temporary storage',
    'LAMBDA_STORAGE at StepsCompactFunction',
    set(FUNCTION, 'StepsCompact', 'EphemeralStorage.Size', 20000),
  ],
  ['functions on architecture arm', 'W3030 at StepsSealFunction', set(FUNCTION, 'StepsSeal', 'Architectures', ['arm'])],
  [
    'payloads of format 3.0',
    'API_PAYLOAD at IngestApiPOSTpostsHandler',
    set('AWS::ApiGatewayV2::Integration', 'Ingest', 'PayloadFormatVersion', '3.0'),
  ],
  [
    'the authorization IAM',
    'ROUTE_AUTHORIZATION at IngestApiPOSTposts',
    set('AWS::ApiGatewayV2::Route', 'Ingest', 'AuthorizationType', 'IAM'),
  ],
  ['the protocol REST', 'API_PROTOCOL at IngestApi', set('AWS::ApiGatewayV2::Api', 'Ingest', 'ProtocolType', 'REST')],
  ['batches that are too large', 'F3034 at StepsArchivePosts', set(SOURCE, '', 'BatchSize', 20000)],
  ['a window that is too long', 'F3034 at StepsArchivePosts', set(SOURCE, '', 'MaximumBatchingWindowInSeconds', 400)],
  [
    'one consumer group for two functions',
    'unique-names at StepsAggregatePosts',
    (d) =>
      d
        .all(SOURCE)
        .forEach(
          ([, x]) =>
            ((x.Properties.AmazonManagedKafkaEventSourceConfig as { ConsumerGroupId: string }).ConsumerGroupId = 'g'),
        ),
  ],
  ['a topic that nobody makes', 'event-source-topic at StepsArchivePosts', set(SOURCE, '', 'Topics', ['post'])],
  [
    'two topics in a source',
    'F3032 at StepsArchivePosts, event-source-topic at StepsArchivePosts',
    set(SOURCE, '', 'Topics', ['posts', 'ticks']),
  ],
  [
    'a minimum over the maximum',
    'event-source-bounds at StepsArchivePosts',
    set(SOURCE, '', 'ProvisionedPollerConfig', { MinimumPollers: 10, MaximumPollers: 2 }),
  ],
  [
    'too many pollers',
    'EVENT_SOURCE_POLLERS at StepsArchivePosts',
    set(SOURCE, '', 'ProvisionedPollerConfig', { MinimumPollers: 1, MaximumPollers: 3000 }),
  ],
  [
    'a start at a time that is not given',
    'event-source-bounds at StepsArchivePosts',
    set(SOURCE, '', 'StartingPosition', 'AT_TIMESTAMP'),
  ],
  [
    'a source that starts at the newest record',
    'event-source-whole at StepsArchivePosts',
    set(SOURCE, '', 'StartingPosition', 'LATEST'),
  ],
  ['a source that is off', 'event-source-whole at StepsArchivePosts', set(SOURCE, '', 'Enabled', false)],
  [
    'a function with a source that may not run',
    'event-source-whole at StepsArchiveFunction',
    set(FUNCTION, 'StepsArchive', 'ReservedConcurrentExecutions', 0),
  ],
  [
    'a source that bisects batches, without pollers of its own',
    'event-source-pollers at StepsArchivePosts',
    (d) => {
      for (const name of ['ProvisionedPollerConfig', 'MaximumRetryAttempts', 'MaximumRecordAgeInSeconds']) {
        d.set(SOURCE, 'StepsArchive', name, undefined);
      }
      d.set(SOURCE, 'StepsArchive', 'BisectBatchOnFunctionError', true);
    },
  ],
  ...(
    ['message.timestamp.type=CreateTime', 'cleanup.policy=compact', 'unclean.leader.election.enable=true'] as const
  ).map((line): (typeof MORE)[number] => [
    `a topic with ${line}`,
    'topic-log at KafkaPosts',
    (d) => {
      const before = Buffer.from(String(d.find(TOPIC).Properties.Configs), 'base64').toString();
      const others = before.split('\n').filter((each) => !each.startsWith(line.split('=')[0]));
      d.set(TOPIC, '', 'Configs', Buffer.from([...others, line].join('\n')).toString('base64'));
    },
  ]),
  ['too many retries', 'F3034 at StepsArchivePosts', set(SOURCE, '', 'MaximumRetryAttempts', 20000)],
  [
    'records that are too old at once',
    'event-source-bounds at StepsArchivePosts',
    set(SOURCE, '', 'MaximumRecordAgeInSeconds', 5),
  ],
  [
    'the order ASCENDING',
    'W3030 at ViewsSpeedViews',
    set(ROWS, 'ViewsSpeedViews', 'ClusteringKeyColumns.0.OrderBy', 'ASCENDING'),
  ],
  [
    'a clustering key of type integer',
    'KEYSPACES_CLUSTERING at ViewsSpeedViews',
    set(ROWS, 'ViewsSpeedViews', 'ClusteringKeyColumns.0.Column.ColumnType', 'integer'),
  ],
  [
    'an encryption that does not exist',
    'W3030 at ViewsSpeedViews',
    set(ROWS, 'ViewsSpeedViews', 'EncryptionSpecification.EncryptionType', 'AES'),
  ],
  [
    'a negative time to live',
    'F3034 at ViewsSpeedViews, speed-ttl at ViewsSpeedViews',
    set(ROWS, 'ViewsSpeedViews', 'DefaultTimeToLive', -1),
  ],
  [
    'a time to live over 20 years',
    'KEYSPACES_TTL at ViewsSpeedViews',
    set(ROWS, 'ViewsSpeedViews', 'DefaultTimeToLive', 700000000),
  ],
  ['a capacity of "64 gigs"', 'F3031 at SparkApplication', set(SPARK, '', 'MaximumCapacity.Memory', '64 gigs')],
  [
    'no storage',
    'F3034 at KafkaCluster',
    set(CLUSTER, '', 'BrokerNodeGroupInfo.StorageInfo.EBSStorageInfo.VolumeSize', 0),
  ],
  ['monitoring that does not exist', 'W3030 at KafkaCluster', set(CLUSTER, '', 'EnhancedMonitoring', 'PER_TOPIC')],
  [
    'TLS12 between clients and brokers',
    'W3030 at KafkaCluster',
    set(CLUSTER, '', 'EncryptionInfo.EncryptionInTransit.ClientBroker', 'TLS12'),
  ],
  [
    'properties of a topic as plain text',
    'topic-properties at KafkaPosts, topic-log at KafkaPosts',
    set(TOPIC, '', 'Configs', 'retention.ms=1'),
  ],
  ['a topic without partitions', 'F3034 at KafkaPosts', set(TOPIC, '', 'PartitionCount', 0)],
  [
    'a mistyped property of a topic',
    'topic-properties at KafkaPosts, topic-log at KafkaPosts',
    set(TOPIC, '', 'Configs', Buffer.from('retention.mss=1').toString('base64')),
  ],
  [
    'a type that Hive has not',
    'GLUE_TABLE at LakePosts',
    set('AWS::Glue::Table', '', 'TableInput.StorageDescriptor.Columns.0.Type', 'strng'),
  ],
  [
    'a table of Glue without name',
    'GLUE_TABLE at LakePosts',
    set('AWS::Glue::Table', '', 'TableInput.Name', undefined),
  ],
  ['a network that is too large', 'VPC_CIDR at NetworkVpc', set('AWS::EC2::VPC', '', 'CidrBlock', '10.42.0.0/15')],
  ['an address that is none', 'VPC_CIDR at NetworkVpc', set('AWS::EC2::VPC', '', 'CidrBlock', '10.42.0.300/16')],
  [
    'a subnet outside of its network',
    'E3059 at NetworkVpcpublicSubnet1Subnet',
    set('AWS::EC2::Subnet', '', 'CidrBlock', '10.99.0.0/24'),
  ],
  [
    'two subnets of the same addresses',
    'E3060 at NetworkVpcpublicSubnet2Subnet',
    (d) => {
      const a = d.all('AWS::EC2::Subnet');
      a[0][1].Properties.CidrBlock = a[1][1].Properties.CidrBlock;
    },
  ],
  [
    'an endpoint that lets nobody in',
    'endpoint-ingress at NetworkVpcKafkaEndpoint',
    (d) => d.remove('AWS::EC2::SecurityGroupIngress', 'NetworkKafkaEndpoint'),
  ],
  [
    'a port over 65535',
    'PORTS at KafkaBrokersfrompinterestdevnetworkNetworkFunctions77F5CEAC9098',
    (d) => {
      const x = d.find('AWS::EC2::SecurityGroupIngress', 'Kafka');
      x.Properties.ToPort = 70000;
    },
  ],
  [
    'a role for everybody',
    'public-principals at StepsSealRole',
    set('AWS::IAM::Role', 'StepsSeal', 'AssumeRolePolicyDocument.Statement.0.Principal', { AWS: '*' }),
  ],
  [
    'a mistyped action of trust',
    'ASSUME_ACTION at StepsSealRole',
    set('AWS::IAM::Role', 'StepsSeal', 'AssumeRolePolicyDocument.Statement.0.Action', 'sts:Assume'),
  ],
  [
    'the effect Permit in a policy',
    'E3510 at StepsSealRoleDefaultPolicy, EFFECT_OF_POLICY at StepsSealRoleDefaultPolicy',
    (d) => {
      policy(d).Statement[0].Effect = 'Permit';
    },
  ],
  [
    'a version of policies that does not exist',
    'E3510 at StepsSealRoleDefaultPolicy',
    (d) => {
      policy(d).Version = '2012-10-18';
    },
  ],
  [
    'a statement without resource',
    'E3510 at StepsSealRoleDefaultPolicy',
    (d) => {
      delete policy(d).Statement[0].Resource;
    },
  ],
  [
    'a resource that is no ARN',
    'E3510 at StepsSealRoleDefaultPolicy',
    (d) => {
      policy(d).Statement[0].Resource = 'lake';
    },
  ],
  [
    'a dependency on nothing',
    'E3005 at KafkaPosts',
    (d) => {
      d.find(TOPIC).DependsOn = ['Nothing'];
    },
  ],
  [
    'a storage class that does not exist',
    'W3030 at LakeBucket',
    set(
      'AWS::S3::Bucket',
      'LakeBucket',
      'LifecycleConfiguration.Rules.0.Transitions.0.StorageClass',
      'GLACIER_INSTANT',
    ),
  ],
  [
    'capitals in the name of a bucket',
    'F3031 at LakeBucket',
    set('AWS::S3::Bucket', 'LakeBucket', 'BucketName', 'My_Bucket'),
  ],
  [
    'a bucket that may be public',
    'S3_CLOSED at LakeBucket',
    set('AWS::S3::Bucket', 'LakeBucket', 'PublicAccessBlockConfiguration', undefined),
  ],
  [
    'spaces in the name of a log group',
    'F3031 at AirflowTaskLogs',
    set('AWS::Logs::LogGroup', 'AirflowTask', 'LogGroupName', 'airflow dev task'),
  ],
  [
    "Airflow's bucket without versions",
    'airflow-bucket at AirflowEnvironment',
    set('AWS::S3::Bucket', 'AirflowBucket', 'VersioningConfiguration', undefined),
  ],
  ['a slash before the path of the DAGs', 'MWAA_VERSION at AirflowEnvironment', set(AIRFLOW, '', 'DagS3Path', '/dags')],
  ['no workers', 'F3034 at AirflowEnvironment, MWAA_MICRO at AirflowEnvironment', set(AIRFLOW, '', 'MaxWorkers', 0)],
  ['two schedulers in the smallest Airflow', 'MWAA_MICRO at AirflowEnvironment', set(AIRFLOW, '', 'Schedulers', 2)],
  [
    'a layer of the other architecture',
    'layer-architecture at StepsCompactFunction',
    set(FUNCTION, 'StepsCompact', 'Architectures', ['x86_64']),
  ],
  [
    'a hyphen in the name of a variable',
    'F3002 at StepsSealFunction',
    set(FUNCTION, 'StepsSeal', 'Environment.Variables', { 'A-B': 'x' }),
  ],
  [
    'a variable that Lambda reserves',
    'E3663 at StepsSealFunction',
    set(FUNCTION, 'StepsSeal', 'Environment.Variables', { AWS_REGION: 'x' }),
  ],
  ['a function without handler', 'W2533 at StepsSealFunction', set(FUNCTION, 'StepsSeal', 'Handler', undefined)],
  [
    'fewer than no instances',
    'F3034 at StepsIngestFunction',
    set(FUNCTION, 'StepsIngest', 'ReservedConcurrentExecutions', -1),
  ],
  ['a role that is no ARN', 'F3031 at StepsSealFunction', set(FUNCTION, 'StepsSeal', 'Role', 'role')],
  [
    'a rate of "many"',
    'F3012 at IngestApiStage',
    set('AWS::ApiGatewayV2::Stage', 'Ingest', 'DefaultRouteSettings.ThrottlingRateLimit', 'many'),
  ],
  [
    'a route twice',
    'unique-names at QueryApiGETviewsview',
    (d) => {
      const a = d.all('AWS::ApiGatewayV2::Route', 'QueryApi');
      a[0][1].Properties.RouteKey = a[1][1].Properties.RouteKey;
    },
  ],
  [
    'a mistyped action of a permission',
    'LAMBDA_PERMISSION at IngestApiPOSTpostsApiPermissionApiScopedpinterestdevprocessingStepsIngestFunction3F3EE476pinterestdevprocessingIngestApi3AB67B56',
    set('AWS::Lambda::Permission', '', 'Action', 'lambda:Invoke'),
  ],
  [
    'a mistyped service of a permission',
    'LAMBDA_PERMISSION at IngestApiPOSTpostsApiPermissionApiScopedpinterestdevprocessingStepsIngestFunction3F3EE476pinterestdevprocessingIngestApi3AB67B56',
    set('AWS::Lambda::Permission', '', 'Principal', 'apigatway.amazonaws.com'),
  ],
  [
    'an output that no stack shows',
    'stack-outputs at StepsSealFunction',
    set(FUNCTION, 'StepsSeal', 'Environment.Variables', {
      LAKE: {
        'Fn::GetStackOutput': {
          StackName: 'pinterest-dev-storage',
          OutputName: 'Nope',
          Region: { Ref: 'AWS::Region' },
        },
      },
    }),
  ],
  [
    'strangers at the brokers',
    'MSK_STRANGERS at KafkaCluster',
    set(CLUSTER, '', 'ClientAuthentication.Unauthenticated', { Enabled: true }),
  ],
  [
    'brokers without IAM',
    'MSK_IAM at KafkaCluster',
    set(CLUSTER, '', 'ClientAuthentication.Sasl', { Scram: { Enabled: true } }),
  ],
  [
    'brokers on the internet',
    'MSK_PUBLIC at KafkaCluster',
    set(CLUSTER, '', 'BrokerNodeGroupInfo.ConnectivityInfo', { PublicAccess: { Type: 'SERVICE_PROVIDED_EIPS' } }),
  ],
  [
    'Spark that never stops',
    'EMR_AUTO_STOP at SparkApplication',
    set(SPARK, '', 'AutoStopConfiguration', { Enabled: false }),
  ],
  [
    'a lake that expires',
    'S3_KEPT at LakeBucket',
    (d) => {
      const { Rules } = d.find(BUCKET, 'LakeBucket').Properties.LifecycleConfiguration as { Rules: object[] };
      Rules.push({ Id: 'expire', Status: 'Enabled', ExpirationInDays: 365 });
    },
  ],
  [
    'batch rows that expire',
    'KEYSPACES_KEPT at ViewsBatchViews',
    set(ROWS, 'ViewsBatch', 'DefaultTimeToLive', 630_720_000),
  ],
];
