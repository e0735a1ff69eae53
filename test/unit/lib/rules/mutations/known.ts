/** Mutations known from reviews and deployments of such pipelines. */
import { type Drafts } from '../../../../support/review';
import { AIRFLOW, BUCKET, CLUSTER, FUNCTION, KEYSPACE, ROWS, SOURCE, SPARK, TOPIC, set, type Mutate } from './mutation';

const REMOVAL = { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' };

/** Correct resources of types that the pipeline does not have. */
export function extras(drafts: Drafts): void {
  drafts.add('storage', 'Queue', { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 30 }, ...REMOVAL });
  drafts.add('storage', 'Alarm', {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      MetricName: 'Errors',
      Namespace: 'AWS/Lambda',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 2,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
    },
  });
  drafts.add('storage', 'Grafana', {
    Type: 'AWS::Grafana::Workspace',
    Properties: {
      AccountAccessType: 'CURRENT_ACCOUNT',
      AuthenticationProviders: ['AWS_SSO'],
      PermissionType: 'CUSTOMER_MANAGED',
    },
    ...REMOVAL,
  });
  drafts.add('storage', 'Metrics', { Type: 'AWS::APS::Workspace', Properties: {}, ...REMOVAL });
  drafts.add('storage', 'Scraper', {
    Type: 'AWS::APS::Scraper',
    Properties: {
      Destination: { AmpConfiguration: { WorkspaceArn: { 'Fn::GetAtt': ['Metrics', 'Arn'] } } },
      ScrapeConfiguration: { ConfigurationBlob: 'Z2xvYmFsOiB7fQ==' },
      Source: {
        EksConfiguration: {
          ClusterArn: 'arn:aws:eks:eu-central-1:123456789012:cluster/metrics',
          SubnetIds: ['subnet-12345678'],
        },
      },
    },
  });
  drafts.add('storage', 'Key', {
    Type: 'AWS::KMS::Key',
    Properties: {
      EnableKeyRotation: true,
      KeyPolicy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: 'kms:*',
            Resource: '*',
            Principal: { AWS: { 'Fn::Sub': 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root' } },
          },
        ],
      },
    },
    ...REMOVAL,
  });
}

function statement(drafts: Drafts, prefix: string): { Action: unknown; Effect: unknown } {
  const [, policy] = drafts.all('AWS::IAM::Policy', prefix)[0];
  return (policy.Properties.PolicyDocument as { Statement: { Action: unknown; Effect: unknown }[] }).Statement[0];
}

/**
 * Number, description, the rules that find the mutation at which resource, and the mutation. Rules in capitals are in
 * `deploy.guard`, rules in lower case in the other files of `lib/rules`; a letter and a number is a rule of CloudFormation's schemas.
 */
export const KNOWN: readonly [number, string, string, Mutate][] = [
  [
    1,
    'storage mode TIER of brokers',
    'F3033 at KafkaCluster, W3030 at KafkaCluster',
    set(CLUSTER, '', 'StorageMode', 'TIER'),
  ],
  [
    2,
    'an environment class of Airflow that does not exist',
    'MWAA_CLASS at AirflowEnvironment',
    set(AIRFLOW, '', 'EnvironmentClass', 'mw1.gigantic'),
  ],
  [
    3,
    'a function that runs for 1,000 seconds',
    'E3717 at StepsSealFunction',
    set(FUNCTION, 'StepsSeal', 'Timeout', 1_000),
  ],
  [
    4,
    'a function in a network without security groups',
    'LAMBDA_VPC_SECURITY_GROUPS at StepsSealFunction, broker-ingress at KafkaCluster',
    set(FUNCTION, 'StepsSeal', 'VpcConfig.SecurityGroupIds', []),
  ],
  [
    5,
    'a reference to nothing',
    'F1020 at LakeDatabase',
    set('AWS::Glue::Database', '', 'CatalogId', { Ref: 'Nothing' }),
  ],
  [
    6,
    'an event source without topics',
    'EVENT_SOURCE_TOPICS at StepsArchivePosts',
    set(SOURCE, '', 'Topics', undefined),
  ],
  [7, 'Spark on architecture ARM', 'W3030 at SparkApplication', set(SPARK, '', 'Architecture', 'ARM')],
  [8, 'a topic without a number of partitions', 'F3003 at KafkaPosts', set(TOPIC, '', 'PartitionCount', undefined)],
  [
    9,
    'a column of type string',
    'KEYSPACES_TYPES at ViewsBatchViews',
    set(ROWS, 'ViewsBatchViews', 'RegularColumns.0.ColumnType', 'string'),
  ],
  [
    10,
    'actions that no service has',
    'known-actions at StepsArchiveRoleDefaultPolicy',
    (d) => (statement(d, 'StepsArchive').Action = ['s3:PutObjects', 'kafka-cluster:ReadDatum']),
  ],
  [
    11,
    'an attribute that buckets lack',
    'E9004 at LakeBucketPolicy',
    set('AWS::S3::BucketPolicy', 'LakeBucket', 'Bucket', { 'Fn::GetAtt': ['LakeBucketB1D32E10', 'Arnn'] }),
  ],
  [
    12,
    'a broker size that does not exist',
    'MSK_BROKER_SIZE at KafkaCluster',
    set(CLUSTER, '', 'BrokerNodeGroupInfo.InstanceType', 'kafka.t9.small'),
  ],
  [13, 'a property that queues lack', 'F3002 at Queue', set('AWS::SQS::Queue', 'Queue', 'Visibility', 30)],
  [
    14,
    'log retention of 31 days',
    'W3030 at KafkaBrokerLogs',
    set('AWS::Logs::LogGroup', 'KafkaBrokerLogs', 'RetentionInDays', 31),
  ],
  [
    15,
    'a version of Kafka that does not exist',
    'MSK_KAFKA_VERSION at KafkaCluster',
    set(CLUSTER, '', 'KafkaVersion', '9.9.x.kraft'),
  ],
  [
    16,
    'infrequent access after 10 days',
    'S3_INFREQUENT_ACCESS_AFTER_30_DAYS at LakeBucket, transition-size at LakeBucket',
    set(BUCKET, 'LakeBucket', 'LifecycleConfiguration.Rules.0.Transitions', [
      { StorageClass: 'STANDARD_IA', TransitionInDays: 10 },
    ]),
  ],
  [
    17,
    'an alarm without comparison',
    'ALARM_OPERATOR at Alarm',
    set('AWS::CloudWatch::Alarm', 'Alarm', 'ComparisonOperator', undefined),
  ],
  [
    18,
    'a route without a slash',
    'ROUTE_KEY at QueryApiGETviews',
    set('AWS::ApiGatewayV2::Route', 'Query', 'RouteKey', 'GET v1/posts'),
  ],
  [
    19,
    'a runtime that does not exist',
    'W3030 at StepsSealFunction',
    set(FUNCTION, 'StepsSeal', 'Runtime', 'nodejs99.x'),
  ],
  [
    20,
    'a release of EMR that does not exist',
    'EMR_RELEASE at SparkApplication',
    set(SPARK, '', 'ReleaseLabel', 'emr-99.0.0'),
  ],
  [21, 'a capacity of "16 cores"', 'F3031 at SparkApplication', set(SPARK, '', 'MaximumCapacity.Cpu', '16 cores')],
  [
    22,
    'Airflow in one subnet',
    'F3032 at AirflowEnvironment',
    (d) => d.set(AIRFLOW, '', 'NetworkConfiguration.SubnetIds', ['subnet-12345678']),
  ],
  [
    23,
    'an authentication of Grafana that does not exist',
    'W3030 at Grafana',
    set('AWS::Grafana::Workspace', 'Grafana', 'AuthenticationProviders', ['SSO']),
  ],
  [
    24,
    'a scraper without destination',
    'F3003 at Scraper',
    set('AWS::APS::Scraper', 'Scraper', 'Destination', undefined),
  ],
  [
    25,
    'five replicas on two brokers',
    'topic-replicas at KafkaPosts, topic-fits-volume at KafkaPosts',
    set(TOPIC, '', 'ReplicationFactor', 5),
  ],
  [
    26,
    'a circle of dependencies',
    'F3004 at LakeDatabase, F3004 at LakePosts',
    (d) => (d.find('AWS::Glue::Database').DependsOn = [d.all('AWS::Glue::Table')[0][0]]),
  ],
  [27, 'a time of "thirty"', 'F3012 at Queue', set('AWS::SQS::Queue', 'Queue', 'VisibilityTimeout', 'thirty')],
  [
    28,
    'brokers without ingress',
    'broker-ingress at KafkaCluster',
    (d) => d.remove('AWS::EC2::SecurityGroupIngress', 'KafkaBrokers'),
  ],
  [
    29,
    'a type that does not exist',
    'F3006 at KafkaPosts, event-source-topic at StepsArchivePosts, event-source-topic at StepsAggregatePosts',
    (d) => (d.find(TOPIC).Type = 'AWS::MSK::Topics'),
  ],
  [
    30,
    'the effect Permit',
    'EFFECT_OF_KEY_POLICY at Key',
    set('AWS::KMS::Key', 'Key', 'KeyPolicy.Statement.0.Effect', 'Permit'),
  ],
  [
    31,
    'a table of Glue without input',
    'GLUE_TABLE_INPUT at LakePosts',
    set('AWS::Glue::Table', '', 'TableInput', undefined),
  ],
  [
    32,
    'two topics of one name',
    'unique-names at Again',
    (d) => d.add('storage', 'Again', structuredClone(d.find(TOPIC))),
  ],
  [
    33,
    'a keyspace called reh-x!',
    'F3031 at ViewsKeyspace, F3031 at ViewsSpeedLog, F3031 at ViewsSpeedHead, F3031 at ViewsSpeedRuns, F3031 at ViewsSpeedPosts, F3031 at ViewsBatchViews, F3031 at ViewsBatchRuns, F3031 at ViewsUnreferencedRuns, F3031 at ViewsBoundary',
    (d) => {
      d.set(KEYSPACE, '', 'KeyspaceName', 'reh-x!');
      d.all(ROWS).forEach(([, t]) => (t.Properties.KeyspaceName = 'reh-x!'));
    },
  ],
  [
    34,
    'the billing mode ONDEMAND',
    'W3030 at ViewsBatchViews',
    set(ROWS, 'ViewsBatchViews', 'BillingMode.Mode', 'ONDEMAND'),
  ],
  [35, 'the starting position EARLIEST', 'F3031 at StepsArchivePosts', set(SOURCE, '', 'StartingPosition', 'EARLIEST')],
  [
    36,
    'a role that trusts a service that does not exist',
    'TRUSTED_SERVICES at StepsSealRole',
    set(
      'AWS::IAM::Role',
      'StepsSeal',
      'AssumeRolePolicyDocument.Statement.0.Principal.Service',
      'lambdas.amazonaws.com',
    ),
  ],
  [
    37,
    'a table that does not wait for its keyspace',
    'container-first at ViewsBatchViews',
    (d) => delete d.find(ROWS, 'ViewsBatchViews').DependsOn,
  ],
  [
    38,
    'a table of Glue that does not wait for its database',
    'container-first at LakePosts',
    (d) => delete d.find('AWS::Glue::Table').DependsOn,
  ],
];
