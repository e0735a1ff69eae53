/** References between stacks. @see docs/adr/0030-references-are-exports.md */
import { STAGES } from '../../../lib/config';
import { locate, type Template } from '../../../lib/templates';
import { synthesized } from '../../support/synth';

type Override = Readonly<Record<string, unknown>>;

/** A stack, with the names that it exports and imports. */
const stacksOf = (overrides: Override) =>
  synthesized(overrides).stacks.map(({ name, template }) => {
    const outputs = Object.values(template.Outputs ?? {}).filter((output) => output.Export !== undefined);
    return {
      part: name.split('-').pop()!,
      template,
      exported: new Map(outputs.map((output) => [String(output.Export!.Name), output.Value])),
      imported: new Set(found(template, /"Fn::ImportValue":"([^"]+)"/g)),
    };
  });

const found = (template: Template, pattern: RegExp): string[] =>
  [...JSON.stringify(template).matchAll(pattern)].map(([, name]) => name);

const allExports = (overrides: Override) =>
  new Map(stacksOf(overrides).flatMap(({ exported }) => [...exported.entries()]));

test.each(STAGES)('in %s no stack looks up a value of another while it is deployed', (stage) => {
  for (const { part, template } of stacksOf({ stage })) {
    const lookUps = found(template, /"(Fn::GetStackOutput)"|(\{\{resolve:)/g);
    // The version of the bootstrap stack, which is not one of this app's.
    const parameters = Object.entries(template.Parameters ?? {}).filter(([, { Type }]) => Type.startsWith('AWS::SSM'));
    expect({ part, lookUps, parameters: parameters.map(([name]) => name) }).toEqual({
      part,
      lookUps: [],
      parameters: ['BootstrapVersion'],
    });
  }
});

/** Their names, ids and ARNs last as long as the resource, whatever else of it is updated: not so those of a layer's version. */
const LASTING = [
  'AWS::ApiGatewayV2::Api',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::Subnet',
  'AWS::EC2::VPC',
  'AWS::EMRServerless::Application',
  'AWS::IAM::Role',
  'AWS::KMS::Key',
  'AWS::Lambda::Function',
  'AWS::Logs::LogGroup',
  'AWS::MSK::Cluster',
  'AWS::MSK::Topic',
  'AWS::S3::Bucket',
];

test.each<Override>([{ stage: 'dev' }, { stage: 'lean' }, { stage: 'prod' }, { stage: 'prod', kms: 'customer' }])(
  'with %j an ordinary update changes no export',
  (overrides) => {
    const passing = stacksOf(overrides).flatMap(({ exported, template }) => {
      const types = new Map(locate([{ template }]).map(({ id, resource }) => [id, resource.Type]));
      return [...exported]
        .map(([name, value]) => ({ name, type: types.get(Object.values(value as Record<string, string>).flat()[0]) }))
        .filter(({ type }) => !LASTING.includes(String(type)));
    });
    expect(passing).toEqual([]);
  },
);

/** What gives up an export, and the number of them: a list that should not grow unseen. */
const GIVES_UP: readonly [Override, Override, number][] = [
  [{ stage: 'prod' }, { canaryMinutes: 0 }, 2],
  [{ stage: 'prod' }, { dashboards: 'overview', grafana: 'none' }, 2],
  [{ stage: 'prod' }, { prometheus: 'none' }, 1],
  [{ stage: 'prod' }, { orchestrator: 'mwaa-serverless', viewsEngine: 'spark' }, 3],
  [{ stage: 'prod' }, { viewsEngine: 'duckdb' }, 3],
];

test.each(GIVES_UP)(
  '%j with %j can be deployed consumers first, because they import nothing new',
  (was, keys, gone) => {
    const before = allExports(was);
    const changed = { ...was, ...keys };
    const after = allExports(changed);
    expect([...before.keys()].filter((name) => !after.has(name))).toHaveLength(gone);
    // What storage and processing import stays: they are deployed after the stacks that export it.
    const others = stacksOf(was).filter(({ part }) => part === 'storage' || part === 'processing');
    for (const { imported } of others) expect([...imported].filter((name) => !after.has(name))).toEqual([]);
    const consumers = stacksOf(changed).filter(({ part }) => part === 'orchestration' || part === 'observability');
    expect(consumers).toHaveLength(2);
    for (const { imported } of consumers) expect([...imported].filter((name) => !before.has(name))).toEqual([]);
  },
);
