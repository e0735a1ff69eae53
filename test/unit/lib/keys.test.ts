import { Aspects, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { loadConfig } from '../../../lib/config';
import { PipelineKey } from '../../../lib/constructs/pipeline-key';
import { synthesize, type Templates } from '../../support/synth';
import { grants, render, resource, resources } from '../../support/templates';

let services: Templates;
let own: Templates;
beforeAll(() => {
  services = synthesize({ stage: 'lean' });
  own = synthesize({ stage: 'lean', kms: 'customer', viewsEngine: 'spark' });
}, 60_000);

afterAll(() => CloudAssembly.cleanupTemporaryDirectories());

const KEY = '{Key.Arn}';
const properties = (type: string, prefix = '') => resource(own.storage, type, prefix).Properties;

test('by default there is no customer-managed key, and nobody has permissions on one', () => {
  for (const template of services.all) {
    expect(resources(template, 'AWS::KMS::Key')).toEqual({});
    expect(JSON.stringify(template.toJSON())).not.toContain('kms:ViaService":{"Fn::Join":["",["s3');
  }
});

test('the key is rotated, retained with the data, and its deletion can be cancelled for a month', () => {
  const { Properties, DeletionPolicy } = resource(own.network, 'AWS::KMS::Key');
  expect(Properties).toMatchObject({ EnableKeyRotation: true, PendingWindowInDays: 30 });
  expect(DeletionPolicy).toBe('Retain');
});

test('the key encrypts the lake, the volumes of the brokers and each table', () => {
  expect(properties('AWS::S3::Bucket', 'LakeBucket').BucketEncryption).toEqual({
    ServerSideEncryptionConfiguration: [
      {
        BucketKeyEnabled: true,
        ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: expect.anything() },
      },
    ],
  });
  const { EncryptionAtRest } = properties('AWS::MSK::Cluster').EncryptionInfo as Record<string, never>;
  expect(render((EncryptionAtRest as { DataVolumeKMSKeyId: unknown }).DataVolumeKMSKeyId, own.all)).toBe(KEY);
  const tables = Object.values(resources(own.storage, 'AWS::Cassandra::Table'));
  expect(tables).toHaveLength(8);
  for (const table of tables) {
    const { EncryptionType, KmsKeyIdentifier } = table.Properties.EncryptionSpecification as Record<string, unknown>;
    expect([EncryptionType, render(KmsKeyIdentifier, own.all)]).toEqual(['CUSTOMER_MANAGED_KMS_KEY', KEY]);
  }
});

test('the bucket of access logs has the key of S3, because S3 can use no other for them', () => {
  expect(JSON.stringify(properties('AWS::S3::Bucket', 'LakeAccessLogs').BucketEncryption)).toContain('AES256');
});

test('the key encrypts every log group of every stack, and the log service may use it for this account only', () => {
  const groups = own.all.flatMap((template) => Object.values(resources(template, 'AWS::Logs::LogGroup')));
  expect(groups.length).toBeGreaterThan(15);
  expect(groups.filter(({ Properties }) => render(Properties.KmsKeyId, own.all) !== KEY)).toEqual([]);
  const { Statement } = resource(own.network, 'AWS::KMS::Key').Properties.KeyPolicy as { Statement: object[] };
  expect(Statement).toContainEqual(
    expect.objectContaining({
      Principal: { Service: { 'Fn::Join': ['', ['logs.', { Ref: 'AWS::Region' }, '.amazonaws.com']] } },
      Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': expect.anything() } },
    }),
  );
});

test('the key encrypts alarm topics, wherever they are created', () => {
  const stack = new Stack();
  const key = new PipelineKey(stack, 'Key', { config: loadConfig({ stage: 'dev' }) });
  key.encrypt(stack);
  new Topic(stack, 'Alarms');
  expect(Aspects.of(stack).all).toHaveLength(1);
  const template = Template.fromStack(stack);
  expect(render(resource(template, 'AWS::SNS::Topic').Properties.KmsMasterKeyId, [template])).toBe(KEY);
});

describe('permissions on the key', () => {
  const uses = (role: string) =>
    grants(own.processing, role, own.all)
      .filter(({ action }) => action.startsWith('kms:'))
      .map(({ action, resource: name, condition }) => {
        const { 'kms:ViaService': via } = (condition as { StringEquals: Record<string, unknown> }).StringEquals;
        return `${action} ${name} by ${render(via, own.all)}`;
      })
      .sort();
  const by = (service: string) => `${KEY} by ${service}.{AWS::Region}.amazonaws.com`;

  test.each<[string, string[]]>([
    ['Steps/Archive', [`kms:Decrypt ${by('s3')}`, `kms:GenerateDataKey ${by('s3')}`]],
    ['Steps/Aggregate', [`kms:Decrypt ${by('cassandra')}`, `kms:GenerateDataKey ${by('cassandra')}`]],
    [
      'Steps/Publish',
      ['kms:Decrypt', 'kms:GenerateDataKey'].flatMap((action) => [
        `${action} ${by('cassandra')}`,
        `${action} ${by('s3')}`,
      ]),
    ],
    ['Steps/Query', [`kms:Decrypt ${by('cassandra')}`]],
    ['Spark/Job', [`kms:Decrypt ${by('s3')}`, `kms:GenerateDataKey ${by('s3')}`]],
    ['Spark/JobFiles/', [`kms:Decrypt ${by('s3')}`, `kms:GenerateDataKey ${by('s3')}`]],
    ['Steps/Ingest', []],
  ])('%s: through the services that it reads and writes', (role, expected) => {
    expect(uses(`${role.replaceAll('/', '')}Role`)).toEqual(expected);
  });
});
