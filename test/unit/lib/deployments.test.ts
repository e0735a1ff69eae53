/** Several deployments in one account and region, the effect of a change of a DAG's file, and a change that is rejected. */
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize, type Templates } from '../../support/synth';
import { ROOT } from '../../../tools/kit/root';

/** Properties with the physical name of a resource, which is unique in an account and region. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'AWS::ApiGatewayV2::Api': [],
  'AWS::Cassandra::Keyspace': ['KeyspaceName'],
  'AWS::EMRServerless::Application': ['Name'],
  'AWS::Glue::Database': ['DatabaseInput.Name'],
  'AWS::IAM::Role': ['RoleName'],
  'AWS::IAM::ManagedPolicy': ['ManagedPolicyName'],
  'AWS::KMS::Alias': ['AliasName'],
  'AWS::Lambda::Function': ['FunctionName'],
  'AWS::Lambda::LayerVersion': ['LayerName'],
  'AWS::Logs::LogGroup': ['LogGroupName'],
  'AWS::MSK::Cluster': ['ClusterName'],
  'AWS::MSK::Configuration': ['Name'],
  'AWS::MWAA::Environment': ['Name'],
  'AWS::MWAAServerless::Workflow': ['Name'],
  'AWS::S3::Bucket': ['BucketName'],
  'AWS::CloudWatch::Alarm': ['AlarmName'],
  'AWS::CloudWatch::Dashboard': ['DashboardName'],
  'AWS::SNS::Topic': ['TopicName'],
  'AWS::SQS::Queue': ['QueueName'],
  'AWS::Events::Rule': ['Name'],
  'AWS::SSM::Parameter': ['Name'],
  'AWS::EC2::SecurityGroup': ['GroupName'],
};

/** The fixed names of a deployment, as `type name`. */
function names({ all }: Templates): string[] {
  return all
    .flatMap((template) =>
      Object.values(
        (template.toJSON() as { Resources: Record<string, { Type: string; Properties?: object }> }).Resources,
      ),
    )
    .flatMap(({ Type, Properties = {} }) =>
      (NAMES[Type] ?? []).flatMap((path) => {
        const value = path
          .split('.')
          .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], Properties);
        return value === undefined ? [] : [`${Type} ${JSON.stringify(value)}`];
      }),
    );
}

let one: Templates;
let stages: readonly Templates[];
beforeAll(() => {
  one = synthesize({ stage: 'dev' });
  stages = [synthesize({ stage: 'dev', project: 'other' }), synthesize({ stage: 'lean' })];
}, 120_000);

test('deployments of other projects and other stages share no fixed name with this one', () => {
  expect(names(one).length).toBeGreaterThan(8);
  for (const other of stages) {
    const taken = new Set(names(other));
    expect(names(one).filter((name) => taken.has(name))).toEqual([]);
  }
});

test('each fixed name contains the project and the stage', () => {
  for (const name of names(one)) {
    expect(name.toLowerCase()).toMatch(/pinterest[-_]?dev/);
  }
});

describe('functions in the network can be deleted', () => {
  test('because the security groups of the network are in a separate stack, which is deleted last', () => {
    for (const stack of ['storage', 'processing', 'orchestration'] as const) {
      const groups = Object.keys(one[stack].findResources('AWS::EC2::SecurityGroup'));
      // The brokers' group.
      expect(groups.filter((id) => !id.startsWith('KafkaBrokers'))).toEqual([]);
    }
  });
});

describe('a change of a DAG', () => {
  const dags = join(ROOT, 'dags');
  let copy: string;
  beforeAll(() => void (copy = mkdtempSync(join(tmpdir(), 'dags-'))));
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  test('causes an upload, and no update of the environment', () => {
    cpSync(dags, copy, { recursive: true });
    appendFileSync(join(copy, 'pipeline.py'), '\n# changed\n');
    const before = one.orchestration.toJSON() as { Resources: Record<string, unknown> };
    const after = synthesize({ stage: 'dev' }, { dags: copy }).orchestration.toJSON() as typeof before;
    const changed = Object.keys(before.Resources).filter(
      (id) => JSON.stringify(before.Resources[id]) !== JSON.stringify(after.Resources[id]),
    );
    expect(Object.keys(after.Resources)).toEqual(Object.keys(before.Resources));
    // The upload, and its permission to read just that asset.
    expect(changed).toEqual([
      expect.stringMatching(/^AirflowDagsRoleDefaultPolicy/),
      expect.stringMatching(/^AirflowDagsFilesCustomResource/),
    ]);
  }, 60_000);
});

describe('another length of an interval', () => {
  interface Guarded {
    readonly Parameters: Readonly<Record<string, { readonly Default?: unknown }>>;
    readonly Rules: Readonly<Record<string, { readonly Assertions: readonly Assertion[] }>>;
  }
  interface Assertion {
    readonly Assert: { readonly 'Fn::Equals': readonly [{ readonly Ref: string }, string] };
    readonly AssertDescription: string;
  }

  /** What CloudFormation says. The CDK passes the value of before for a parameter that the stack has already. */
  function rejected(template: Guarded, before: Readonly<Record<string, string>>): string[] {
    const values: Record<string, unknown> = Object.fromEntries(
      Object.entries(template.Parameters).map(([name, { Default }]) => [name, before[name] ?? Default]),
    );
    return template.Rules.IntervalMinutesIsFixed.Assertions.filter(({ Assert }) => {
      const [{ Ref }, expected] = Assert['Fn::Equals'];
      return String(values[Ref]) !== expected;
    }).map(({ AssertDescription }) => AssertDescription);
  }

  test.each(['storage', 'processing'] as const)('is rejected before stack %s changes', (stack) => {
    const first = one[stack].toJSON() as Guarded;
    const later = synthesize({ stage: 'dev', intervalMinutes: 30 })[stack].toJSON() as Guarded;
    const stored = { IntervalMinutes: '60' };
    expect(rejected(first, {})).toEqual([]);
    expect(rejected(first, stored)).toEqual([]);
    expect(rejected(later, stored)).toEqual([
      'intervalMinutes is 30 here, but data of another length is stored: see docs/how-to/change-a-live-deployment.md',
    ]);
  });
});
