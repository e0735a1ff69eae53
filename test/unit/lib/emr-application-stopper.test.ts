import { synthesize, type Templates } from '../../support/synth';
import { allowed, grants, render, resource, type Resource } from '../../support/templates';

let dev: Templates;
beforeAll(() => void (dev = synthesize({ stage: 'dev' })), 60_000);

const STOPPED = 'Custom::StoppedApplication';
const before = (templates: Templates) => resource(templates.processing, STOPPED, 'SparkStopperBeforeUpdate');
const after = () => resource(dev.processing, STOPPED, 'SparkStopperBeforeDeletion');
const dependencies = ({ DependsOn }: Resource) => [DependsOn ?? []].flat();

test('the application comes after what stops it before an update, which names it without a reference', () => {
  const application = resource(dev.processing, 'AWS::EMRServerless::Application');
  expect(dependencies(application)).toEqual([expect.stringMatching(/^SparkStopperBeforeUpdate/)]);
  const text = JSON.stringify(before(dev));
  expect(text).not.toMatch(/"(Ref|Fn::GetAtt)":\[?"SparkApplication/);
  const [id] = Object.keys(dev.processing.findResources('AWS::EMRServerless::Application'));
  expect(before(dev).Properties.LogicalId).toBe(id);
});

test('what stops it before its deletion comes after it, and after the right to do so', () => {
  expect(render(after().Properties.ApplicationId, dev.all)).toBe('{SparkApplication.ApplicationId}');
  expect(dependencies(after())).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^SparkStopperKnown/),
      expect.stringMatching(/^SparkStopperHandlerRoleDefaultPolicy/),
    ]),
  );
});

test('a replaced application keeps its policy until it is stopped: by what cannot be changed it is another one', () => {
  const known = resource(dev.processing, 'AWS::IAM::ManagedPolicy', 'SparkStopperKnown');
  expect(render(known.Properties.Description, dev.all)).toBe(
    'To stop Spark application {SparkApplication.ApplicationId}',
  );
  expect(JSON.stringify(known.Properties.PolicyDocument)).toContain('/jobruns/*');
});

/** Names as CloudFormation spells them, and every scalar as text, as custom resources get them. */
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

test('the former changes with everything that the application is made with', () => {
  const { Tags: tags, ...properties } = resource(dev.processing, 'AWS::EMRServerless::Application').Properties;
  expect(spelled(before(dev).Properties.Application)).toEqual(spelled(properties));
  expect(spelled(before(dev).Properties.Tags)).toEqual(spelled(tags));
});

test('the former acts where a setting or a reference of the application changes', () => {
  const made = (templates: Templates) =>
    before(templates).Properties.Application as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  const changed = made(synthesize({ stage: 'dev', sparkIdleMinutes: '7', availabilityZones: '3', brokers: '3' }));
  expect(changed.autoStopConfiguration).not.toEqual(made(dev).autoStopConfiguration);
  expect(changed.networkConfiguration.subnetIds).not.toEqual(made(dev).networkConfiguration.subnetIds);
});

test('the former does not act where the application stays as it is', () => {
  expect(before(synthesize({ stage: 'dev', partitions: '9', airflowClass: 'mw1.small' })).Properties).toEqual(
    before(dev).Properties,
  );
});

test('CloudFormation waits little longer than the function runs', () => {
  const { Timeout } = resource(dev.processing, 'AWS::Lambda::Function', 'SparkStopperHandler').Properties;
  for (const each of [before(dev), after()]) {
    const seconds = Number(each.Properties.ServiceTimeout);
    expect(seconds - Number(Timeout)).toBeGreaterThan(0);
    expect(seconds - Number(Timeout)).toBeLessThanOrEqual(60);
  }
});

test('the function is outside of the network, from which these services cannot be reached', () => {
  const { Properties } = resource(dev.processing, 'AWS::Lambda::Function', 'SparkStopperHandler');
  expect(Properties).not.toHaveProperty('VpcConfig');
});

test('it may look into its stack, stop what has the tags of this copy, and cancel jobs of the application', () => {
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
