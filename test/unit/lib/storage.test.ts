import released from '../../../docs/schemas/post.schema.released.json';
import { POST_FILE_COLUMNS } from '../../../lambda/formats/post-files';
import { TABLES } from '../../../lib/constructs/view-store';
import { synthesize, type Templates } from '../../support/synth';
import { render, resource, resources } from '../../support/templates';

const templates: Record<string, Templates> = {};
beforeAll(() => {
  for (const stage of ['dev', 'lean', 'prod', 'local']) templates[stage] = synthesize({ stage });
}, 60_000);

const lines = (text: string) => Object.fromEntries(text.split('\n').map((line) => line.split('=')));

describe('Kafka', () => {
  test('is an MSK cluster of Standard brokers with KRaft, spread over the zones', () => {
    const { Properties } = resource(templates.prod.storage, 'AWS::MSK::Cluster');
    expect(Properties).toMatchObject({
      KafkaVersion: '4.1.x.kraft',
      NumberOfBrokerNodes: 3,
      BrokerNodeGroupInfo: {
        InstanceType: 'kafka.m7g.large',
        StorageInfo: { EBSStorageInfo: { VolumeSize: 410 } },
      },
    });
    expect((Properties.BrokerNodeGroupInfo as { ClientSubnets: unknown[] }).ClientSubnets).toHaveLength(3);
  });

  test('accepts IAM over TLS and nothing else', () => {
    const { Properties } = resource(templates.dev.storage, 'AWS::MSK::Cluster');
    expect(Properties.ClientAuthentication).toEqual({ Sasl: { Iam: { Enabled: true } } });
    expect(Properties.EncryptionInfo).toMatchObject({ EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true } });
  });

  test('reports its metrics and writes its log', () => {
    expect(resource(templates.dev.storage, 'AWS::MSK::Cluster').Properties).toMatchObject({
      EnhancedMonitoring: 'PER_TOPIC_PER_BROKER',
      OpenMonitoring: {
        Prometheus: { JmxExporter: { EnabledInBroker: true }, NodeExporter: { EnabledInBroker: true } },
      },
      LoggingInfo: { BrokerLogs: { CloudWatchLogs: { Enabled: true } } },
    });
  });

  test('accepts connections from the functions and the pollers, on the IAM port', () => {
    const rules = Object.values(resources(templates.dev.storage, 'AWS::EC2::SecurityGroupIngress')).map(
      ({ Properties }) => [
        render(Properties.SourceSecurityGroupId, templates.dev.all),
        render(Properties.GroupId, templates.dev.all),
        Properties.FromPort,
        Properties.ToPort,
      ],
    );
    expect(rules.sort()).toEqual([
      ['{KafkaBrokers.GroupId}', '{KafkaBrokers.GroupId}', 9098, 9098],
      ['{NetworkFunctions.GroupId}', '{KafkaBrokers.GroupId}', 9098, 9098],
    ]);
  });

  test.each([
    ['dev', 'PER_TOPIC_PER_BROKER'],
    ['lean', 'DEFAULT'],
  ])('of %s reports at level %s, and everything to Prometheus', (stage, level) => {
    expect(resource(templates[stage].storage, 'AWS::MSK::Cluster').Properties).toMatchObject({
      EnhancedMonitoring: level,
      OpenMonitoring: { Prometheus: { JmxExporter: { EnabledInBroker: true } } },
    });
  });

  test('uses its configuration by revision', () => {
    const { Properties } = resource(templates.dev.storage, 'AWS::MSK::Cluster');
    const { Arn, Revision } = Properties.ConfigurationInfo as Record<string, unknown>;
    expect(render(Arn, templates.dev.all)).toBe('{KafkaConfiguration.Arn}');
    expect(render(Revision, templates.dev.all)).toBe('{KafkaConfiguration.LatestRevision.Revision}');
  });

  test.each([
    ['dev', '1', '2'],
    ['lean', '1', '2'],
    ['prod', '2', '3'],
  ])(
    'of %s never creates a topic automatically or prefers availability to durability',
    (stage, minInsync, internal) => {
      const { Properties } = resource(templates[stage].storage, 'AWS::MSK::Configuration');
      expect(lines(Properties.ServerProperties as string)).toMatchObject({
        'auto.create.topics.enable': 'false',
        'unclean.leader.election.enable': 'false',
        'min.insync.replicas': minInsync,
        'log.message.timestamp.type': 'LogAppendTime',
        'offsets.topic.replication.factor': internal,
        'transaction.state.log.replication.factor': internal,
        'transaction.state.log.min.isr': minInsync,
      });
    },
  );

  test.each([
    // Of 20 GiB a broker and 6 replicas: 70 % are 2.33 GiB each, of which a sixteenth is the segment that is being written.
    ['dev', 6, 2, '1', 7, 2_348_810_240, 156_587_349],
    ['lean', 3, 2, '1', 3, 9_395_240_960, 626_349_397],
    // The sixteenth would be over 1 GiB, which is the largest segment.
    ['prod', 12, 3, '2', 4, 24_606_583_466, 1_073_741_824],
    ['local', 3, 1, '1', 7, 7_046_430_720, 469_762_048],
  ])('has the topic posts in %s', (stage, partitions, replicas, minInsync, days, bytes, segment) => {
    const { Properties } = resource(templates[stage].storage, 'AWS::MSK::Topic');
    expect(Properties).toMatchObject({
      TopicName: 'posts',
      PartitionCount: partitions,
      ReplicationFactor: replicas,
      ClusterArn: { Ref: expect.stringMatching(/^KafkaCluster/) },
    });
    expect(lines(Buffer.from(Properties.Configs as string, 'base64').toString())).toEqual({
      'message.timestamp.type': 'LogAppendTime',
      'min.insync.replicas': minInsync,
      'retention.ms': String(days * 24 * 3_600_000),
      'retention.bytes': String(bytes),
      'segment.bytes': String(segment),
      'max.message.bytes': String(8 * 1024 * 1024),
    });
  });
});

describe('the lake', () => {
  test.each(['LakeBucket', 'LakeAccessLogs'])('%s is encrypted and blocks public access', (bucket) => {
    expect(resource(templates.dev.storage, 'AWS::S3::Bucket', bucket).Properties).toMatchObject({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
  });

  test('rejects requests without TLS', () => {
    const policies = Object.values(resources(templates.prod.storage, 'AWS::S3::BucketPolicy'));
    expect(policies).toHaveLength(2);
    for (const { Properties } of policies) {
      expect((Properties.PolicyDocument as { Statement: unknown[] }).Statement).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    }
  });

  test('retains old versions for a month, and deletes aborted uploads', () => {
    const { Properties } = resource(templates.dev.storage, 'AWS::S3::Bucket', 'LakeBucket');
    expect(Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
    expect((Properties.LifecycleConfiguration as { Rules: unknown[] }).Rules).toEqual([
      { Id: 'abort-uploads', Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
      {
        Id: 'expire-noncurrent',
        Status: 'Enabled',
        NoncurrentVersionExpiration: { NoncurrentDays: 30 },
        ExpiredObjectDeleteMarker: true,
      },
    ]);
  });

  test('retains the raw log forever, or as long as the config says', () => {
    const rulesOf = (overrides: Record<string, unknown>) => {
      const { Properties } = resource(synthesize(overrides).storage, 'AWS::S3::Bucket', 'LakeBucket');
      return (Properties.LifecycleConfiguration as { Rules: { Id: string }[] }).Rules;
    };
    expect(rulesOf({ stage: 'dev', rawRetentionDays: 30 })).toContainEqual({
      ...{ Id: 'expire-raw', Status: 'Enabled', Prefix: 'raw/', ExpirationInDays: 30 },
    });
    expect(rulesOf({ stage: 'dev' }).map(({ Id }) => Id)).not.toContain('expire-raw');
  });

  test('logs access', () => {
    expect(resource(templates.dev.storage, 'AWS::S3::Bucket', 'LakeBucket').Properties).toMatchObject({
      LoggingConfiguration: {
        DestinationBucketName: { Ref: expect.stringMatching(/^LakeAccessLogs/) },
        LogFilePrefix: 'lake/',
      },
    });
  });

  test.each([
    ['dev', '60'],
    ['local', '1'],
  ])('has a table for Athena in %s, with the columns of the code and partitions by name', (stage, minutes) => {
    const table = resource(templates[stage].storage, 'AWS::Glue::Table');
    const input = table.Properties.TableInput as {
      Parameters: Record<string, unknown>;
      PartitionKeys: unknown;
      StorageDescriptor: { Columns: { Name: string; Type: string }[]; Location: unknown };
    };
    expect(table.DependsOn).toEqual([expect.stringMatching(/^LakeDatabase/)]);
    expect(input.StorageDescriptor.Columns.map(({ Name }) => Name)).toEqual(
      POST_FILE_COLUMNS.map(({ name }) => name).filter((name) => name !== 'interval_start'),
    );
    expect(Object.fromEntries(input.StorageDescriptor.Columns.map(({ Name, Type }) => [Name, Type]))).toMatchObject({
      post_key: 'bigint',
      kafka_partition: 'int',
      first_offset: 'bigint',
      sections: 'array<string>',
      new_sections: 'array<string>',
      title: 'string',
      follower_count: 'bigint',
      age: 'int',
      latitude: 'double',
      posted_at: 'timestamp',
      tag_list: 'array<string>',
    });
    expect(input.PartitionKeys).toEqual([expect.objectContaining({ Name: 'interval_start', Type: 'string' })]);
    expect(input.Parameters).toMatchObject({
      'projection.enabled': 'true',
      'projection.interval_start.type': 'date',
      'projection.interval_start.format': "yyyy-MM-dd'T'HH-mm",
      'projection.interval_start.interval': minutes,
      'projection.interval_start.interval.unit': 'MINUTES',
    });
    expect(render(input.Parameters['storage.location.template'], templates[stage].all)).toBe(
      's3://{LakeBucket}/posts/interval=${interval_start}/',
    );
  });
});

describe('the views', () => {
  const columns = (list: unknown) =>
    ((list ?? []) as { ColumnName: string; ColumnType: string }[]).map(
      (each) => `${each.ColumnName} ${each.ColumnType}`,
    );
  const table = (stage: string, name: string) => {
    const found = Object.values(resources(templates[stage].storage, 'AWS::Cassandra::Table')).filter(
      ({ Properties }) => Properties.TableName === name,
    );
    expect(found).toHaveLength(1);
    return found[0];
  };

  test('are in a keyspace of the stage', () => {
    expect(resource(templates.prod.storage, 'AWS::Cassandra::Keyspace').Properties).toMatchObject({
      KeyspaceName: 'pinterest_prod',
    });
  });

  test.each([
    [
      'speed_log',
      ['topic text', 'kafka_partition int', 'segment bigint'],
      ['from_offset bigint'],
      ['to_offset bigint', 'interval_start timestamp', 'as_of timestamp', 'posts blob'],
    ],
    ['speed_head', ['topic text', 'kafka_partition int'], [], ['folded_to bigint', 'state blob']],
    [
      'speed_runs',
      ['topic text', 'kafka_partition int', 'view_name text', 'tier int', 'rest int'],
      ['interval_start timestamp', 'from_offset bigint', 'to_offset bigint', 'chunk int'],
      ['chunks int', 'counts blob'],
    ],
    [
      'speed_posts',
      ['topic text', 'kafka_partition int', 'interval_start timestamp'],
      ['from_offset bigint', 'to_offset bigint', 'piece int'],
      ['posts blob'],
    ],
    [
      'batch_views',
      ['view_name text', 'period text'],
      [],
      ['version text', 'chunks int', 'counts blob', 'first_keys blob'],
    ],
    ['batch_runs', ['view_name text', 'period text', 'version text', 'block int'], ['chunk int'], ['counts blob']],
    ['unreferenced_runs', ['topic text'], ['view_name text', 'period text', 'version text'], ['since timestamp']],
    [
      'boundary',
      ['name text'],
      [],
      [
        'interval_start timestamp',
        'first_interval timestamp',
        'published_at timestamp',
        'drift bigint',
        'reconciled_interval timestamp',
        'interval_minutes int',
      ],
    ],
  ])('%s has its keys and columns, and depends on its keyspace', (name, partition, cluster, rest) => {
    const { Properties, DependsOn } = table('dev', name);
    expect(columns(Properties.PartitionKeyColumns)).toEqual(partition);
    expect(
      columns(((Properties.ClusteringKeyColumns ?? []) as { Column: unknown }[]).map(({ Column }) => Column)),
    ).toEqual(cluster);
    expect(columns(Properties.RegularColumns)).toEqual(rest);
    expect(Properties).toMatchObject({
      KeyspaceName: 'pinterest_dev',
      BillingMode: { Mode: 'ON_DEMAND' },
    });
    expect(DependsOn).toEqual([expect.stringMatching(/^ViewsKeyspace/)]);
  });

  test.each([
    ['dev', 72],
    ['lean', 72],
    ['prod', 168],
    ['local', 24],
  ])(
    'log and runs of %s expire after %d hours, posts a week later, and nothing else does: that can be restored',
    (stage, hours) => {
      for (const { name } of Object.values(TABLES)) {
        const { Properties } = table(stage, name);
        const life = { speed_log: hours, speed_runs: hours, speed_posts: 168 + hours }[name];
        expect([name, Properties.PointInTimeRecoveryEnabled]).toEqual([name, !life]);
        expect([name, Properties.DefaultTimeToLive]).toEqual([name, life && life * 3_600]);
        expect([name, Properties.ClientSideTimestampsEnabled]).toEqual([name, life && true]);
      }
    },
  );
});

describe('outputs', () => {
  test.each(['LakeBucket', 'KafkaClusterArn', 'Keyspace'])('include %s', (name) => {
    expect(Object.keys(templates.dev.storage.findOutputs(name))).toEqual([name]);
  });
});

describe('the schema of a post', () => {
  test('is registered where the config says so, as it was released, and each version stays', () => {
    const { storage } = synthesize({ stage: 'dev', schemaRegistry: 'glue' });
    expect(resource(storage, 'AWS::Glue::Schema').Properties).toMatchObject({
      Registry: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^SchemaRegistry/), 'Arn'] } },
      DataFormat: 'JSON',
      Compatibility: 'BACKWARD',
    });
    const version = resource(storage, 'AWS::Glue::SchemaVersion');
    expect(JSON.parse(version.Properties.SchemaDefinition as string)).toEqual(released);
    expect(version.UpdateReplacePolicy).toBe('Retain');
    expect(Object.keys(resources(templates.dev.storage, 'AWS::Glue::Schema'))).toEqual([]);
  }, 60_000);
});
