import { LIMITS } from '../../lambda/seal/handler';
import { PREFIXES } from '../../lambda/shared/keys';
import { synthesize, type Templates } from '../support/synth';
import { allowed, environment, grants, render, resource, resources } from '../support/templates';

let dev: Templates;
let local: Templates;
let jwt: Templates;
beforeAll(() => {
  dev = synthesize({ stage: 'dev' });
  local = synthesize({ stage: 'local', architecture: 'x86_64' });
  jwt = synthesize({ auth: 'jwt', jwtIssuer: 'https://issuer.example', jwtAudience: 'pipeline' });
}, 60_000);

const STEPS = ['Ingest', 'Archive', 'Aggregate', 'Seal', 'Compact', 'Publish', 'Reconcile', 'Query'] as const;
type Step = (typeof STEPS)[number];

const KEYSPACES = 'arn:{AWS::Partition}:cassandra:{AWS::Region}:{AWS::AccountId}:/keyspace';
const table = (name: string) => `${KEYSPACES}/pinterest_dev/table/${name}`;
const lake = (prefix: keyof typeof PREFIXES) => `{LakeBucket.Arn}/${PREFIXES[prefix]}*`;

/** What every function may do: be in the network, write its log, send its traces. */
const own = (step: Step) => [
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

describe('rights: each function has these and no others', () => {
  test.each<[Step, string[]]>([
    ['Ingest', produce],
    ['Archive', [...consume('pinterest-dev-archive'), ...put('raw', 'quarantine')]],
    [
      'Aggregate',
      [
        ...consume('pinterest-dev-aggregate'),
        ...store,
        select('speed_views'),
        modify('speed_views'),
        select('speed_state'),
        modify('speed_state'),
      ],
    ],
    ['Seal', [...produce, ...get('seals', 'published'), ...put('seals')]],
    [
      'Compact',
      [...get('raw', 'seen', 'pending', 'seals', 'manifests'), ...put('posts', 'seen', 'pending', 'manifests')],
    ],
    [
      'Publish',
      [
        ...store,
        ...get('views', 'seals'),
        ...put('published'),
        select('batch_views'),
        modify('batch_views'),
        select('boundary'),
        modify('boundary'),
      ],
    ],
    [
      'Reconcile',
      [
        ...store,
        ...get('seals'),
        ...put('drift'),
        select('speed_views'),
        select('speed_state'),
        select('batch_views'),
        select('boundary'),
        modify('boundary'),
      ],
    ],
    ['Query', [...store, select('speed_views'), select('batch_views'), select('boundary')]],
  ])('%s', (step, expected) => {
    const actual = allowed(dev.processing, `Steps${step}Role`, dev.all);
    expect(actual).toHaveLength(own(step).length + expected.length);
    expect(actual).toEqual(expect.arrayContaining([...own(step), ...expected]));
  });

  test('keys are listed under the prefixes that may be read, and a missing key is found missing', () => {
    const [list] = grants(dev.processing, 'StepsSealRole', dev.all).filter(({ action }) => action === 's3:ListBucket');
    expect(list.condition).toEqual({ StringLikeIfExists: { 's3:prefix': ['seals/*', 'published/*', 'raw/*'] } });
  });

  test('no function takes rights from a policy of AWS', () => {
    for (const role of Object.values(resources(dev.processing, 'AWS::IAM::Role'))) {
      expect(role.Properties).not.toHaveProperty('ManagedPolicyArns');
    }
  });

  test('the Spark job reads posts and writes views', () => {
    expect(allowed(dev.processing, 'SparkJobRole', dev.all).filter((each) => each.startsWith('s3:'))).toEqual(
      [
        ...get('posts', 'manifests', 'jobs', 'views'),
        ...put('views'),
        `s3:AbortMultipartUpload ${lake('views')}`,
      ].sort(),
    );
  });

  test('the upload of the job can neither delete nor touch anything but the job', () => {
    const rights = allowed(dev.processing, 'SparkJobFilesRole', dev.all).filter((each) => each.includes('LakeBucket'));
    expect(rights).toEqual(['s3:ListBucket {LakeBucket.Arn}', 's3:PutObject {LakeBucket.Arn}/jobs/*']);
  });
});

describe('variables: each function has these and no others', () => {
  const kafka = { POSTS_TOPIC: 'posts', KAFKA_CLUSTER_ARN: '{KafkaCluster}', KAFKA_AUTH: 'iam' };
  const topic = { POSTS_TOPIC: 'posts' };
  const bucket = { LAKE_BUCKET: '{LakeBucket}' };
  const keyspace = { KEYSPACE: 'pinterest_dev' };
  const minutes = { BUCKET_MINUTES: '60' };
  const ttl = { SPEED_TTL_HOURS: '48' };
  const speed = { SPEED_VIEWS_TABLE: 'speed_views' };
  const state = { SPEED_STATE_TABLE: 'speed_state' };
  const batch = { BATCH_VIEWS_TABLE: 'batch_views' };
  const boundary = { BOUNDARY_TABLE: 'boundary' };

  test.each<[Step, Record<string, string>]>([
    ['Ingest', kafka],
    ['Archive', { ...topic, ...bucket }],
    ['Aggregate', { ...topic, ...keyspace, ...speed, ...state, ...minutes, ...ttl, RECENT_POSTS: '20000' }],
    ['Seal', { ...kafka, ...bucket, ...minutes, ARCHIVE_WAIT_SECONDS: '210' }],
    ['Compact', { ...topic, ...bucket, ...minutes, IDENTITY_HORIZON_HOURS: '168' }],
    ['Publish', { ...topic, ...bucket, ...keyspace, ...batch, ...boundary, ...minutes }],
    ['Reconcile', { ...topic, ...bucket, ...keyspace, ...speed, ...state, ...batch, ...boundary, ...minutes, ...ttl }],
    ['Query', { ...topic, ...keyspace, ...speed, ...batch, ...boundary, ...minutes, ...ttl }],
  ])('%s', (step, expected) => {
    expect(environment(dev.processing, `Steps${step}Function`, dev.all)).toEqual({
      STAGE: 'dev',
      METRIC_NAMESPACE: 'PinterestPipeline/pinterest-dev',
      METRICS: 'all',
      ...expected,
    });
  });

  test('the local run takes unsigned tokens', () => {
    expect(environment(local.processing, 'StepsIngestFunction', local.all)).toMatchObject({
      STAGE: 'local',
      KAFKA_AUTH: 'unsecured',
    });
  });
});

describe('functions', () => {
  test.each(STEPS)('%s runs on Node 24, in the network, traced, with JSON logs in its own group', (step) => {
    const { Properties } = resource(dev.processing, 'AWS::Lambda::Function', `Steps${step}Function`);
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: expect.stringMatching(new RegExp(`^Steps${step}Logs`)) } },
    });
    const network = Properties.VpcConfig as { SubnetIds: unknown[]; SecurityGroupIds: unknown[] };
    expect(network.SecurityGroupIds.map((each) => render(each, dev.all))).toEqual(['{NetworkFunctions.GroupId}']);
    expect(network.SubnetIds.map((each) => render(each, dev.all))).toEqual([
      '{NetworkVpcdataSubnet1Subnet}',
      '{NetworkVpcdataSubnet2Subnet}',
    ]);
    expect(Properties.Timeout).toBeLessThanOrEqual(14 * 60);
  });

  test.each(['Ingest', 'Query'])('%s gives up before the API does', (step) => {
    expect(resource(dev.processing, 'AWS::Lambda::Function', `Steps${step}Function`).Properties.Timeout).toBe(29);
  });

  test('ingest runs as often at once as the config says', () => {
    expect(
      resource(dev.processing, 'AWS::Lambda::Function', 'StepsIngestFunction').Properties.ReservedConcurrentExecutions,
    ).toBe(10);
  });

  test('the local run takes the architecture of its host, also for DuckDB', () => {
    const { Properties } = resource(local.processing, 'AWS::Lambda::Function', 'StepsCompactFunction');
    expect(Properties.Architectures).toEqual(['x86_64']);
    expect(resource(local.processing, 'AWS::Lambda::LayerVersion', 'StepsDuckdb').Properties).toMatchObject({
      CompatibleArchitectures: ['x86_64'],
    });
  });

  test('seal waits for the archive longer than that gathers records, and has an answer before its time is over', () => {
    const { processing } = synthesize({ stage: 'dev', archiveWindowSeconds: '300' });
    const window = resource(processing, 'AWS::Lambda::EventSourceMapping', 'StepsArchive').Properties;
    expect(window.MaximumBatchingWindowInSeconds).toBe(300);
    const { Timeout, Environment } = resource(processing, 'AWS::Lambda::Function', 'StepsSeal').Properties;
    const wait = Number((Environment as { Variables: Record<string, string> }).Variables.ARCHIVE_WAIT_SECONDS);
    expect(wait - 300).toBeGreaterThanOrEqual(120);
    // Before it, seal waits for the end of the bucket.
    expect(wait + LIMITS.endMs / 1_000).toBeLessThan(0.9 * Number(Timeout));
  });

  test('only compact has DuckDB', () => {
    const withLayers = STEPS.filter(
      (step) => 'Layers' in resource(dev.processing, 'AWS::Lambda::Function', `Steps${step}Function`).Properties,
    );
    expect(withLayers).toEqual(['Compact']);
  });
});

describe('event sources', () => {
  test.each([
    ['Archive', 'pinterest-dev-archive', 30],
    ['Aggregate', 'pinterest-dev-aggregate', 5],
  ])('%s reads the topic from its start, in order, and tries again until it works', (step, group, window) => {
    expect(resource(dev.processing, 'AWS::Lambda::EventSourceMapping', `Steps${step}Posts`)).toMatchObject({
      Properties: {
        Topics: ['posts'],
        StartingPosition: 'TRIM_HORIZON',
        AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: group },
        BatchSize: 5_000,
        MaximumBatchingWindowInSeconds: window,
        MaximumRetryAttempts: -1,
        MaximumRecordAgeInSeconds: -1,
        MetricsConfig: { Metrics: ['EventCount', 'ErrorCount', 'KafkaMetrics'] },
      },
      // Without the rights there, the source starts in an error state.
      DependsOn: expect.arrayContaining([expect.stringMatching(new RegExp(`^Steps${step}RoleDefaultPolicy`))]),
    });
  });

  test('both share one group of provisioned pollers, no more than there are partitions', () => {
    const pollers = Object.values(resources(dev.processing, 'AWS::Lambda::EventSourceMapping')).map(
      ({ Properties }) => Properties.ProvisionedPollerConfig as Record<string, unknown>,
    );
    expect(pollers).toHaveLength(2);
    expect(pollers[0]).toEqual({
      MinimumPollers: 1,
      MaximumPollers: 6,
      PollerGroupName: expect.stringMatching(/^pinterestdevstorageKafka/),
    });
    expect(pollers[1]).toEqual(pollers[0]);
  });
});

describe('HTTP APIs', () => {
  const routes = (templates: Templates) =>
    Object.values(resources(templates.processing, 'AWS::ApiGatewayV2::Route')).map(({ Properties }) => Properties);

  test('have these routes', () => {
    expect(
      routes(dev)
        .map(({ ApiId, RouteKey }) => `${render(ApiId, dev.all)} ${String(RouteKey)}`)
        .sort(),
    ).toEqual([
      '{IngestApi} POST /pin',
      '{IngestApi} POST /pin/',
      '{IngestApi} POST /posts',
      '{IngestApi} POST /topics/{topic}',
      '{IngestApi} PUT /streams/{stream}/record',
      '{QueryApi} GET /answers',
      '{QueryApi} GET /answers/{name}',
      '{QueryApi} GET /boundary',
      '{QueryApi} GET /health',
      '{QueryApi} GET /views',
      '{QueryApi} GET /views/{view}',
    ]);
  });

  test('each go to their own function, which nobody else may invoke', () => {
    const integrations = Object.values(resources(dev.processing, 'AWS::ApiGatewayV2::Integration')).map(
      ({ Properties }) => [
        render(Properties.ApiId, dev.all),
        render(Properties.IntegrationUri, dev.all),
        Properties.PayloadFormatVersion,
      ],
    );
    expect(integrations.sort()).toEqual([
      ['{IngestApi}', '{StepsIngestFunction.Arn}', '2.0'],
      ['{QueryApi}', '{StepsQueryFunction.Arn}', '2.0'],
    ]);
    const permissions = Object.values(resources(dev.processing, 'AWS::Lambda::Permission'));
    expect(permissions.map(({ Properties }) => render(Properties.FunctionName, dev.all)).sort()).toEqual([
      '{StepsIngestFunction.Arn}',
      '{StepsQueryFunction.Arn}',
    ]);
  });

  test('take IAM by default', () => {
    expect(new Set(routes(dev).map(({ AuthorizationType }) => AuthorizationType))).toEqual(new Set(['AWS_IAM']));
  });

  test('take a JWT of the configured issuer and audience', () => {
    expect(new Set(routes(jwt).map(({ AuthorizationType }) => AuthorizationType))).toEqual(new Set(['JWT']));
    const authorizers = Object.values(resources(jwt.processing, 'AWS::ApiGatewayV2::Authorizer'));
    expect(authorizers).toHaveLength(2);
    for (const { Properties } of authorizers) {
      expect(Properties.JwtConfiguration).toEqual({ Issuer: 'https://issuer.example', Audience: ['pipeline'] });
    }
  });

  test('are open where the config says so', () => {
    expect(new Set(routes(local).map(({ AuthorizationType }) => AuthorizationType))).toEqual(new Set(['NONE']));
  });

  test('throttle and log each request', () => {
    const stages = Object.values(resources(dev.processing, 'AWS::ApiGatewayV2::Stage'));
    expect(stages).toHaveLength(2);
    for (const { Properties } of stages) {
      expect(Properties).toMatchObject({
        StageName: '$default',
        AutoDeploy: true,
        DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200, DetailedMetricsEnabled: true },
        AccessLogSettings: { DestinationArn: expect.anything(), Format: expect.stringContaining('$context.status') },
      });
    }
  });

  test('have limits for each of their routes, and get them after the routes are there', () => {
    for (const [api, main, other, share] of [
      ['Ingest', 'POST /posts', 'POST /pin/', 0.5],
      ['Query', 'GET /views/{view}', 'GET /health', 0.1],
    ] as const) {
      const { Properties, DependsOn } = resource(dev.processing, 'AWS::ApiGatewayV2::Stage', `${api}Api`);
      const settings = Properties.RouteSettings as Record<string, { ThrottlingRateLimit: number }>;
      const made = Object.entries(dev.processing.findResources('AWS::ApiGatewayV2::Route')).filter(([id]) =>
        id.startsWith(`${api}Api`),
      );
      const key = ([, found]: (typeof made)[number]) => found.Properties.RouteKey as string;
      expect(Object.keys(settings).sort()).toEqual(made.map(key).sort());
      expect(DependsOn).toEqual(expect.arrayContaining(made.map(([id]) => id)));
      expect(settings[main]).toEqual({
        ThrottlingRateLimit: 100,
        ThrottlingBurstLimit: 200,
        DetailedMetricsEnabled: true,
      });
      expect(settings[other]).toMatchObject({
        ThrottlingRateLimit: 100 * share,
        ThrottlingBurstLimit: 200 * share,
      });
    }
  });

  test.each(['IngestUrl', 'QueryUrl'])('%s is shown', (name) => {
    expect(Object.keys(dev.processing.findOutputs(name))).toEqual([name]);
  });
});

describe('Spark', () => {
  test('is an EMR Serverless application that stops when idle and has a bound', () => {
    expect(resource(dev.processing, 'AWS::EMRServerless::Application').Properties).toMatchObject({
      Type: 'SPARK',
      ReleaseLabel: 'emr-7.13.0',
      Architecture: 'ARM64',
      AutoStopConfiguration: { Enabled: true, IdleTimeoutMinutes: 5 },
      MaximumCapacity: { Cpu: '16 vCPU', Memory: '64 GB', Disk: '160 GB' },
      MonitoringConfiguration: { CloudWatchLoggingConfiguration: { Enabled: true } },
    });
  });

  test('gives its role to this application only', () => {
    const { Properties } = resource(dev.processing, 'AWS::IAM::Role', 'SparkJobRole');
    expect(Properties.AssumeRolePolicyDocument).toMatchObject({
      Statement: [
        {
          Principal: { Service: 'emr-serverless.amazonaws.com' },
          Condition: {
            StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
            ArnLike: { 'aws:SourceArn': { 'Fn::GetAtt': [expect.stringMatching(/^SparkApplication/), 'Arn'] } },
          },
        },
      ],
    });
  });

  test('finds script and views in the lake, and files of the version before stay', () => {
    const upload = resource(dev.processing, 'Custom::CDKBucketDeployment');
    expect(upload.Properties).toMatchObject({ DestinationBucketKeyPrefix: 'jobs/', Prune: false });
    expect(render(upload.Properties.DestinationBucketName, dev.all)).toBe('{LakeBucket}');
    expect(upload.Properties.SourceObjectKeys).toHaveLength(2);
  });
});

describe('the status page', () => {
  const PAGE_ROUTES = ['GET /', 'GET /assets/{file}', 'GET /status'];
  let page: Templates;
  beforeAll(() => {
    page = synthesize({ stage: 'dev', page: true });
  }, 60_000);

  const routesOf = (templates: Templates) =>
    Object.values(resources(templates.processing, 'AWS::ApiGatewayV2::Route')).map(({ Properties }) => Properties);

  test('is three routes of the query API, behind what guards the others', () => {
    const added = routesOf(page).filter(({ RouteKey }) => PAGE_ROUTES.includes(String(RouteKey)));
    expect(added.map(({ ApiId, RouteKey }) => `${render(ApiId, page.all)} ${String(RouteKey)}`).sort()).toEqual(
      PAGE_ROUTES.map((route) => `{QueryApi} ${route}`),
    );
    expect(new Set(added.map(({ AuthorizationType }) => AuthorizationType))).toEqual(new Set(['AWS_IAM']));
  });

  test('brings one right, one way to use it, and the names of the functions whose lag it shows', () => {
    const rights = (templates: Templates) => allowed(templates.processing, 'StepsQueryRole', templates.all);
    expect(rights(page).filter((right) => !rights(dev).includes(right))).toEqual(['cloudwatch:GetMetricData *']);
    const services = Object.values(resources(page.network, 'AWS::EC2::VPCEndpoint')).map(({ Properties }) =>
      render(Properties.ServiceName, page.all),
    );
    expect(services).toContain('com.amazonaws.{AWS::Region}.monitoring');
    expect(environment(page.processing, 'StepsQueryFunction', page.all)).toEqual({
      ...environment(dev.processing, 'StepsQueryFunction', dev.all),
      PUBLISH_DELAY_MINUTES: '30',
      ARCHIVE_FUNCTION: '{StepsArchiveFunction}',
      AGGREGATE_FUNCTION: '{StepsAggregateFunction}',
    });
  });

  test('is off where the configuration does not say so, with all that it brings', () => {
    expect(routesOf(dev).filter(({ RouteKey }) => PAGE_ROUTES.includes(String(RouteKey)))).toEqual([]);
    dev.network.resourcePropertiesCountIs('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Interface' }, 3);
  });
});
