import { type TemplateResource } from '../../../../lib/templates';
import { type CloudAssembly } from '../../../../tools/assembly/cloud-assembly';
import { findFunction } from '../../../../tools/assembly/local-plan';
import { planOf, type ReadOptions } from '../../../../tools/assembly/read-plan';
import { topicConfigs } from '../../../../tools/assembly/readers';

const code = { S3Bucket: 'assets', S3Key: 'code.zip' };

const FUNCTION = (name: string, properties: Record<string, unknown> = {}): TemplateResource => ({
  Type: 'AWS::Lambda::Function',
  Properties: { FunctionName: name, Code: code, Handler: 'index.handler', Runtime: 'nodejs24.x', ...properties },
});

const MAPPING = (properties: Record<string, unknown> = {}): TemplateResource => ({
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: {
    FunctionName: { Ref: 'Archive' },
    EventSourceArn: 'arn:cluster',
    Topics: ['posts'],
    StartingPosition: 'TRIM_HORIZON',
    ...properties,
  },
});

const API = (route: Record<string, unknown> = {}, integration: Record<string, unknown> = {}) => ({
  Archive: FUNCTION('archive'),
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'ingest', ProtocolType: 'HTTP' } },
  Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: { Ref: 'Api' }, StageName: '$default' } },
  Integration: {
    Type: 'AWS::ApiGatewayV2::Integration',
    Properties: {
      ApiId: { Ref: 'Api' },
      IntegrationType: 'AWS_PROXY',
      PayloadFormatVersion: '2.0',
      IntegrationUri: { 'Fn::GetAtt': ['Archive', 'Arn'] },
      ...integration,
    },
  },
  Route: {
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: {
      ApiId: { Ref: 'Api' },
      RouteKey: 'POST /posts',
      Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
      ...route,
    },
  },
});

function read(resources: Record<string, TemplateResource>, options: ReadOptions = { outputs: [] }) {
  const assembly: CloudAssembly = {
    directory: '/out',
    stacks: [
      {
        name: 'App',
        template: {
          Resources: resources,
          Outputs: { Url: { Value: 'https://x' } },
          Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
        },
      },
    ],
    assets: new Map([
      ['code.zip', { path: '/out/asset.code', packaging: 'zip' }],
      ['layer.zip', { path: '/out/asset.layer', packaging: 'zip' }],
      ['one.py', { path: '/out/one.py', packaging: 'file' }],
    ]),
  };
  return planOf(assembly, options);
}

test("a function has everything that its process needs, with Lambda's defaults", () => {
  const { functions } = read({
    Layer: { Type: 'AWS::Lambda::LayerVersion', Properties: { LayerName: 'duck', Content: { S3Key: 'layer.zip' } } },
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'lake' } },
    Archive: FUNCTION('archive', {
      Environment: { Variables: { LAKE: { Ref: 'Bucket' }, COUNT: 3 } },
      Layers: [{ Ref: 'Layer' }],
    }),
  });
  expect(functions).toEqual([
    {
      path: 'App/Archive',
      logicalId: 'Archive',
      name: 'archive',
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:archive',
      handler: 'index.handler',
      runtime: 'nodejs24.x',
      directory: '/out/asset.code',
      environment: { LAKE: 'lake', COUNT: '3' },
      memoryMb: 128,
      timeoutSeconds: 3,
      layers: ['/out/asset.layer'],
    },
  ]);
});

test('a function has its reserved concurrency, zero included', () => {
  const { functions } = read({
    Ingest: FUNCTION('ingest', { ReservedConcurrentExecutions: 10 }),
    Closed: FUNCTION('closed', { ReservedConcurrentExecutions: 0 }),
  });
  expect(functions.map(({ reservedConcurrency }) => reservedConcurrency)).toEqual([10, 0]);
});

test('functions behind custom resources are ignored, and so are the handlers of their providers', () => {
  const { functions } = read({
    Archive: FUNCTION('archive'),
    OnEvent: FUNCTION('on-event', { Runtime: 'python3.13' }),
    Provider: FUNCTION('provider', {
      Environment: { Variables: { USER_ON_EVENT_FUNCTION_ARN: { 'Fn::GetAtt': ['OnEvent', 'Arn'] } } },
    }),
    Custom: { Type: 'Custom::StoppedApplication', Properties: { ServiceToken: { 'Fn::GetAtt': ['Provider', 'Arn'] } } },
  });
  expect(functions.map(({ name }) => name)).toEqual(['archive']);
});

test("an event source has its limits, with Lambda's defaults", () => {
  const { eventSources } = read({ Archive: FUNCTION('archive'), Mapping: MAPPING() });
  expect(eventSources).toEqual([
    {
      path: 'App/Mapping',
      logicalId: 'Mapping',
      functionName: 'archive',
      clusterArn: 'arn:cluster',
      topics: ['posts'],
      consumerGroup: 'lambda-Mapping',
      enabled: true,
      startingPosition: 'TRIM_HORIZON',
      batchSize: 100,
      windowSeconds: 0.5,
    },
  ]);
});

test.each([
  [{ BisectBatchOnFunctionError: true }, 'does not implement BisectBatchOnFunctionError'],
  [{ FunctionResponseTypes: ['ReportBatchItemFailures'] }, 'does not implement FunctionResponseTypes'],
  [{ FilterCriteria: {} }, 'does not implement FilterCriteria'],
  [{ DestinationConfig: {} }, 'does not implement DestinationConfig'],
  [{ MaximumRetryAttempts: 3 }, 'never skips a batch, MaximumRetryAttempts must be -1'],
  [{ StartingPosition: 'AT_TIMESTAMP' }, "StartingPosition must be TRIM_HORIZON or LATEST, got 'AT_TIMESTAMP'"],
  [{ FunctionName: 'gone' }, "FunctionName 'gone' is not a function of the assembly"],
  [{ BatchSize: 'many' }, 'BatchSize must be a number, got "many"'],
])('an event source with %j is rejected', (properties, message) => {
  expect(() => read({ Archive: FUNCTION('archive'), Mapping: MAPPING(properties) })).toThrow(message);
});

test('an HTTP API has its routes and the functions behind them', () => {
  const { apis } = read(API({}, { TimeoutInMillis: 5000 }));
  expect(apis).toEqual([
    {
      path: 'App/Api',
      logicalId: 'Api',
      id: expect.stringMatching(/^[0-9a-f]{10}$/),
      name: 'ingest',
      routes: [{ routeKey: 'POST /posts', functionName: 'archive', timeoutMs: 5000, iam: false }],
    },
  ]);
  expect(read(API({ AuthorizationType: 'AWS_IAM' })).apis[0].routes[0].iam).toBe(true);
});

test('an HTTP API has the origins, methods and headers of its CORS', () => {
  const readCors = (CorsConfiguration: object) => {
    const api = API();
    return read({ ...api, Api: { ...api.Api, Properties: { ...api.Api.Properties, CorsConfiguration } } }).apis[0].cors;
  };
  expect(readCors({ AllowOrigins: ['*'], AllowMethods: ['GET'], MaxAge: 60 })).toEqual({
    origins: ['*'],
    methods: ['GET'],
    headers: [],
    exposed: [],
    maxAgeSeconds: 60,
  });
  expect(() => readCors({ AllowOrigins: ['*'], AllowCredentials: true })).toThrow(
    'App/Api: the local run does not implement CorsConfiguration AllowCredentials',
  );
});

test('a route has the throttle of its own settings, or of its stage', () => {
  const limits = (rate: number) => ({ ThrottlingRateLimit: rate, ThrottlingBurstLimit: 2 * rate });
  const throttleWith = (settings: Record<string, unknown>) => {
    const api = API();
    const stage = { ...api.Stage, Properties: { ...api.Stage.Properties, ...settings } };
    return read({ ...api, Stage: stage }).apis[0].routes[0].throttle;
  };
  const DefaultRouteSettings = limits(10);
  expect(throttleWith({ DefaultRouteSettings })).toEqual({ rate: 10, burst: 20 });
  expect(throttleWith({ DefaultRouteSettings, RouteSettings: { 'POST /posts': limits(3) } })).toEqual({
    rate: 3,
    burst: 6,
  });
  expect(throttleWith({ DefaultRouteSettings: { DetailedMetricsEnabled: true } })).toBeUndefined();
});

test.each([
  [
    'an authorizer',
    API({ AuthorizationType: 'JWT' }),
    "App/Route: the local run has no authorizer, AuthorizationType is 'JWT'",
  ],
  [
    'payload format 1.0',
    API({}, { PayloadFormatVersion: '1.0' }),
    'App/Integration: only AWS_PROXY with payload format 2.0 is run locally, got AWS_PROXY 1.0',
  ],
  [
    'a function that is not there',
    API({}, { IntegrationUri: 'arn:aws:lambda:us-east-1:1:function:gone' }),
    'is not a function of the assembly',
  ],
  [
    'a dangling target',
    API({ Target: 'integrations/gone' }),
    "App/Route: Target 'integrations/gone' is not an integration of the assembly",
  ],
])('a route with %s is rejected', (_, resources, message) => {
  expect(() => read(resources)).toThrow(message);
});

test('a bucket deployment has its folders and the values of its markers, as the handler writes them', () => {
  const { deployments } = read({
    Deploy: {
      Type: 'Custom::CDKBucketDeployment',
      Properties: {
        DestinationBucketName: 'dags',
        DestinationBucketKeyPrefix: 'dags/',
        SourceObjectKeys: ['code.zip', 'layer.zip'],
        SourceMarkers: [{ '<<1>>': { Ref: 'AWS::Region' } }, { '<<2>>': 'a"b' }],
        SourceMarkersConfig: [{}, { jsonEscape: 'true' }],
      },
    },
  });
  expect(deployments).toEqual([
    {
      path: 'App/Deploy',
      bucket: 'dags',
      prefix: 'dags',
      sources: [
        { directory: '/out/asset.code', markers: { '<<1>>': 'us-east-1' } },
        { directory: '/out/asset.layer', markers: { '<<2>>': 'a\\"b' } },
      ],
    },
  ]);
});

test('an asset that is not a folder, or does not exist, is rejected', () => {
  expect(() => read({ F: FUNCTION('f', { Code: { S3Key: 'one.py' } }) })).toThrow(
    "App/F: asset '/out/one.py' must be a folder",
  );
  expect(() => read({ F: FUNCTION('f', { Code: { S3Key: 'x.zip' } }) })).toThrow(
    "App/F: no asset of the assembly is uploaded as 'x.zip'",
  );
});

test('topic configs are the lines of a properties file', () => {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  expect(topicConfigs('T', encode('# c\nretention.ms=1\nmessage.timestamp.type = LogAppendTime\n'))).toEqual({
    'retention.ms': '1',
    'message.timestamp.type': 'LogAppendTime',
  });
  expect(() => topicConfigs('App/T', encode('{"a":1}'))).toThrow(
    `App/T: Configs must be lines of key=value, got '{"a":1}'`,
  );
});

test('tables have their properties, with both names filled in', () => {
  const { tables, keyspaces } = read({
    Space: { Type: 'AWS::Cassandra::Keyspace', Properties: { KeyspaceName: 'views' } },
    Table: {
      Type: 'AWS::Cassandra::Table',
      Properties: { KeyspaceName: { Ref: 'Space' }, PartitionKeyColumns: [{ ColumnName: 'id', ColumnType: 'text' }] },
    },
  });
  expect(keyspaces).toEqual([{ path: 'App/Space', name: 'views' }]);
  expect(tables[0]).toMatchObject({ keyspace: 'views', name: expect.stringMatching(/^app_table_[0-9a-f]{12}$/) });
  expect(tables[0].properties).toEqual({
    KeyspaceName: 'views',
    TableName: tables[0].name,
    PartitionKeyColumns: [{ ColumnName: 'id', ColumnType: 'text' }],
  });
});

test('job roles are those that EMR Serverless may assume', () => {
  const role = (name: string, service: string): TemplateResource => ({
    Type: 'AWS::IAM::Role',
    Properties: {
      RoleName: name,
      AssumeRolePolicyDocument: { Statement: [{ Principal: { Service: service }, Action: 'sts:AssumeRole' }] },
    },
  });
  const { jobRoles } = read({ A: role('job', 'emr-serverless.amazonaws.com'), B: role('fn', 'lambda.amazonaws.com') });
  expect(jobRoles).toEqual(['arn:aws:iam::000000000000:role/job']);
});

test('a type that the table of types lacks is an error that names the table and every such resource', () => {
  expect(() => read({ A: { Type: 'AWS::SNS::Nothing' }, B: { Type: 'Custom::New' } })).toThrow(
    'lib/rules/resource-types.ts must have the types of App/A (AWS::SNS::Nothing), App/B (Custom::New)',
  );
});

test('a type that the local run can neither run nor ignore is an error with the reason', () => {
  expect(() => read({ A: { Type: 'AWS::ApiGatewayV2::Authorizer' } })).toThrow(
    'App/A: the local run does not implement AWS::ApiGatewayV2::Authorizer: it serves open routes only',
  );
});

test('an ignored type is counted, with the reason', () => {
  const { ignored } = read({ A: { Type: 'AWS::EC2::Subnet' }, B: { Type: 'AWS::EC2::Subnet' } });
  expect(ignored).toEqual([
    { type: 'AWS::EC2::Subnet', count: 2, reason: 'everything runs on the loopback interface' },
  ]);
});

test('a resource whose condition is false does not exist', () => {
  const { buckets, ignored } = read({
    A: { Type: 'AWS::S3::Bucket', Condition: 'Never' },
    B: { Type: 'AWS::SNS::Nothing', Condition: 'Never' },
  });
  expect({ buckets, ignored }).toEqual({ buckets: [], ignored: [] });
});

test('an output that the run needs must exist exactly once', () => {
  expect(read({}, { outputs: ['Url'] }).outputs).toEqual({ Url: 'https://x' });
  expect(() => read({}, { outputs: ['IngestUrl'] })).toThrow(
    "exactly one stack must have an output 'IngestUrl', 0 have",
  );
});

test('a function is found by name, ARN, or a word of its logical id', () => {
  const { functions } = read({ StepsArchive1A: FUNCTION('archive-fn'), StepsQuery2B: FUNCTION('query-fn') });
  const named = (what: string) => findFunction(functions, what).name;
  expect([named('archive-fn'), named(functions[1].arn), named('archive')]).toEqual([
    'archive-fn',
    'query-fn',
    'archive-fn',
  ]);
  expect(() => named('steps')).toThrow(
    "'steps' must match exactly one function, it matches 2 of StepsArchive1A, StepsQuery2B",
  );
  expect(() => named('x')).toThrow('it matches 0 of');
});

describe('schedules', () => {
  const RULE = (properties: Record<string, unknown> = {}): Record<string, TemplateResource> => ({
    Canary: FUNCTION('canary'),
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        ScheduleExpression: 'rate(5 minutes)',
        State: 'ENABLED',
        Targets: [
          { Id: 'Target0', Arn: { 'Fn::GetAtt': ['Canary', 'Arn'] }, RetryPolicy: { MaximumRetryAttempts: 0 } },
        ],
        ...properties,
      },
    },
  });

  it('are rules with a rate and the function that they call', () => {
    expect(read(RULE()).schedules).toEqual([{ path: 'App/Rule', functionName: 'canary', everyMs: 300_000 }]);
    expect(read(RULE({ ScheduleExpression: 'rate(1 hour)' })).schedules[0].everyMs).toBe(3_600_000);
    expect(read(RULE({ State: 'DISABLED' })).schedules).toEqual([]);
  });

  it.each([
    [{ ScheduleExpression: 'cron(0 * * * ? *)' }, "must be like rate(5 minutes), got 'cron(0 * * * ? *)'"],
    [{ EventPattern: {} }, 'does not implement EventPattern'],
    [{ Targets: [{ Id: 'a', Arn: 'arn:queue' }] }, "target 'arn:queue' is not a function of the assembly"],
    [{ Targets: [{ Id: 'a', Arn: 'arn:queue', Input: '{}' }] }, 'does not implement Input'],
  ])('that are not run are rejected: %j', (properties, message) => {
    expect(() => read(RULE(properties))).toThrow(message);
  });
});
