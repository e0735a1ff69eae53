import { type Template } from '../../../../lib/templates';
import { type Stack } from '../../../../tools/assembly/cloud-assembly';
import { createResolver } from '../../../../tools/assembly/intrinsics';

const other: Stack = {
  name: 'Storage',
  template: {
    Resources: { Lake: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'lake' } } },
    Outputs: {
      LakeName: { Value: { Ref: 'Lake' } },
      LakeArn: { Value: { 'Fn::GetAtt': ['Lake', 'Arn'] }, Export: { Name: { 'Fn::Sub': '${AWS::StackName}-arn' } } },
    },
  },
};

function resolve(node: unknown, template: Template = {}, parameters: Record<string, string> = {}): unknown {
  const stack: Stack = { name: 'App', template };
  return createResolver([stack, other], parameters).resolve(stack, node, 'Here');
}

describe('references', () => {
  test.each([
    ['AWS::AccountId', '000000000000'],
    ['AWS::Region', 'us-east-1'],
    ['AWS::Partition', 'aws'],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ['AWS::StackName', 'App'],
  ])('Ref %s is %s', (name, value) => {
    expect(resolve({ Ref: name })).toBe(value);
  });

  test('Ref of AWS::NoValue removes the property or the element that holds it', () => {
    const node = { a: 1, b: { Ref: 'AWS::NoValue' }, c: [1, { Ref: 'AWS::NoValue' }, 2] };
    expect(resolve(node)).toEqual({ a: 1, c: [1, 2] });
    expect(resolve({ Ref: 'AWS::NoValue' })).toBeUndefined();
  });

  test('Ref of a parameter is the given value, else its default', () => {
    const template = { Parameters: { Size: { Type: 'Number', Default: 3 } } };
    expect(resolve({ Ref: 'Size' }, template)).toBe(3);
    expect(resolve({ Ref: 'Size' }, template, { Size: '5' })).toBe('5');
  });

  test('Ref of a parameter without a value is an error, from SSM above all', () => {
    expect(() => resolve({ Ref: 'P' }, { Parameters: { P: { Type: 'String' } } })).toThrow(
      "App/Here: needs parameter 'P', which has neither a default nor a local value",
    );
    const ssm = { Parameters: { P: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/path' } } };
    expect(() => resolve({ Ref: 'P' }, ssm)).toThrow("App/Here: needs parameter 'P' from SSM");
  });

  test('Ref of a resource is its explicit name', () => {
    const template = {
      Resources: { B: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { 'Fn::Sub': 'x-${AWS::Region}' } } } },
    };
    expect(resolve({ Ref: 'B' }, template)).toBe('x-us-east-1');
  });

  test('Ref of a resource without a name is derived from stack and logical id, equal each time', () => {
    const template = { Resources: { LakeB1: { Type: 'AWS::S3::Bucket' } } };
    const name = resolve({ Ref: 'LakeB1' }, template);
    expect(name).toMatch(/^app-lakeb1-[0-9a-f]{12}$/);
    expect(resolve({ Ref: 'LakeB1' }, template)).toBe(name);
  });

  test('generated names respect the longest length of the service', () => {
    const template = { Resources: { ['F'.repeat(200)]: { Type: 'AWS::Lambda::Function' } } };
    expect(String(resolve({ Ref: 'F'.repeat(200) }, template))).toHaveLength(64);
  });

  test('Ref of a missing target names place and target', () => {
    expect(() => resolve({ Ref: 'Gone' })).toThrow(
      "App/Here: refers to 'Gone', which is neither a resource nor a parameter",
    );
  });

  test('Ref of a type without a physical id is an error, not a guess', () => {
    const template = { Resources: { W: { Type: 'AWS::Budgets::Budget' } } };
    expect(() => resolve({ Ref: 'W' }, template)).toThrow(
      "App/Here: refers to 'W', but no physical id is known for AWS::Budgets::Budget",
    );
  });

  test('a value that depends on itself is an error', () => {
    const template = { Resources: { B: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { Ref: 'B' } } } } };
    expect(() => resolve({ Ref: 'B' }, template)).toThrow('circular reference: App/B.BucketName → App/B.BucketName');
  });
});

describe('attributes', () => {
  const resources = {
    F: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'f' } },
    R: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'r', Path: '/p/' } },
    L: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/l' } },
    C: { Type: 'AWS::MSK::Cluster', Properties: { ClusterName: 'c' } },
    T: { Type: 'AWS::MSK::Topic', Properties: { TopicName: 'posts', ClusterArn: { 'Fn::GetAtt': ['C', 'Arn'] } } },
    K: { Type: 'AWS::Cassandra::Table', Properties: { KeyspaceName: 'k', TableName: 't' } },
    A: { Type: 'AWS::ApiGatewayV2::Api' },
    N: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'n' } },
    P: { Type: 'AWS::APS::Workspace' },
    G: { Type: 'AWS::Grafana::Workspace' },
  };
  const template = { Resources: resources };

  test.each([
    ['F', 'Arn', 'arn:aws:lambda:us-east-1:000000000000:function:f'],
    ['R', 'Arn', 'arn:aws:iam::000000000000:role/p/r'],
    ['L', 'Arn', 'arn:aws:logs:us-east-1:000000000000:log-group:/l:*'],
    ['N', 'TopicArn', 'arn:aws:sns:us-east-1:000000000000:n'],
    ['N', 'TopicName', 'n'],
  ])('%s.%s is %s', (logicalId, attribute, value) => {
    expect(resolve({ 'Fn::GetAtt': [logicalId, attribute] }, template)).toBe(value);
    expect(resolve({ 'Fn::GetAtt': `${logicalId}.${attribute}` }, template)).toBe(value);
  });

  test('a topic of SNS and a workspace of Prometheus are referred to by ARN, one of Grafana by id', () => {
    const attribute = (logicalId: string, name: string) => resolve({ 'Fn::GetAtt': [logicalId, name] }, template);
    expect(resolve({ Ref: 'N' }, template)).toBe(attribute('N', 'TopicArn'));
    expect(resolve({ Ref: 'P' }, template)).toBe(attribute('P', 'Arn'));
    const prometheus = String(attribute('P', 'WorkspaceId'));
    expect(attribute('P', 'Arn')).toBe(`arn:aws:aps:us-east-1:000000000000:workspace/${prometheus}`);
    expect(attribute('P', 'PrometheusEndpoint')).toBe(
      `https://aps-workspaces.us-east-1.amazonaws.com/workspaces/${prometheus}/`,
    );
    const grafana = String(resolve({ Ref: 'G' }, template));
    expect(grafana).toMatch(/^g-[0-9a-f]{10}$/);
    expect(attribute('G', 'Id')).toBe(grafana);
    expect(attribute('G', 'Endpoint')).toBe(`${grafana}.grafana-workspace.us-east-1.amazonaws.com`);
  });

  test('the ARN of a topic contains the name of its cluster', () => {
    const cluster = String(resolve({ Ref: 'C' }, template));
    expect(cluster).toMatch(/^arn:aws:kafka:us-east-1:000000000000:cluster\/c\/[0-9a-f-]{36}-1$/);
    expect(resolve({ Ref: 'T' }, template)).toBe(`${cluster.replace('cluster/', 'topic/')}/posts`);
  });

  test('a table is keyspace|table, an API endpoint contains the id', () => {
    expect(resolve({ Ref: 'K' }, template)).toBe('k|t');
    const id = resolve({ Ref: 'A' }, template);
    expect(resolve({ 'Fn::GetAtt': ['A', 'ApiEndpoint'] }, template)).toBe(
      `https://${id}.execute-api.us-east-1.amazonaws.com`,
    );
  });

  test('an unknown attribute names logical id, attribute and type', () => {
    expect(() => resolve({ 'Fn::GetAtt': ['F', 'Arnn'] }, template)).toThrow(
      "App/Here: reads 'F.Arnn', but AWS::Lambda::Function has no attribute 'Arnn' known here",
    );
  });
});

describe('functions', () => {
  const resources = { Resources: { B: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'b' } } } };

  test('Fn::Sub replaces references, attributes and its own variables, and leaves ${!literals}', () => {
    const node = { 'Fn::Sub': ['${B} ${B.Arn} ${Own} ${!Kept} ${AWS::Region}', { Own: { Ref: 'AWS::Partition' } }] };
    expect(resolve(node, resources)).toBe('b arn:aws:s3:::b aws ${Kept} us-east-1');
  });

  test('Fn::Join joins, including numbers', () => {
    expect(resolve({ 'Fn::Join': ['-', ['a', 1, { Ref: 'AWS::Partition' }]] })).toBe('a-1-aws');
    expect(() => resolve({ 'Fn::Join': ['', ['a', { b: 1 }]] })).toThrow('App/Here: Fn::Join needs text, got {"b":1}');
  });

  test('Fn::Select and Fn::Split return a part', () => {
    expect(resolve({ 'Fn::Select': [1, { 'Fn::Split': ['|', 'k|t'] }] })).toBe('t');
    expect(() => resolve({ 'Fn::Select': ['2', ['a', 'b']] })).toThrow('App/Here: Fn::Select asks for element 2 of 2');
  });

  test('Fn::GetAZs are three of the one region', () => {
    expect(resolve({ 'Fn::GetAZs': '' })).toEqual(['us-east-1a', 'us-east-1b', 'us-east-1c']);
    expect(() => resolve({ 'Fn::GetAZs': 'eu-west-1' })).toThrow(
      "Fn::GetAZs: only us-east-1 is known, got 'eu-west-1'",
    );
  });

  test('Fn::Base64 encodes its argument', () => {
    expect(resolve({ 'Fn::Base64': { 'Fn::Sub': 'a=${AWS::Region}' } })).toBe(
      Buffer.from('a=us-east-1').toString('base64'),
    );
  });

  test('Fn::FindInMap looks up, and names what it does not find', () => {
    const template = { Mappings: { M: { 'us-east-1': { size: 4 } } } };
    expect(resolve({ 'Fn::FindInMap': ['M', { Ref: 'AWS::Region' }, 'size'] }, template)).toBe(4);
    expect(() => resolve({ 'Fn::FindInMap': ['M', 'x', 'size'] }, template)).toThrow('finds nothing at M / x / size');
  });

  test('Fn::If follows conditions, with And, Or, Not and Equals', () => {
    const template = {
      Conditions: {
        Local: { 'Fn::Equals': [{ Ref: 'AWS::AccountId' }, '000000000000'] },
        Not: { 'Fn::Not': [{ Condition: 'Local' }] },
        And: { 'Fn::And': [{ Condition: 'Local' }, { Condition: 'Not' }] },
        Or: { 'Fn::Or': [{ Condition: 'Local' }, { Condition: 'Not' }] },
      },
    };
    const value = (name: string) => resolve({ 'Fn::If': [name, 'yes', 'no'] }, template);
    expect(['Local', 'Not', 'And', 'Or'].map(value)).toEqual(['yes', 'no', 'no', 'yes']);
    expect(resolve({ a: { 'Fn::If': ['Not', 1, { Ref: 'AWS::NoValue' }] } }, template)).toEqual({});
    expect(() => value('Gone')).toThrow("App/Here: uses condition 'Gone', which the template does not define");
  });

  test('the other branch need not be resolvable', () => {
    const template = { Conditions: { Yes: { 'Fn::Equals': ['a', 'a'] } } };
    expect(resolve({ 'Fn::If': ['Yes', 1, { Ref: 'Gone' }] }, template)).toBe(1);
  });

  test('Fn::ImportValue reads what another stack exports', () => {
    expect(resolve({ 'Fn::ImportValue': 'Storage-arn' })).toBe('arn:aws:s3:::lake');
  });

  test.each([
    [{ 'Fn::ImportValue': 'nothing' }, "imports 'nothing', which no stack of the assembly exports"],
    [{ 'Fn::Transform': { Name: 'AWS::Include' } }, 'intrinsic function Fn::Transform is not known here'],
    ['{{resolve:ssm:/a}}', "dynamic reference '{{resolve:ssm:/a}}' has no local value"],
  ])('%j is rejected', (node, message) => {
    expect(() => resolve(node)).toThrow(message);
  });
});
