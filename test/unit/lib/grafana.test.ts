import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BOARDS, FOLDER_UID } from '../../../observability/grafana';
import { CONSTANTS } from '../../../observability/grafana/aws-metrics';
import { TABLES } from '../../../observability/grafana/boards/store';
import { type Content, type Deployed, wanted } from '../../../lambda/provision/grafana/core';
import { checkContactPoint, checkDataSource } from '../../../tools/rehearsal/grafana/payloads';
import { synthesize, type Templates } from '../../support/synth';
import { assemblyOf } from '../../support/synthesis/assembly';
import { allowed, render, resource, resources } from '../../support/templates';

let dev: Templates;
let prod: Templates;
beforeAll(() => {
  dev = synthesize({ stage: 'dev' });
  prod = synthesize({ stage: 'prod' });
}, 60_000);

const workspace = (templates: Templates) => resource(templates.observability, 'AWS::Grafana::Workspace');
const content = (templates: Templates) => resource(templates.observability, 'Custom::GrafanaContent');
const permissions = (role: string) => allowed(prod.observability, role, prod.all);
const deployed = (templates: Templates) =>
  JSON.parse(render(content(templates).Properties.Deployed, templates.all)) as Deployed;

describe('the workspace', () => {
  test('exists in prod, and in no other stage by default', () => {
    expect(Object.keys(resources(prod.observability, 'AWS::Grafana::Workspace'))).toHaveLength(1);
    for (const templates of [dev, synthesize({ stage: 'local' })]) {
      for (const type of ['AWS::Grafana::Workspace', 'Custom::GrafanaContent', 'AWS::Athena::WorkGroup']) {
        expect(resources(templates.observability, type)).toEqual({});
      }
    }
  }, 60_000);

  test('has a pinned version, customer-managed permissions, and sign-in by Identity Center', () => {
    expect(workspace(prod).Properties).toMatchObject({
      Name: 'pinterest-prod',
      Description: expect.any(String),
      AccountAccessType: 'CURRENT_ACCOUNT',
      PermissionType: 'CUSTOMER_MANAGED',
      RoleArn: expect.anything(),
      GrafanaVersion: '12.4',
      PluginAdminEnabled: true,
      DataSources: ['CLOUDWATCH', 'PROMETHEUS', 'ATHENA'],
      NotificationDestinations: ['SNS'],
      AuthenticationProviders: ['AWS_SSO'],
    });
    expect(render(workspace(prod).Properties.RoleArn, prod.all)).toBe('{GrafanaRole.Arn}');
  });

  test('has sign-in by a SAML provider where the config says so', () => {
    const saml = synthesize({
      stage: 'dev',
      grafana: 'managed',
      grafanaAuth: 'saml',
      grafanaSamlMetadata: 'https://idp.example/metadata',
    });
    expect(workspace(saml).Properties).toMatchObject({
      AuthenticationProviders: ['SAML'],
      SamlConfiguration: {
        IdpMetadata: { Url: 'https://idp.example/metadata' },
        RoleValues: { Admin: ['admin'], Editor: ['editor'] },
        LoginValidityDuration: 480,
      },
    });
  }, 60_000);

  test('has a role that only workspaces of this account can assume', () => {
    const role = resource(prod.observability, 'AWS::IAM::Role', 'GrafanaRole');
    expect(role.Properties.AssumeRolePolicyDocument).toMatchObject({
      Statement: [
        {
          Principal: { Service: 'grafana.amazonaws.com' },
          Condition: {
            StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
            StringLike: { 'aws:SourceArn': expect.anything() },
          },
        },
      ],
    });
  });

  test('may read the data of the boards and publish to the alarm topic, and nothing else', () => {
    const arn = (service: string, name: string) =>
      `arn:{AWS::Partition}:${service}:{AWS::Region}:{AWS::AccountId}:${name}`;
    const workgroup = arn('athena', 'workgroup/pinterest-prod-boards');
    expect(permissions('GrafanaRole')).toEqual(
      [
        ...['GetQueryExecution', 'GetQueryResults', 'GetWorkGroup', 'StartQueryExecution', 'StopQueryExecution'].map(
          (action) => `athena:${action} ${workgroup}`,
        ),
        ...['GetLabels', 'GetMetricMetadata', 'GetSeries', 'QueryMetrics'].map(
          (action) => `aps:${action} {PrometheusWorkspace.Arn}`,
        ),
        'cloudwatch:GetMetricData *',
        'cloudwatch:ListMetrics *',
        ...['catalog', 'database/pinterest_prod'].map((name) => `glue:GetDatabase ${arn('glue', name)}`),
        ...['catalog', 'database/pinterest_prod', 'table/pinterest_prod/posts'].map(
          (name) => `glue:GetTable ${arn('glue', name)}`,
        ),
        's3:AbortMultipartUpload {GrafanaLakeResults.Arn}/*',
        's3:GetObject {GrafanaLakeResults.Arn}/*',
        's3:PutObject {GrafanaLakeResults.Arn}/*',
        's3:GetBucketLocation {GrafanaLakeResults.Arn}',
        's3:ListBucket {GrafanaLakeResults.Arn}',
        's3:GetObject {LakeBucket.Arn}/posts/*',
        's3:ListBucket {LakeBucket.Arn}',
        'sns:Publish {AlarmsTopic}',
      ].sort(),
    );
  });
});

describe('the queries of the boards', () => {
  test('have a limit of bytes read, and their results are stored for a day', () => {
    expect(resource(prod.observability, 'AWS::Athena::WorkGroup').Properties).toMatchObject({
      Name: 'pinterest-prod-boards',
      WorkGroupConfiguration: {
        EnforceWorkGroupConfiguration: true,
        BytesScannedCutoffPerQuery: 21_474_836_480,
        ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: 'SSE_S3' } },
      },
    });
    expect(resource(prod.observability, 'AWS::S3::Bucket', 'GrafanaLakeResults').Properties).toMatchObject({
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 1, Status: 'Enabled' }] },
    });
  });

  test('name the tables of the store', () => {
    const names = Object.values(resources(prod.storage, 'AWS::Cassandra::Table')).map(
      ({ Properties }) => Properties.TableName,
    );
    expect(names.sort()).toEqual([...TABLES].sort());
  });
});

describe('the content', () => {
  test('is applied by a function that may create tokens of this workspace and read this asset', () => {
    const [assets, others] = [true, false].map((asset) =>
      permissions('GrafanaContentFunctionRole').filter((permission) => permission.startsWith('s3:') === asset),
    );
    expect(assets).toEqual([expect.stringMatching(/^s3:GetObject .*cdk-hnb659fds-assets-.*\/[0-9a-f]{64}\.json$/)]);
    const one = 'arn:{AWS::Partition}:grafana:{AWS::Region}:{AWS::AccountId}:/workspaces/{GrafanaWorkspace.Id}';
    expect(others).toEqual([
      `grafana:CreateWorkspaceServiceAccount ${one}`,
      `grafana:CreateWorkspaceServiceAccountToken ${one}`,
      `grafana:DeleteWorkspaceServiceAccount ${one}`,
      `grafana:DeleteWorkspaceServiceAccountToken ${one}`,
      `grafana:ListWorkspaceServiceAccounts ${one}`,
      'logs:CreateLogStream {GrafanaContentFunctionLogs.Arn}',
      'logs:PutLogEvents {GrafanaContentFunctionLogs.Arn}',
      'xray:PutTelemetryRecords *',
      'xray:PutTraceSegments *',
    ]);
  });

  test('is applied in no network, within ten minutes, with a log that expires', () => {
    const fn = resource(prod.observability, 'AWS::Lambda::Function', 'GrafanaContentFunction');
    expect(fn.Properties).toMatchObject({ Timeout: 600, Runtime: 'nodejs24.x' });
    expect(fn.Properties).not.toHaveProperty('VpcConfig');
    expect(resource(prod.observability, 'AWS::Logs::LogGroup', 'GrafanaContentFunctionLogs').Properties).toMatchObject({
      RetentionInDays: 90,
    });
    expect(content(prod).Properties).toMatchObject({ ServiceTimeout: '720', FolderUid: FOLDER_UID });
    expect(content(prod).DependsOn).toEqual(
      expect.arrayContaining([expect.stringMatching(/^GrafanaContentFunctionRoleDefaultPolicy/)]),
    );
  });

  test('is an asset named by its hash, with all boards and a value for each of their constants', () => {
    const directory = assemblyOf({ overrides: { stage: 'prod', runbookUrl: 'https://git.example/runbook.md' } });
    const [file] = readdirSync(directory).filter((name) => /^asset\.[0-9a-f]{64}\.json$/.test(name));
    const bundle = JSON.parse(readFileSync(join(directory, file), 'utf8')) as Content;
    expect(bundle.folder).toEqual({ uid: FOLDER_UID, title: 'Pinterest data pipeline (prod)' });
    expect(bundle.dashboards).toHaveLength(BOARDS.length);
    expect(JSON.stringify(bundle)).toContain('https://git.example/runbook.md#kafkaofflinepartitions');
    const boards = wanted(bundle, deployed(prod)).filter(({ kind }) => kind === 'dashboard');
    expect(boards).toHaveLength(BOARDS.length);
  }, 60_000);

  test('names the deployed resources', () => {
    const { constants, dataSources, contactPoints } = deployed(prod);
    expect(Object.keys(constants).sort()).toEqual(Object.keys(CONSTANTS).sort());
    expect(constants).toMatchObject({
      namespace: 'PinterestPipeline/pinterest-prod',
      ingestFunction: '{StepsIngestFunction}',
      sparkApplication: '{SparkApplication.ApplicationId}',
      airflow: 'pinterest-prod',
      keyspace: 'pinterest_prod',
      lake: '{LakeBucket}',
    });
    for (const source of dataSources) checkDataSource(source);
    expect(dataSources).toMatchObject([
      { uid: 'pipeline-cloudwatch', jsonData: { authType: 'ec2_iam_role' } },
      { uid: 'pipeline-athena', jsonData: { database: 'pinterest_prod', workgroup: 'pinterest-prod-boards' } },
      { uid: 'pipeline-amp', url: '{PrometheusWorkspace.PrometheusEndpoint}', jsonData: { sigV4Auth: true } },
    ]);
    expect(contactPoints).toMatchObject([{ uid: 'pipeline-alarms', settings: { topic_arn: '{AlarmsTopic}' } }]);
    for (const point of contactPoints) {
      checkContactPoint({ ...point, settings: { topic_arn: 'arn:x', sigv4: {} } });
    }
  });

  test('has no data source for Prometheus without a Prometheus workspace', () => {
    const without = synthesize({ stage: 'dev', grafana: 'managed' });
    expect(deployed(without).dataSources.map(({ uid }) => uid)).toEqual(['pipeline-cloudwatch', 'pipeline-athena']);
    expect(
      allowed(without.observability, 'GrafanaRole', without.all).filter((each) => each.startsWith('aps:')),
    ).toEqual([]);
  }, 60_000);
});
