import { synthesize, type Templates } from '../../support/synth';
import { allowed, render, resource, resources } from '../../support/templates';

let lean: Templates;
let none: Templates;
beforeAll(() => {
  lean = synthesize({ stage: 'lean', viewsEngine: 'spark' });
  none = synthesize({ stage: 'lean', viewsEngine: 'spark', orchestrator: 'none' });
}, 120_000);

const workflow = (templates: Templates) => resource(templates.orchestration, 'AWS::MWAAServerless::Workflow');
const key = (templates: Templates) =>
  (workflow(templates).Properties.DefinitionS3Location as { ObjectKey: string }).ObjectKey;

describe('a workflow billed per run', () => {
  test('replaces the environment', () => {
    expect(Object.keys(resources(lean.orchestration, 'AWS::MWAA::Environment'))).toEqual([]);
    expect(workflow(lean).Properties).toMatchObject({ Name: 'pinterest-lean' });
    expect(Object.keys(lean.orchestration.findOutputs('*'))).toContain('WorkflowArn');
  });

  test('is read from a private, versioned bucket, once the file and the permissions exist', () => {
    expect(resource(lean.orchestration, 'AWS::S3::Bucket').Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: { RestrictPublicBuckets: true },
    });
    const { DefinitionS3Location } = workflow(lean).Properties as { DefinitionS3Location: { Bucket: unknown } };
    expect(render(DefinitionS3Location.Bucket, lean.all)).toBe('{WorkflowBucket}');
    expect(workflow(lean).DependsOn).toEqual(
      expect.arrayContaining(
        [/^WorkflowDefinitionFilesCustomResource/, /^WorkflowRoleDefaultPolicy/].map((each) =>
          expect.stringMatching(each),
        ),
      ),
    );
  });

  test('gets a new key, and is read again, whenever its definition changes, and only then', () => {
    expect(key(lean)).toMatch(/^workflows\/[0-9a-f]{16}\/pipeline\.yaml$/);
    expect(key(synthesize({ stage: 'lean', viewsEngine: 'spark', partitions: '6' }))).not.toBe(key(lean));
    expect(key(synthesize({ stage: 'lean', viewsEngine: 'spark', requestRate: '7', speedHorizonIntervals: '7' }))).toBe(
      key(lean),
    );
  });

  test('logs to a group that expires', () => {
    const { LoggingConfiguration } = workflow(lean).Properties as { LoggingConfiguration: { LogGroupName: unknown } };
    expect(render(LoggingConfiguration.LogGroupName, lean.all)).toBe('{WorkflowLogs}');
    expect(resource(lean.orchestration, 'AWS::Logs::LogGroup', 'WorkflowLogs').Properties.RetentionInDays).toBe(30);
  });

  test('may read its definition, write logs, invoke the four steps and run the Spark job', () => {
    expect(
      resource(lean.orchestration, 'AWS::IAM::Role', 'WorkflowRole').Properties.AssumeRolePolicyDocument,
    ).toMatchObject({ Statement: [{ Principal: { Service: 'airflow-serverless.amazonaws.com' } }] });
    expect(allowed(lean.orchestration, 'WorkflowRole', lean.all)).toEqual([
      'emr-serverless:CancelJobRun {SparkApplication.Arn}/jobruns/*',
      'emr-serverless:GetApplication {SparkApplication.Arn}',
      'emr-serverless:GetDashboardForJobRun {SparkApplication.Arn}/jobruns/*',
      'emr-serverless:GetJobRun {SparkApplication.Arn}/jobruns/*',
      'emr-serverless:StartApplication {SparkApplication.Arn}',
      'emr-serverless:StartJobRun {SparkApplication.Arn}',
      'iam:PassRole {SparkJobRole.Arn}',
      'lambda:InvokeFunction {StepsCompactFunction.Arn}',
      'lambda:InvokeFunction {StepsPublishFunction.Arn}',
      'lambda:InvokeFunction {StepsReconcileFunction.Arn}',
      'lambda:InvokeFunction {StepsSealFunction.Arn}',
      'logs:CreateLogStream {WorkflowLogs.Arn}',
      'logs:PutLogEvents {WorkflowLogs.Arn}',
      's3:GetObject {WorkflowBucket.Arn}/workflows/*',
      's3:GetObjectVersion {WorkflowBucket.Arn}/workflows/*',
    ]);
  });
});

describe('your own Airflow', () => {
  test('finds its configuration in an output, and has no stack', () => {
    expect(none.orchestration).toBeUndefined();
    const { DagConfig } = none.processing.findOutputs('DagConfig');
    const { tasks } = JSON.parse(render(DagConfig.Value, none.all)) as { tasks: { id: string }[] };
    expect(tasks.map(({ id }) => id)).toEqual([
      'seal',
      'compact_0',
      'compact_1',
      'compact_2',
      'commit',
      'spark',
      'publish',
      'reconcile',
    ]);
    expect(tasks).toContainEqual(expect.objectContaining({ function: '{StepsSealFunction}' }));
    expect(JSON.stringify(tasks)).toContain('s3://{LakeBucket}/plan/views.json');
  });
});
