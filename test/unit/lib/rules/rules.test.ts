/** Each rule of this project, on the real templates with one mutation. */
import { RULES } from '../../../../lib/rules/pipeline-checks';
import { type Drafts, reviewer, type Review } from '../../../support/review';

let review: Review;
beforeAll(() => {
  review = reviewer({ stage: 'dev', removal: 'retain' }, 'own');
}, 60_000);

const FUNCTION = 'AWS::Lambda::Function';
const SOURCE = 'AWS::Lambda::EventSourceMapping';
const CLUSTER = 'AWS::MSK::Cluster';
const TOPIC = 'AWS::MSK::Topic';

const KEY = 'AWS::KMS::Key';

type Mutate = (drafts: Drafts) => void;
const set =
  (type: string, prefix: string, path: string, value: unknown): Mutate =>
  (drafts) =>
    drafts.set(type, prefix, path, value);

/** The settings of the topic, as lines. */
const settings = (lines: string) => set(TOPIC, '', 'Configs', Buffer.from(lines).toString('base64'));

/** A property of a table. */
const table = (name: string, path: string, value: unknown) => set('AWS::Cassandra::Table', `Views${name}`, path, value);

/** Adds a statement to the policy of ingest. */
const allow =
  (statement: Record<string, unknown>): Mutate =>
  (drafts) =>
    (
      drafts.find('AWS::IAM::Policy', 'StepsIngest').Properties.PolicyDocument as { Statement: unknown[] }
    ).Statement.push({ Effect: 'Allow', ...statement });

const BROKEN: readonly [string, string, Mutate, string, string][] = [
  [
    'event-source-pollers',
    'a source with retry controls and no provisioned pollers',
    set(SOURCE, 'StepsAggregate', 'ProvisionedPollerConfig', undefined),
    'StepsAggregatePosts',
    'MaximumRetryAttempts of a Kafka source works with ProvisionedPollerConfig only, which is missing',
  ],
  [
    'event-source-timeout',
    'a function with a Kafka source and the longest timeout of Lambda',
    set(FUNCTION, 'StepsAggregate', 'Timeout', 900),
    'StepsAggregateFunction',
    'Timeout of a function with a Kafka source must be at most 840 s, got 900',
  ],
  [
    'event-source-whole',
    'a source that starts at the newest record',
    set(SOURCE, 'StepsAggregate', 'StartingPosition', 'LATEST'),
    'StepsAggregatePosts',
    'StartingPosition must not be LATEST: older records are lost',
  ],
  [
    'topic-log',
    "a topic with its producers' timestamps",
    settings('message.timestamp.type=CreateTime'),
    'KafkaPosts',
    'message.timestamp.type must be LogAppendTime, got CreateTime: intervals are cut by it',
  ],
  [
    'topic-replicas',
    'more replicas than brokers',
    set(TOPIC, '', 'ReplicationFactor', 3),
    'KafkaPosts',
    'ReplicationFactor must be at most the number of brokers (2), got 3',
  ],
  [
    'topic-replicas',
    'more replicas in sync than replicas',
    settings('retention.ms=1\nmin.insync.replicas=3'),
    'KafkaPosts',
    'min.insync.replicas must be at most ReplicationFactor (2), got 3: nothing could be written',
  ],
  [
    'brokers-per-zone',
    'three brokers in two zones',
    set(CLUSTER, '', 'NumberOfBrokerNodes', 3),
    'KafkaCluster',
    'NumberOfBrokerNodes must be a multiple of the number of subnets (2), got 3',
  ],
  [
    'kafka-names',
    'an underscore in the name of a cluster',
    set(CLUSTER, '', 'ClusterName', 'pinterest_dev'),
    'KafkaCluster',
    "ClusterName must be 1 to 64 letters, digits and hyphens, got 'pinterest_dev'",
  ],
  [
    'kafka-names',
    'a cluster with a name of 65 letters',
    set(CLUSTER, '', 'ClusterName', 'k'.repeat(65)),
    'KafkaCluster',
    `ClusterName must be 1 to 64 letters, digits and hyphens, got '${'k'.repeat(60)}'`,
  ],
  [
    'kafka-names',
    'a space in the name of a topic',
    set(TOPIC, '', 'TopicName', 'all posts'),
    'KafkaPosts',
    "TopicName must be 1 to 249 letters, digits, '.', '_' and '-', and not '.' or '..', got 'all posts'",
  ],
  [
    'broker-ingress',
    'brokers with ingress for functions, but not for the pollers',
    (drafts) => drafts.remove('AWS::EC2::SecurityGroupIngress', 'KafkaBrokersfrompinterestdevstorage'),
    'KafkaCluster',
    "the brokers' security group has no ingress on 9098 for the pollers of StepsArchivePosts",
  ],
  [
    'broker-ingress',
    'brokers with ingress on the port of another protocol',
    (drafts) =>
      drafts
        .all('AWS::EC2::SecurityGroupIngress', 'KafkaBrokersfrompinterestdevnetwork')
        .forEach(([, { Properties }]) => Object.assign(Properties, { FromPort: 9094, ToPort: 9094 })),
    'KafkaCluster',
    "the brokers' security group has no ingress on 9098 for function StepsIngestFunction",
  ],
  [
    'connection-budget',
    'more instances of ingest than small brokers accept',
    set(FUNCTION, 'StepsIngest', 'ReservedConcurrentExecutions', 21),
    'StepsIngestFunction',
    'ReservedConcurrentExecutions must be at most 20, got 21: a broker accepts 3000 connections and 4 new ones a second',
  ],
  [
    'connection-budget',
    'an unlimited number of instances of ingest',
    set(FUNCTION, 'StepsIngest', 'ReservedConcurrentExecutions', undefined),
    'StepsIngestFunction',
    'a function behind an API that connects to Kafka must have reserved concurrency',
  ],
  [
    'topic-fits-volume',
    'a topic that ends by time alone',
    settings('retention.ms=604800000'),
    'KafkaPosts',
    'Configs must have retention.bytes and segment.bytes',
  ],
  [
    'topic-fits-volume',
    'volumes smaller than the topic',
    set(CLUSTER, '', 'BrokerNodeGroupInfo.StorageInfo.EBSStorageInfo.VolumeSize', 10),
    'KafkaPosts',
    'must be at most 8589934592, got 15032385534',
  ],
  [
    'topic-covers-outage',
    'two days for an outage of two days',
    settings('retention.ms=172800000'),
    'KafkaPosts',
    'retention.ms must be at least 178200000 for an outage of 48 hours, got 172800000',
  ],
  [
    'speed-covers-outage',
    'speed rows of two days for an outage of two days',
    table('SpeedLog', 'DefaultTimeToLive', 48 * 3_600),
    'ViewsSpeedLog',
    'DefaultTimeToLive must be at least 178200 s for an outage of 48 hours, got 172800',
  ],
  [
    'event-source-throughput',
    'a source that reads nothing',
    set(SOURCE, '', 'ProvisionedPollerConfig.MaximumPollers', 0),
    'StepsArchivePosts',
    'MaximumPollers must be at least 1 for 10 posts a second, got 0',
  ],
  [
    'removal-decided',
    'a keyspace without a policy for the deletion of its stack',
    (drafts) => delete drafts.find('AWS::Cassandra::Keyspace').DeletionPolicy,
    'ViewsKeyspace',
    'AWS::Cassandra::Keyspace must have DeletionPolicy',
  ],
  [
    'removal-decided',
    'a cluster without a policy for its replacement',
    (drafts) => delete drafts.find(CLUSTER).UpdateReplacePolicy,
    'KafkaCluster',
    'AWS::MSK::Cluster must have UpdateReplacePolicy',
  ],
  [
    'data-retained',
    'a table that is deleted with its stack although the configuration retains data',
    (drafts) => (drafts.find('AWS::Cassandra::Table', 'ViewsBatchViews').DeletionPolicy = 'Delete'),
    'ViewsBatchViews',
    'DeletionPolicy must be Retain or RetainExceptOnCreate where removal is retain, got Delete',
  ],
  [
    'log-retention',
    'logs that never expire',
    set('AWS::Logs::LogGroup', 'AirflowTask', 'RetentionInDays', undefined),
    'AirflowTaskLogs',
    'a log group must have RetentionInDays',
  ],
  [
    'container-first',
    'a table in a keyspace that does not exist',
    table('Boundary', 'KeyspaceName', 'other'),
    'ViewsBoundary',
    "KeyspaceName must name a AWS::Cassandra::Keyspace of this app, got 'other'",
  ],
  [
    'unique-names',
    'two tables of one name',
    table('Boundary', 'TableName', 'batch_views'),
    'ViewsBoundary',
    "TableName must be unique, got 'batch_views' as in ViewsBatchViews",
  ],
  [
    'speed-ttl',
    'speed rows that expire before a late batch layer has published',
    table('SpeedLog', 'DefaultTimeToLive', 4 * 3_600),
    'ViewsSpeedLog',
    'DefaultTimeToLive must be at least 4 × (interval + publish delay) = 21600 s, got 14400',
  ],
  [
    'known-actions',
    'a mistyped action',
    allow({ Action: 's3:PutObjects', Resource: 'arn:aws:s3:::lake/raw' }),
    'StepsIngestRoleDefaultPolicy',
    "Action must be one of lib/rules/actions.ts, got 's3:PutObjects'",
  ],
  [
    'wildcard-actions',
    'everything on Kafka',
    allow({ Action: 'kafka-cluster:*', Resource: 'arn:aws:kafka:eu-central-1:123456789012:topic/a/b/posts' }),
    'StepsIngestRoleDefaultPolicy',
    "a wildcard in Action must have its reason in lib/rules/actions.ts, got 'kafka-cluster:*'",
  ],
  [
    'wildcard-actions',
    'everything but',
    allow({ NotAction: 'iam:PassRole', Resource: 'arn:aws:s3:::lake/raw' }),
    'StepsIngestRoleDefaultPolicy',
    "Action must name what is allowed, got all but 'iam:PassRole'",
  ],
  [
    'wildcard-resources',
    'every object',
    allow({ Action: ['s3:GetObject'], Resource: '*' }),
    'StepsIngestRoleDefaultPolicy',
    "Resource '*' must have its reason in lib/rules/actions.ts, got it for 's3:GetObject'",
  ],
  [
    'wildcard-resources',
    'every object but',
    allow({ Action: 's3:GetObject', NotResource: 'arn:aws:s3:::lake/raw' }),
    'StepsIngestRoleDefaultPolicy',
    "Resource '*' must have its reason in lib/rules/actions.ts, got it for 's3:GetObject'",
  ],
  [
    'topic-properties',
    'a mistyped property of a topic',
    settings('min.insync.replica=1'),
    'KafkaPosts',
    "with a name that topics have, got 'min.insync.replica=1'",
  ],
  ...(
    [
      ['', "offsets.topic.replication.factor must be from 1 to the number of brokers (2), got 3, Kafka's default"],
      [
        '',
        "transaction.state.log.replication.factor must be from 1 to the number of brokers (2), got 3, Kafka's default",
      ],
      ['default.replication.factor=3', 'default.replication.factor must be from 1 to the number of brokers (2), got 3'],
      ['offsets.topic.replication.factor=0', 'offsets.topic.replication.factor must be from 1 to'],
      [
        'transaction.state.log.replication.factor=1',
        'transaction.state.log.min.isr must be at most transaction.state.log.replication.factor (1), got 2, Kafka',
      ],
      ['min.insync.replicas=2', 'min.insync.replicas must be at most default.replication.factor (1), got 2'],
      [
        'min.insync.replicas=2\noffsets.topic.replication.factor=1',
        'min.insync.replicas must be at most offsets.topic.replication.factor (1), got 2',
      ],
    ] as const
  ).map(([lines, message]): (typeof BROKEN)[number] => [
    'internal-topics',
    `two brokers with ${lines.replace('\n', ' and ') || 'the defaults of Kafka'}`,
    set('AWS::MSK::Configuration', '', 'ServerProperties', lines),
    'KafkaConfiguration',
    message,
  ]),
  [
    'internal-topics',
    'two brokers without a configuration',
    set(CLUSTER, '', 'ConfigurationInfo', undefined),
    'KafkaCluster',
    'offsets.topic.replication.factor must be from 1 to the number of brokers (2), got 3',
  ],
  [
    'event-source-topic',
    'a source of a topic that does not exist',
    set(SOURCE, 'StepsArchive', 'Topics', ['post']),
    'StepsArchivePosts',
    "Topics must be among the topics of the cluster (posts), got 'post'",
  ],
  [
    'event-source-bounds',
    'a minimum of pollers above the maximum',
    set(SOURCE, 'StepsArchive', 'ProvisionedPollerConfig.MinimumPollers', 7),
    'StepsArchivePosts',
    'MinimumPollers must be at most MaximumPollers (6), got 7',
  ],
  [
    'endpoint-ingress',
    'an endpoint without ingress',
    (drafts) => drafts.remove('AWS::EC2::SecurityGroupIngress', 'NetworkKeyspacesEndpoint'),
    'NetworkVpcKeyspacesEndpoint',
    'an interface endpoint must have a security group with ingress',
  ],
  [
    'layer-architecture',
    'DuckDB of the other architecture',
    set(FUNCTION, 'StepsCompact', 'Architectures', ['x86_64']),
    'StepsCompactFunction',
    'Architectures must be that of the layer (arm64), got x86_64',
  ],
  [
    'airflow-bucket',
    'DAGs in a bucket without versions',
    set('AWS::S3::Bucket', 'AirflowBucket', 'VersioningConfiguration', undefined),
    'AirflowEnvironment',
    'the bucket of an Airflow environment must be versioned',
  ],
  [
    'stack-exports',
    'a reference to an export that no stack has',
    set(FUNCTION, 'StepsSeal', 'Role', { 'Fn::ImportValue': 'pinterest-dev-storage:Role' }),
    'StepsSealFunction',
    'a stack of this app must export pinterest-dev-storage:Role, got none',
  ],
  [
    'no-weak-reference',
    'a reference whose value may be old',
    set(FUNCTION, 'StepsSeal', 'Role', {
      'Fn::GetStackOutput': { StackName: 'pinterest-dev-storage', OutputName: 'Role' },
    }),
    'StepsSealFunction',
    'must import an export of the other stack, got Fn::GetStackOutput',
  ],
  ...(['Transitions', 'NoncurrentVersionTransitions'] as const).map((key): (typeof BROKEN)[number] => [
    'transition-size',
    `${key} of objects of any size`,
    set('AWS::S3::Bucket', 'LakeBucket', `LifecycleConfiguration.Rules.0.${key}`, [{ StorageClass: 'GLACIER_IR' }]),
    'LakeBucket',
    'rule abort-uploads must have ObjectSizeGreaterThan: without it S3 moves no object under 128 KB',
  ]),
  [
    'public-principals',
    'a role that everybody can assume',
    set('AWS::IAM::Role', 'StepsSeal', 'AssumeRolePolicyDocument.Statement.0.Principal', { AWS: '*' }),
    'StepsSealRole',
    "Principal must name who, got '*', which is everybody",
  ],
];

/** Takes a service from the statements of the key's policy. */
const dropService =
  (service: string): Mutate =>
  (drafts) => {
    const { Statement } = drafts.find(KEY).Properties.KeyPolicy as {
      Statement: { Principal: { Service?: unknown } }[];
    };
    for (const { Principal } of Statement) {
      if (Array.isArray(Principal.Service)) Principal.Service = Principal.Service.filter((each) => each !== service);
    }
  };
/** Drops statements of a policy that contain a text. */
const dropStatement =
  (type: string, prefix: string, document: string, containing: string): Mutate =>
  (drafts) => {
    const policy = drafts.find(type, prefix).Properties[document] as { Statement: unknown[] };
    const rest = policy.Statement.filter((each) => !JSON.stringify(each).includes(containing));
    expect(rest.length).toBeLessThan(policy.Statement.length);
    policy.Statement = rest;
  };
/** An object that writes to a topic, queue or bucket, or names them. */
const add =
  (id: string, Type: string, Properties: Record<string, unknown>): Mutate =>
  (drafts) =>
    drafts.add('storage', id, { Type, Properties });
const keyOf = (drafts: Drafts) =>
  drafts.find('AWS::S3::Bucket', 'LakeBucket').Properties.BucketEncryption as {
    ServerSideEncryptionConfiguration: { ServerSideEncryptionByDefault: { KMSMasterKeyID: unknown } }[];
  };

/** As above, with one key of the deployment. */
const BROKEN_KEYS: readonly [string, string, Mutate, string, string][] = [
  [
    'topic-publishers',
    'alerts of Managed Prometheus without the key',
    dropService('aps.amazonaws.com'),
    'AlarmsTopic',
    'aps.amazonaws.com writes to it and must be allowed kms:Decrypt and kms:GenerateDataKey by the policy of key Key',
  ],
  [
    'topic-publishers',
    'alarms of CloudWatch without the key',
    dropService('cloudwatch.amazonaws.com'),
    'AlarmsTopic',
    'cloudwatch.amazonaws.com writes to it',
  ],
  [
    'topic-publishers',
    'a publisher that may only decrypt',
    (drafts) => {
      const { Statement } = drafts.find(KEY).Properties.KeyPolicy as { Statement: { Action: unknown }[] };
      for (const each of Statement) if (JSON.stringify(each).includes('aps.')) each.Action = 'kms:Decrypt';
    },
    'AlarmsTopic',
    'aps.amazonaws.com writes to it',
  ],
  [
    'topic-publishers',
    "alerts of Grafana, whose role has the key through the lake's bucket only",
    dropStatement('AWS::IAM::Policy', 'GrafanaRole', 'PolicyDocument', 'sns.'),
    'AlarmsTopic',
    'GrafanaRoleCE4ED1CA writes to it and must be allowed kms:Decrypt and kms:GenerateDataKey on key Key',
  ],
  [
    'topic-publishers',
    'a topic under the key of SNS',
    set('AWS::SNS::Topic', 'AlarmsTopic', 'KmsMasterKeyId', 'alias/aws/sns'),
    'AlarmsTopic',
    'cloudwatch.amazonaws.com writes to it and must be allowed kms:Decrypt and kms:GenerateDataKey by the policy of key alias/aws/sns',
  ],
  [
    'topic-publishers',
    'a rule of EventBridge that notifies the topic',
    (drafts) => {
      const [[id]] = drafts.all('AWS::SNS::Topic', 'AlarmsTopic');
      const Targets = [{ Id: 'Alarms', Arn: { Ref: id } }];
      drafts.add('observability', 'Nightly', { Type: 'AWS::Events::Rule', Properties: { Targets } });
    },
    'AlarmsTopic',
    'events.amazonaws.com writes to it',
  ],
  [
    'key-writers',
    'logs of a service that are delivered to the encrypted bucket',
    (drafts) => {
      const { Statement } = drafts.find('AWS::S3::BucketPolicy', 'LakeBucket').Properties.PolicyDocument as {
        Statement: unknown[];
      };
      const Principal = { Service: 'delivery.logs.amazonaws.com' };
      Statement.push({ Effect: 'Allow', Action: 's3:Put*', Principal, Resource: '*' });
    },
    'LakeBucket',
    'delivery.logs.amazonaws.com writes to it',
  ],
  [
    'key-writers',
    'a step that writes to the lake without the key',
    dropStatement('AWS::IAM::Policy', 'StepsArchive', 'PolicyDocument', 'kms:'),
    'LakeBucket',
    'StepsArchiveRole',
  ],
  [
    'key-writers',
    'an encrypted queue with messages of a topic',
    (drafts) => {
      const [[id]] = drafts.all('AWS::S3::Bucket', 'LakeBucket');
      expect(id).toMatch(/^LakeBucket/);
      const [{ ServerSideEncryptionByDefault: by }] = keyOf(drafts).ServerSideEncryptionConfiguration;
      add('Letters', 'AWS::SQS::Queue', { KmsMasterKeyId: by.KMSMasterKeyID })(drafts);
      add('Subscription', 'AWS::SNS::Subscription', { Endpoint: { 'Fn::GetAtt': ['Letters', 'Arn'] } })(drafts);
    },
    'Letters',
    'sns.amazonaws.com writes to it',
  ],
  [
    'key-writers',
    'log groups without the key',
    dropStatement(KEY, '', 'KeyPolicy', '"logs.'),
    'KafkaBrokerLogs',
    'the policy of its key must allow CloudWatch Logs',
  ],
  [
    'key-writers',
    'access logs in a bucket with a KMS key',
    (drafts) => drafts.set('AWS::S3::Bucket', 'LakeAccessLogs', 'BucketEncryption', keyOf(drafts)),
    'LakeBucket',
    'the bucket of access logs must be encrypted with the key of S3',
  ],
  [
    'key-sources',
    'a service that uses the key for anybody',
    (drafts) => {
      const { Statement } = drafts.find(KEY).Properties.KeyPolicy as { Statement: { Condition?: unknown }[] };
      for (const each of Statement) if (JSON.stringify(each).includes('aps.')) delete each.Condition;
    },
    'Key',
    'a statement for aps.amazonaws.com, cloudwatch.amazonaws.com must have a condition on its source, got none',
  ],
];

test('the unmodified templates break no rule', () => {
  expect(review(() => undefined)).toEqual([]);
});

test.each(BROKEN)('%s finds %s', (rule, _, mutate, at, message) => {
  expect(review(mutate)).toContainEqual({ rule, at, message: expect.stringContaining(message) });
});

describe('with one key of the deployment', () => {
  let own: Review;
  beforeAll(() => {
    own = reviewer({ stage: 'prod', kms: 'customer' }, 'own');
  }, 60_000);

  test('the unmodified templates break no rule', () => {
    expect(own(() => undefined)).toEqual([]);
  });

  test.each(BROKEN_KEYS)('%s finds %s', (rule, _, mutate, at, message) => {
    expect(own(mutate)).toContainEqual({ rule, at, message: expect.stringContaining(message) });
  });
});

test('pollers must carry the rate that a stage is built for', () => {
  const fast = reviewer({ stage: 'prod', postsPerSecond: 10_000 }, 'own');
  const most = (value: number) => fast(set(SOURCE, '', 'ProvisionedPollerConfig.MaximumPollers', value));
  const throughput = (found: ReturnType<Review>) => found.filter(({ rule }) => rule === 'event-source-throughput');
  expect(throughput(most(3))).toEqual([]);
  expect(throughput(most(2))).toHaveLength(1);
}, 60_000);

test('every rule has a template here that breaks it', () => {
  expect([...new Set([...BROKEN, ...BROKEN_KEYS].map(([rule]) => rule))].sort()).toEqual(
    RULES.map(({ name }) => name).sort(),
  );
});

describe('nothing is found in', () => {
  test('ingress of the security group itself, over a range of ports', () => {
    const found = review((drafts) => {
      const [[id, group]] = drafts.all('AWS::EC2::SecurityGroup', 'KafkaBrokers');
      const functions = drafts.find('AWS::EC2::SecurityGroupIngress', 'KafkaBrokersfrompinterestdevnetwork').Properties;
      drafts.remove('AWS::EC2::SecurityGroupIngress', 'KafkaBrokersfrompinterestdevnetwork');
      group.Properties.SecurityGroupIngress = [
        { IpProtocol: 'tcp', FromPort: 9092, ToPort: 9098, SourceSecurityGroupId: functions.SourceSecurityGroupId },
      ];
      expect(id).toMatch(/^KafkaBrokers/);
    });
    expect(found).toEqual([]);
  });

  test('a denial of everything', () => {
    expect(review(allow({ Effect: 'Deny', Action: 's3:*', Resource: '*' }))).toEqual([]);
  });

  test('a table that is deleted with its stack if the configuration says so', () => {
    const destroying = reviewer({ stage: 'dev' }, 'own');
    const mutate: Mutate = (drafts) => {
      const found = drafts.find('AWS::Cassandra::Table', 'ViewsBatchViews');
      Object.assign(found, { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
    };
    expect(destroying(mutate)).toEqual([]);
    expect(review(mutate).map(({ rule }) => rule)).toEqual(['data-retained', 'data-retained']);
  });

  test('a transition of objects of a stated size', () => {
    const rule = { Id: 'large', Status: 'Enabled', ObjectSizeGreaterThan: 131_072 };
    const Transitions = [{ StorageClass: 'GLACIER_IR', TransitionInDays: 90 }];
    const path = 'LifecycleConfiguration.Rules.0';
    expect(review(set('AWS::S3::Bucket', 'LakeBucket', path, { ...rule, Transitions }))).toEqual([]);
  });

  test('a source without retry controls in on-demand mode', () => {
    const found = review((drafts) => {
      for (const [, source] of drafts.all(SOURCE)) {
        delete source.Properties.ProvisionedPollerConfig;
        delete source.Properties.MaximumRetryAttempts;
        delete source.Properties.MaximumRecordAgeInSeconds;
      }
    });
    expect(found).toEqual([]);
  });
});
