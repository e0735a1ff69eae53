import { PREFIXES } from '../../../lambda/formats/keys';
import { synthesize, type Templates } from '../../support/synth';
import { allowed, grants, resources } from '../../support/templates';

let dev: Templates;
beforeAll(() => {
  dev = synthesize({ stage: 'dev', viewsEngine: 'spark' });
}, 60_000);

const KEYSPACES = 'arn:{AWS::Partition}:cassandra:{AWS::Region}:{AWS::AccountId}:/keyspace';
const table = (name: string) => `${KEYSPACES}/pinterest_dev/table/${name}`;
const lake = (prefix: keyof typeof PREFIXES) => `{LakeBucket.Arn}/${PREFIXES[prefix]}*`;

/** Permissions of every function: connect to the network, write its log, send its traces. */
const own = (step: string) => [
  'ec2:AssignPrivateIpAddresses *',
  'ec2:CreateNetworkInterface *',
  'ec2:DeleteNetworkInterface *',
  'ec2:DescribeNetworkInterfaces *',
  'ec2:DescribeSubnets *',
  'ec2:UnassignPrivateIpAddresses *',
  `logs:CreateLogStream {Steps${step}Logs.Arn}`,
  `logs:PutLogEvents {Steps${step}Logs.Arn}`,
  'xray:PutTelemetryRecords *',
  'xray:PutTraceSegments *',
];
const produce = [
  'kafka-cluster:Connect {KafkaCluster}',
  'kafka-cluster:DescribeTopic {KafkaPosts.TopicArn}',
  'kafka-cluster:WriteData {KafkaPosts.TopicArn}',
  'kafka-cluster:WriteDataIdempotently {KafkaCluster}',
  'kafka:GetBootstrapBrokers {KafkaCluster}',
];
const consume = (group: string) => {
  const arn = expect.stringMatching(
    new RegExp(
      `^kafka-cluster:(Alter|Describe)Group arn:{AWS::Partition}:kafka:{AWS::Region}:{AWS::AccountId}:group/pinterestdevstorageKafka[0-9A-F]{8}/\\*/${group}$`,
    ),
  ) as string;
  return [
    'ec2:DescribeSecurityGroups *',
    'ec2:DescribeVpcs *',
    'kafka-cluster:Connect {KafkaCluster}',
    'kafka-cluster:DescribeClusterDynamicConfiguration {KafkaCluster}',
    'kafka-cluster:DescribeTopic {KafkaPosts.TopicArn}',
    'kafka-cluster:ReadData {KafkaPosts.TopicArn}',
    'kafka:DescribeClusterV2 {KafkaCluster}',
    'kafka:GetBootstrapBrokers {KafkaCluster}',
    arn,
    arn,
  ];
};
const store = [`cassandra:Select ${KEYSPACES}/system*`, 'ec2:DescribeVpcEndpoints *'];
const select = (name: string) => `cassandra:Select ${table(name)}`;
const modify = (name: string) => `cassandra:Modify ${table(name)}`;
const get = (...names: (keyof typeof PREFIXES)[]) => [
  's3:ListBucket {LakeBucket.Arn}',
  ...names.map((name) => `s3:GetObject ${lake(name)}`),
];
const put = (...names: (keyof typeof PREFIXES)[]) => names.map((name) => `s3:PutObject ${lake(name)}`);

const served = ['speed_log', 'speed_head', 'speed_runs', 'batch_views', 'batch_runs', 'boundary'];

describe('permissions: each function has these and no others', () => {
  test.each<[string, string[]]>([
    ['Ingest', produce],
    ['Archive', [...consume('pinterest-dev-archive'), ...put('raw', 'quarantine')]],
    [
      'Aggregate',
      [
        ...consume('pinterest-dev-aggregate'),
        ...store,
        ...['speed_log', 'speed_head', 'speed_runs', 'speed_posts'].flatMap((name) => [select(name), modify(name)]),
      ],
    ],
    ['Seal', [...produce, ...get('seals', 'published', 'plan'), ...put('seals', 'plan')]],
    [
      'Compact',
      [
        ...get('raw', 'dedupIndex', 'incompletePosts', 'seals', 'manifests', 'plan'),
        ...put('posts', 'dedupIndex', 'incompletePosts', 'manifests', 'plan'),
      ],
    ],
    [
      'Publish',
      [
        ...store,
        ...get('views', 'seals', 'plan'),
        ...put('published', 'plan'),
        ...['batch_views', 'batch_runs', 'unreferenced_runs'].flatMap((table) => [select(table), modify(table)]),
        select('boundary'),
        modify('boundary'),
      ],
    ],
    [
      'Reconcile',
      [...store, ...get('seals', 'plan'), ...put('drift', 'plan'), ...served.map(select), modify('boundary')],
    ],
    ['Query', [...store, ...served.map(select)]],
  ])('%s', (step, expected) => {
    const actual = allowed(dev.processing, `Steps${step}Role`, dev.all);
    expect(actual).toHaveLength(own(step).length + expected.length);
    expect(actual).toEqual(expect.arrayContaining([...own(step), ...expected]));
  });

  test('a function may list the prefixes that it may read, so that S3 reports a missing key as missing', () => {
    const [list] = grants(dev.processing, 'StepsSealRole', dev.all).filter(({ action }) => action === 's3:ListBucket');
    expect(list.condition).toEqual({
      StringLikeIfExists: { 's3:prefix': ['seals/*', 'published/*', 'plan/*', 'raw/*'] },
    });
  });

  test('no function has a policy managed by AWS', () => {
    for (const role of Object.values(resources(dev.processing, 'AWS::IAM::Role'))) {
      expect(role.Properties).not.toHaveProperty('ManagedPolicyArns');
    }
  });

  test('the Spark job reads posts and writes views', () => {
    expect(allowed(dev.processing, 'SparkJobRole', dev.all).filter((each) => each.startsWith('s3:'))).toEqual(
      [
        ...get('posts', 'manifests', 'jobs', 'views', 'plan'),
        ...put('views'),
        `s3:AbortMultipartUpload ${lake('views')}`,
      ].sort(),
    );
  });

  test('the upload of the job can write only the job, and can delete nothing', () => {
    const permissions = allowed(dev.processing, 'SparkJobFilesRole', dev.all).filter((each) =>
      each.includes('LakeBucket'),
    );
    expect(permissions).toEqual(['s3:ListBucket {LakeBucket.Arn}', 's3:PutObject {LakeBucket.Arn}/jobs/*']);
  });
});
