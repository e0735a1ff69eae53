import { synthesize, type Templates } from '../../support/synth';
import { allowed, grants, render, resource, type Resource } from '../../support/templates';

let dev: Templates;
beforeAll(() => void (dev = synthesize({ stage: 'dev', viewsEngine: 'spark' })), 60_000);

const STOPPED = 'Custom::StoppedApplication';
const before = (templates: Templates) => resource(templates.processing, STOPPED, 'SparkStopperBeforeUpdate');
const after = () => resource(dev.processing, STOPPED, 'SparkStopperBeforeDeletion');
const dependencies = ({ DependsOn }: Resource) => [DependsOn ?? []].flat();

test('the application depends on the resource that stops it before updates, which names it without a reference', () => {
  const application = resource(dev.processing, 'AWS::EMRServerless::Application');
  expect(dependencies(application)).toEqual([expect.stringMatching(/^SparkStopperBeforeUpdate/)]);
  const text = JSON.stringify(before(dev));
  expect(text).not.toMatch(/"(Ref|Fn::GetAtt)":\[?"SparkApplication/);
  const [id] = Object.keys(dev.processing.findResources('AWS::EMRServerless::Application'));
  expect(before(dev).Properties.LogicalId).toBe(id);
});

test('the resource that stops it before deletion depends on it and on the permissions', () => {
  expect(render(after().Properties.ApplicationId, dev.all)).toBe('{SparkApplication.ApplicationId}');
  expect(dependencies(after())).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^SparkStopperKnown/),
      expect.stringMatching(/^SparkStopperHandlerRoleDefaultPolicy/),
    ]),
  );
});

test('a replaced application retains its policy until it is stopped, because the description that names it cannot be changed', () => {
  const known = resource(dev.processing, 'AWS::IAM::ManagedPolicy', 'SparkStopperKnown');
  expect(render(known.Properties.Description, dev.all)).toBe(
    'To stop Spark application {SparkApplication.ApplicationId}',
  );
  expect(JSON.stringify(known.Properties.PolicyDocument)).toContain('/jobruns/*');
});

/** Names in CloudFormation's spelling, and every scalar as text, as custom resources receive them. */
function spelled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(spelled);
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key.startsWith('spark.') || key === 'Ref' || key.includes('::') ? key : key[0].toUpperCase() + key.slice(1),
      spelled(each),
    ]),
  );
}

test('the resource for updates has all properties of the application', () => {
  const { Tags: tags, ...properties } = resource(dev.processing, 'AWS::EMRServerless::Application').Properties;
  expect(spelled(before(dev).Properties.Application)).toEqual(spelled(properties));
  expect(spelled(before(dev).Properties.Tags)).toEqual(spelled(tags));
});

test('the resource for updates acts when a setting or a reference of the application changes', () => {
  const made = (templates: Templates) =>
    before(templates).Properties.Application as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  const changed = made(
    synthesize({ stage: 'dev', viewsEngine: 'spark', sparkIdleMinutes: '7', availabilityZones: '3', brokers: '3' }),
  );
  expect(changed.autoStopConfiguration).not.toEqual(made(dev).autoStopConfiguration);
  expect(changed.networkConfiguration.subnetIds).not.toEqual(made(dev).networkConfiguration.subnetIds);
});

test('the resource for updates does not act when the application does not change', () => {
  expect(
    before(synthesize({ stage: 'dev', viewsEngine: 'spark', partitions: '9', airflowClass: 'mw1.small' })).Properties,
  ).toEqual(before(dev).Properties);
});

test('CloudFormation waits at most a minute longer than the timeout of the function', () => {
  const { Timeout } = resource(dev.processing, 'AWS::Lambda::Function', 'SparkStopperHandler').Properties;
  for (const each of [before(dev), after()]) {
    const seconds = Number(each.Properties.ServiceTimeout);
    expect(seconds - Number(Timeout)).toBeGreaterThan(0);
    expect(seconds - Number(Timeout)).toBeLessThanOrEqual(60);
  }
});

test('the function is outside the network, from which these services cannot be reached', () => {
  const { Properties } = resource(dev.processing, 'AWS::Lambda::Function', 'SparkStopperHandler');
  expect(Properties).not.toHaveProperty('VpcConfig');
});

test('the function may describe its stack, stop applications with the tags of this deployment, and cancel jobs of its application', () => {
  const any = 'arn:{AWS::Partition}:emr-serverless:{AWS::Region}:{AWS::AccountId}:/applications/*';
  expect(
    allowed(dev.processing, 'SparkStopperHandlerRole', dev.all).filter((each) => !/^(logs|xray):/.test(each)),
  ).toEqual([
    'cloudformation:DescribeStackResource {AWS::StackId}',
    'emr-serverless:CancelJobRun {SparkApplication.Arn}/jobruns/*',
    `emr-serverless:GetApplication ${any}`,
    'emr-serverless:GetApplication {SparkApplication.Arn}',
    `emr-serverless:ListJobRuns ${any}`,
    'emr-serverless:ListJobRuns {SparkApplication.Arn}',
    `emr-serverless:StopApplication ${any}`,
    'emr-serverless:StopApplication {SparkApplication.Arn}',
  ]);
  const wild = grants(dev.processing, 'SparkStopperHandlerRole', dev.all).filter((each) => each.resource === any);
  for (const { condition } of wild) {
    expect(condition).toEqual({
      StringEquals: { 'aws:ResourceTag/project': 'pinterest', 'aws:ResourceTag/stage': 'dev' },
    });
  }
  expect(resource(dev.processing, 'AWS::EMRServerless::Application').Properties.Tags).toEqual([
    { Key: 'project', Value: 'pinterest' },
    { Key: 'stage', Value: 'dev' },
  ]);
});
