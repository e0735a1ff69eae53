import { LIMITS } from '../../../lambda/seal/handler';
import { synthesize, type Templates } from '../../support/synth';
import { environment, render, resource } from '../../support/templates';

let dev: Templates;
let local: Templates;
beforeAll(() => {
  dev = synthesize({ stage: 'dev' });
  local = synthesize({ stage: 'local', architecture: 'x86_64' });
}, 60_000);

const STEPS = ['Ingest', 'Archive', 'Aggregate', 'Seal', 'Compact', 'Publish', 'Reconcile', 'Query'] as const;

describe('variables: each function has these and no others', () => {
  const kafka = { POSTS_TOPIC: 'posts', KAFKA_CLUSTER_ARN: '{KafkaCluster}', KAFKA_AUTH: 'iam' };
  const topic = { POSTS_TOPIC: 'posts' };
  const bucket = { LAKE_BUCKET: '{LakeBucket}' };
  const keyspace = { KEYSPACE: 'pinterest_dev' };
  const minutes = { INTERVAL_MINUTES: '60' };
  const identity = { IDENTITY_HORIZON_HOURS: '168' };
  const ttl = { SPEED_TTL_HOURS: '72' };
  const speed = { SPEED_LOG_TABLE: 'speed_log', SPEED_HEAD_TABLE: 'speed_head', SPEED_RUNS_TABLE: 'speed_runs' };
  const posts = { SPEED_POSTS_TABLE: 'speed_posts', SPEED_HORIZON_INTERVALS: '6' };
  const batch = { BATCH_VIEWS_TABLE: 'batch_views', BATCH_RUNS_TABLE: 'batch_runs' };
  const unreferenced = { UNREFERENCED_RUNS_TABLE: 'unreferenced_runs' };
  const boundary = { BOUNDARY_TABLE: 'boundary' };

  test.each<[string, Record<string, string>]>([
    ['Ingest', kafka],
    ['Archive', { ...topic, ...bucket }],
    ['Aggregate', { ...keyspace, ...speed, ...posts, ...identity, ...minutes }],
    ['Seal', { ...kafka, ...bucket, ...minutes, ARCHIVE_WAIT_SECONDS: '210' }],
    ['Compact', { ...bucket, ...identity, ...minutes, VIEWS_ENGINE: 'duckdb' }],
    ['Publish', { ...topic, ...bucket, ...keyspace, ...batch, ...unreferenced, ...boundary, ...minutes }],
    ['Reconcile', { ...topic, ...bucket, ...keyspace, ...speed, ...batch, ...boundary, ...minutes, ...ttl }],
    ['Query', { ...topic, PARTITIONS: '6', ...keyspace, ...speed, ...batch, ...boundary, ...minutes, ...ttl }],
  ])('%s', (step, expected) => {
    expect(environment(dev.processing, `Steps${step}Function`, dev.all)).toEqual({
      METRIC_NAMESPACE: 'PinterestPipeline/pinterest-dev',
      METRICS: 'all',
      ...expected,
    });
  });

  test('the local run accepts unsigned tokens', () => {
    expect(environment(local.processing, 'StepsIngestFunction', local.all)).toMatchObject({
      METRIC_NAMESPACE: 'PinterestPipeline/pinterest-local',
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

  test.each(['Ingest', 'Query'])('%s times out before the API does', (step) => {
    expect(resource(dev.processing, 'AWS::Lambda::Function', `Steps${step}Function`).Properties.Timeout).toBe(29);
  });

  test('ingest has the configured concurrency', () => {
    expect(
      resource(dev.processing, 'AWS::Lambda::Function', 'StepsIngestFunction').Properties.ReservedConcurrentExecutions,
    ).toBe(10);
  });

  test('the local run uses the architecture of its host, also for DuckDB', () => {
    const { Properties } = resource(local.processing, 'AWS::Lambda::Function', 'StepsCompactFunction');
    expect(Properties.Architectures).toEqual(['x86_64']);
    expect(resource(local.processing, 'AWS::Lambda::LayerVersion', 'StepsDuckdb').Properties).toMatchObject({
      CompatibleArchitectures: ['x86_64'],
    });
  });

  test('seal waits for the archive longer than the window of archive, and responds before its own timeout', () => {
    const { processing } = synthesize({ stage: 'dev', archiveWindowSeconds: '300' });
    const window = resource(processing, 'AWS::Lambda::EventSourceMapping', 'StepsArchive').Properties;
    expect(window.MaximumBatchingWindowInSeconds).toBe(300);
    const { Timeout, Environment } = resource(processing, 'AWS::Lambda::Function', 'StepsSeal').Properties;
    const wait = Number((Environment as { Variables: Record<string, string> }).Variables.ARCHIVE_WAIT_SECONDS);
    expect(wait - 300).toBeGreaterThanOrEqual(120);
    // Before that, seal waits for the end of the interval.
    expect(wait + LIMITS.endMs / 1_000).toBeLessThan(0.9 * Number(Timeout));
  });

  test('only compact has DuckDB', () => {
    const withLayers = STEPS.filter(
      (step) => 'Layers' in resource(dev.processing, 'AWS::Lambda::Function', `Steps${step}Function`).Properties,
    );
    expect(withLayers).toEqual(['Compact']);
  });
});
