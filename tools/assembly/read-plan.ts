/** From templates to a plan: every resource is run, left out for a stated reason, or an error. */
import { type CloudAssembly, readCloudAssembly, type Stack, type TemplateResource } from './cloud-assembly';
import { type Found, type Resources } from './found';
import { IGNORED_TYPES } from './ignored-types';
import { createResolver, type Resolver } from './intrinsics';
import { type LocalPlan } from './local-plan';
import { READERS } from './readers';

export interface ReadOptions {
  /** Names of the stacks' outputs that the run needs. @default - IngestUrl and QueryUrl */
  readonly outputs?: readonly string[];
  /** Values of template parameters that have no default. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/**
 * Reads the cloud assembly in a folder.
 * @throws Error naming stack, logical id and property if something is missing, unknown, or not run locally
 */
export function readLocalPlan(directory: string, options: ReadOptions = {}): LocalPlan {
  return planOf(readCloudAssembly(directory), options);
}

/** All resources of an assembly, for what reads but a part of it. */
export const resourcesOf = (assembly: CloudAssembly): Resources =>
  byType(existing(assembly, createResolver(assembly.stacks)));

const byType = (resources: readonly Found[]): Resources => ({
  ofType: (type) => resources.filter(({ resource }) => resource.Type === type),
  custom: () =>
    resources.filter(({ resource: { Type } }) => /^(Custom::|AWS::CloudFormation::CustomResource$)/.test(Type)),
});

export function planOf(assembly: CloudAssembly, options: ReadOptions = {}): LocalPlan {
  const resolver = createResolver(assembly.stacks, options.parameters);
  const resources = existing(assembly, resolver);
  rejectUnknown(resources);
  const all = byType(resources);
  const plan = Object.fromEntries(
    Object.entries(READERS).map(([part, read]) => [part, read(all, assembly)]),
  ) as unknown as Omit<LocalPlan, 'outputs' | 'ignored'>;
  return {
    ...plan,
    outputs: outputs(assembly.stacks, resolver, options.outputs ?? ['IngestUrl', 'QueryUrl']),
    ignored: ignored(resources),
  };
}

function existing(assembly: CloudAssembly, resolver: Resolver): Found[] {
  return assembly.stacks.flatMap((stack) =>
    Object.entries(stack.template.Resources ?? {})
      .filter(([logicalId]) => resolver.exists(stack, logicalId))
      .map(([logicalId, resource]) => found(stack, logicalId, resource, resolver)),
  );
}

function found(stack: Stack, logicalId: string, resource: TemplateResource, resolver: Resolver): Found {
  return {
    logicalId,
    resource,
    path: `${stack.name}/${logicalId}`,
    ref: () => resolver.ref(stack, logicalId),
    attribute: (name) => resolver.attribute(stack, logicalId, name),
    property: (name) => resolver.resolve(stack, resource.Properties?.[name], logicalId),
  };
}

/** The types that a reader turns into a part of the plan, or looks at for another part. */
export const RUN_TYPES: ReadonlySet<string> = new Set([
  'AWS::S3::Bucket',
  'Custom::CDKBucketDeployment',
  'AWS::MSK::Cluster',
  'AWS::MSK::Topic',
  'AWS::Cassandra::Keyspace',
  'AWS::Cassandra::Table',
  'AWS::Lambda::Function',
  'AWS::Lambda::LayerVersion',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Events::Rule',
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Stage',
  'AWS::EMRServerless::Application',
  'AWS::MWAA::Environment',
  'AWS::IAM::Role',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
]);

function rejectUnknown(resources: readonly Found[]): void {
  const unknown = resources.filter(({ resource: { Type } }) => !RUN_TYPES.has(Type) && !(Type in IGNORED_TYPES));
  if (unknown.length > 0) {
    const list = unknown.map(({ path, resource }) => `${path} (${resource.Type})`).join(', ');
    throw new Error(`the local run neither knows nor deliberately leaves out: ${list}`);
  }
}

function ignored(resources: readonly Found[]): LocalPlan['ignored'] {
  const counts = new Map<string, number>();
  for (const { resource } of resources) {
    if (!RUN_TYPES.has(resource.Type)) counts.set(resource.Type, (counts.get(resource.Type) ?? 0) + 1);
  }
  return [...counts].sort().map(([type, count]) => ({ type, count, reason: IGNORED_TYPES[type] }));
}

function outputs(stacks: readonly Stack[], resolver: Resolver, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const owners = stacks.filter((stack) => stack.template.Outputs?.[name] !== undefined);
      if (owners.length !== 1) {
        throw new Error(`exactly one stack must have an output '${name}', ${owners.length} have`);
      }
      return [name, String(resolver.output(owners[0], name))];
    }),
  );
}
