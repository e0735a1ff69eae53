import { createResolver } from '../../../../../tools/assembly/intrinsics';
import { recordedCalls, templateNames } from '../../../../../tools/local/aws/recorder-actions';
import { type SeenCall } from '../../../../../tools/local/aws/recorder';

const stacks = [
  {
    name: 'app',
    template: {
      Resources: {
        LakeBucket0123ABCD: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'lake' } },
        StepsSealFunction0123ABCD: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'seal-fn' } },
        CanaryFunction0123ABCD: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'canary-fn' } },
        KafkaCluster: { Type: 'AWS::MSK::Cluster', Properties: { ClusterName: 'kafka' } },
        KafkaPosts: { Type: 'AWS::MSK::Topic', Properties: { ClusterArn: 'arn:x:cluster/k', TopicName: 'posts' } },
        Boundary: { Type: 'AWS::Cassandra::Table', Properties: { KeyspaceName: 'ks', TableName: 'boundary' } },
        Spark: { Type: 'AWS::EMRServerless::Application', Properties: {} },
        JobRole: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'job' } },
      },
    },
  },
];
const names = templateNames({ stacks });

const http = (method: string, path: string, more: object = {}) =>
  ({ caller: 'seal-fn', plane: 'http', service: 's3', method, path, status: 200, ...more }) as SeenCall;
const actionsOf = (call: SeenCall) =>
  recordedCalls([call], names).map(({ action, resource, context }) => [
    action,
    resource,
    ...(context ? [context] : []),
  ]);

test('a function is called by its step, or by its own name outside the steps', () => {
  const invoke = (caller: string): SeenCall => ({
    caller,
    plane: 'http',
    service: 'control',
    method: 'POST',
    path: '/2015-03-31/functions/seal-fn/invocations',
    status: 200,
  });
  expect(recordedCalls([invoke('canary-fn'), invoke('seal-fn')], names).map(({ caller }) => caller)).toEqual([
    'canary',
    'seal',
  ]);
});

describe('the action behind a call to S3', () => {
  test('has bucket and key as in the template, with zeros for digits', () => {
    expect(recordedCalls([http('PUT', '/lake/seals/interval%3D2026-11-22T21-00.json')], names)).toEqual([
      { caller: 'seal', action: 's3:PutObject', resource: '{LakeBucket.Arn}/seals/interval=0000-00-00T00-00.json' },
    ]);
  });

  test('includes ListBucket where a key is missing, because S3 returns 404 only with that permission', () => {
    expect(actionsOf(http('GET', '/lake/a', { status: 404 }))).toEqual([
      ['s3:GetObject', '{LakeBucket.Arn}/a'],
      ['s3:ListBucket', '{LakeBucket.Arn}'],
    ]);
  });

  test.each([
    ['GET', '/lake/a', ['s3:GetObject', '{LakeBucket.Arn}/a']],
    ['HEAD', '/lake/a', ['s3:GetObject', '{LakeBucket.Arn}/a']],
    ['HEAD', '/lake', ['s3:ListBucket', '{LakeBucket.Arn}']],
    ['GET', '/lake/?list-type=2&prefix=raw%2F', ['s3:ListBucket', '{LakeBucket.Arn}', { 's3:prefix': 'raw/' }]],
    ['POST', '/lake/a?uploads', ['s3:PutObject', '{LakeBucket.Arn}/a']],
    ['PUT', '/lake/a?uploadId=u&partNumber=1', ['s3:PutObject', '{LakeBucket.Arn}/a']],
    ['DELETE', '/lake/a?uploadId=u', ['s3:AbortMultipartUpload', '{LakeBucket.Arn}/a']],
    ['DELETE', '/lake/a', ['s3:DeleteObject', '{LakeBucket.Arn}/a']],
  ])('of %s %s', (method, path, expected) => {
    expect(actionsOf(http(method, path))).toEqual([expected]);
  });

  test('is one for each key of a bulk deletion', () => {
    const body = '<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>';
    expect(actionsOf(http('POST', '/lake/?delete', { body })).map(([, resource]) => resource)).toEqual([
      '{LakeBucket.Arn}/a',
      '{LakeBucket.Arn}/b',
    ]);
  });

  test('is an error if it is unknown or the bucket is not in a template', () => {
    expect(() => actionsOf(http('GET', '/lake/?versioning'))).toThrow(
      "no IAM action is known for S3's GET /lake/?versioning",
    );
    expect(() => actionsOf(http('GET', '/lake/a?acl'))).toThrow('no IAM action is known');
    expect(() => actionsOf(http('GET', '/other/a'))).toThrow("'other' is called, but is not in a template");
  });
});

describe('the action behind another call', () => {
  const resolver = createResolver(stacks);
  const application = resolver.ref(stacks[0], 'Spark');
  const executionRoleArn = resolver.attribute(stacks[0], 'JobRole', 'Arn');
  const cluster = encodeURIComponent(resolver.ref(stacks[0], 'KafkaCluster'));
  const control = (method: string, path: string, body?: string) =>
    actionsOf({ caller: 'airflow', plane: 'http', service: 'control', method, path, status: 200, body });

  test('that starts a job includes PassRole', () => {
    const body = JSON.stringify({ executionRoleArn });
    expect(control('POST', `/applications/${application}/jobruns`, body)).toEqual([
      ['emr-serverless:StartJobRun', '{Spark.Arn}'],
      ['iam:PassRole', '{JobRole.Arn}', { 'iam:PassedToService': 'emr-serverless.amazonaws.com' }],
    ]);
  });

  test.each([
    ['POST', '/2015-03-31/functions/seal-fn/invocations', 'lambda:InvokeFunction', '{StepsSealFunction.Arn}'],
    ['GET', `/v1/clusters/${cluster}/bootstrap-brokers`, 'kafka:GetBootstrapBrokers', '{KafkaCluster.Arn}'],
    ['GET', `/applications/${application}`, 'emr-serverless:GetApplication', '{Spark.Arn}'],
    ['POST', `/applications/${application}/start`, 'emr-serverless:StartApplication', '{Spark.Arn}'],
    ['GET', `/applications/${application}/jobruns/1`, 'emr-serverless:GetJobRun', '{Spark.Arn}/jobruns/0'],
    ['DELETE', `/applications/${application}/jobruns/1`, 'emr-serverless:CancelJobRun', '{Spark.Arn}/jobruns/0'],
  ])('of %s %s', (method, path, action, resource) => {
    expect(control(method, path)).toEqual([[action, resource]]);
  });

  test('that reads metrics is recognized by its header, and has no resource', () => {
    const target = 'GraniteServiceVersion20100801.GetMetricData';
    const call = {
      caller: 'seal-fn',
      plane: 'http',
      service: 'control',
      method: 'POST',
      path: '/',
      status: 200,
    } as const;
    expect(actionsOf({ ...call, target })).toEqual([['cloudwatch:GetMetricData', '*']]);
    expect(() => actionsOf(call)).toThrow('no IAM action is known');
  });

  test('is an error if it is unknown', () => {
    expect(() => control('POST', `/applications/${application}/stop`)).toThrow('no IAM action is known');
  });

  test('of Kafka follows from its protocol', () => {
    const kafka = (api: number) => actionsOf({ caller: 'seal-fn', plane: 'kafka', api });
    expect(kafka(36)).toEqual([['kafka-cluster:Connect', '{KafkaCluster.Arn}']]);
    expect(kafka(1)).toEqual([['kafka-cluster:ReadData', '{KafkaPosts.TopicArn}']]);
    expect(kafka(18)).toEqual([]);
    expect(() => kafka(20)).toThrow("no IAM action is known for Kafka's API 20");
  });

  test('of CQL is Select or Modify, or both under a condition', () => {
    const cql = (statement: string) => actionsOf({ caller: 'seal-fn', plane: 'cql', statement });
    expect(cql('SELECT x FROM "ks"."boundary" WHERE name = ?')).toEqual([['cassandra:Select', '{Boundary}']]);
    expect(cql('INSERT INTO "ks"."boundary" (name) VALUES (?)')).toEqual([['cassandra:Modify', '{Boundary}']]);
    expect(cql('UPDATE "ks"."boundary" SET drift = ? WHERE name = ? IF EXISTS').map(([action]) => action)).toEqual([
      'cassandra:Modify',
      'cassandra:Select',
    ]);
    expect(cql("SELECT * FROM system.local WHERE key='local'")).toEqual([
      ['cassandra:Select', 'keyspace/system/table/local'],
    ]);
    expect(() => cql('TRUNCATE posts')).toThrow("no table is known in the statement 'TRUNCATE posts'");
  });
});
