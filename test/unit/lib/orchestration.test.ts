import { batchFlow, dagTasks } from '../../../lib/constructs/batch-flow';
import { synthesize, type Templates } from '../../support/synth';
import { allowed, grants, render, resource, resources } from '../../support/templates';

let dev: Templates;
let prod: Templates;
beforeAll(() => {
  dev = synthesize({ stage: 'dev', viewsEngine: 'spark' });
  prod = synthesize({ stage: 'prod' });
}, 60_000);

const environment = (templates: Templates) => resource(templates.orchestration, 'AWS::MWAA::Environment');

describe('Airflow', () => {
  test('is the version that the DAG is tested with', () => {
    expect(environment(dev).Properties).toMatchObject({ Name: 'pinterest-dev', AirflowVersion: '3.2.1' });
  });

  test('has the smallest class in dev, and a second scheduler and web server in prod', () => {
    expect(environment(dev).Properties).toMatchObject({
      EnvironmentClass: 'mw1.micro',
      Schedulers: 1,
      MaxWorkers: 1,
      MaxWebservers: 1,
      WebserverAccessMode: 'PUBLIC_ONLY',
    });
    expect(environment(prod).Properties).toMatchObject({
      EnvironmentClass: 'mw1.small',
      Schedulers: 2,
      MinWebservers: 2,
      WebserverAccessMode: 'PRIVATE_ONLY',
    });
  });

  test('is in two subnets with NAT, also with three zones', () => {
    const network = environment(prod).Properties.NetworkConfiguration as Record<string, unknown[]>;
    expect(network.SubnetIds.map((each) => render(each, prod.all))).toEqual([
      '{NetworkVpcairflowSubnet1Subnet}',
      '{NetworkVpcairflowSubnet2Subnet}',
    ]);
    expect(network.SecurityGroupIds.map((each) => render(each, prod.all))).toEqual(['{NetworkAirflow.GroupId}']);
  });

  test('passes the DAG its configuration as one JSON text', () => {
    const options = environment(dev).Properties.AirflowConfigurationOptions as Record<string, unknown>;
    expect(Object.keys(options)).toEqual(['pipeline.config']);
    const { tasks, ...config } = JSON.parse(render(options['pipeline.config'], dev.all)) as { tasks: object[] };
    expect(config).toEqual({ intervalMinutes: 60, emrPollSeconds: 15, deferrable: true });
    expect(tasks.flatMap((task) => ('function' in task ? [task.function] : []))).toEqual([
      '{StepsSealFunction}',
      ...Array<string>(6).fill('{StepsCompactFunction}'),
      '{StepsCompactFunction}',
      '{StepsPublishFunction}',
      '{StepsReconcileFunction}',
    ]);
    expect(tasks).toContainEqual(
      expect.objectContaining({
        spark: expect.objectContaining({
          applicationId: '{SparkApplication.ApplicationId}',
          jobRoleArn: '{SparkJobRole.Arn}',
          entryPoint: 's3://{LakeBucket}/jobs/batch_views.py',
        }),
      }),
    );
  });

  test('reads a configuration that fits into an option, also with many partitions', () => {
    // The longest value of an option that CloudFormation takes.
    const tasks = dagTasks(batchFlow({ partitions: 200, viewsEngine: 'spark' }), {
      functions: { seal: 'x'.repeat(64), compact: 'x'.repeat(64), publish: 'x'.repeat(64), reconcile: 'x'.repeat(64) },
      spark: { applicationId: 'x'.repeat(64), jobRoleArn: 'x'.repeat(256), lake: 'x'.repeat(63) },
    });
    expect(JSON.stringify(tasks).length).toBeLessThan(65_536);
  });

  test('uses existing log groups, which expire, instead of creating groups that do not', () => {
    const names = Object.values(resources(dev.orchestration, 'AWS::Logs::LogGroup'))
      .map(({ Properties }) => Properties.LogGroupName)
      .filter((name) => name !== undefined);
    expect(names.sort()).toEqual(
      ['DAGProcessing', 'Scheduler', 'Task', 'WebServer', 'Worker'].map((module) => `airflow-pinterest-dev-${module}`),
    );
  });

  test('is created after everything that it checks: bucket, DAGs, permissions, log groups', () => {
    expect(environment(dev).DependsOn).toEqual(
      expect.arrayContaining(
        [
          /^AirflowBucket[0-9A-F]{8}$/,
          /^AirflowBucketPolicy/,
          /^AirflowDagsFilesCustomResource/,
          /^AirflowRole[0-9A-F]{8}$/,
          /^AirflowRoleDefaultPolicy/,
          /^AirflowTaskLogs/,
        ].map((each) => expect.stringMatching(each)),
      ),
    );
  });
});

describe('the DAGs', () => {
  test('are in a versioned bucket that blocks public access, as MWAA requires', () => {
    expect(resource(dev.orchestration, 'AWS::S3::Bucket').Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    });
    expect(Object.keys(dev.orchestration.findOutputs('DagBucket'))).toEqual(['DagBucket']);
  });

  test('are only those of this version', () => {
    expect(resource(dev.orchestration, 'Custom::CDKBucketDeployment').Properties).toMatchObject({
      DestinationBucketKeyPrefix: 'dags/',
      Prune: true,
    });
  });
});

describe("Airflow's permissions", () => {
  test('include the four steps of the batch layer', () => {
    expect(allowed(dev.orchestration, 'AirflowRole', dev.all).filter((each) => each.startsWith('lambda:'))).toEqual(
      ['Compact', 'Publish', 'Reconcile', 'Seal'].map((step) => `lambda:InvokeFunction {Steps${step}Function.Arn}`),
    );
  });

  test('include the Spark job, with its role and no other', () => {
    const permissions = grants(dev.orchestration, 'AirflowRole', dev.all);
    expect(
      permissions
        .filter(({ action }) => action.startsWith('emr-serverless:'))
        .map(({ action, resource: name }) => `${action} ${name}`)
        .sort(),
    ).toEqual([
      'emr-serverless:CancelJobRun {SparkApplication.Arn}/jobruns/*',
      'emr-serverless:GetApplication {SparkApplication.Arn}',
      'emr-serverless:GetDashboardForJobRun {SparkApplication.Arn}/jobruns/*',
      'emr-serverless:GetJobRun {SparkApplication.Arn}/jobruns/*',
      'emr-serverless:StartApplication {SparkApplication.Arn}',
      'emr-serverless:StartJobRun {SparkApplication.Arn}',
    ]);
    expect(permissions.filter(({ action }) => action === 'iam:PassRole')).toEqual([
      expect.objectContaining({
        resource: '{SparkJobRole.Arn}',
        condition: { StringEquals: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' } },
      }),
    ]);
  });

  test('do not include the lake, Kafka or the views, which only the steps need', () => {
    const permissions = allowed(dev.orchestration, 'AirflowRole', dev.all);
    expect(permissions.filter((each) => /LakeBucket|kafka|cassandra/.test(each))).toEqual([]);
  });
});
