/** From templates to a plan: every resource is run, ignored for a stated reason, or an error. */
import { resourceType } from '../../lib/rules/resource-types';
import { locate, type Located } from '../../lib/templates';
import { type CloudAssembly, readCloudAssembly, type Stack } from './cloud-assembly';
import { type Found, type Resources } from './found';
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

/** All resources of an assembly, for a tool that reads only some of them. */
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
  rejectNotRun(resources);
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

const existing = ({ stacks }: CloudAssembly, resolver: Resolver): Found[] =>
  locate(stacks)
    .filter(({ stack, id }) => resolver.exists(stack, id))
    .map((located) => found(located, resolver));

function found({ stack, id, resource, properties }: Located<Stack>, resolver: Resolver): Found {
  return {
    logicalId: id,
    resource,
    path: `${stack.name}/${id}`,
    ref: () => resolver.ref(stack, id),
    attribute: (name) => resolver.attribute(stack, id, name),
    property: (name) => resolver.resolve(stack, properties[name], id),
  };
}

function rejectNotRun(resources: readonly Found[]): void {
  const unknown = resources.filter(({ resource: { Type } }) => resourceType(Type) === undefined);
  if (unknown.length > 0) {
    const list = unknown.map(({ path, resource }) => `${path} (${resource.Type})`).join(', ');
    throw new Error(`lib/rules/resource-types.ts must have the types of ${list}`);
  }
  for (const { path, resource } of resources) {
    const { local } = resourceType(resource.Type)!;
    if (typeof local === 'object' && 'rejected' in local) {
      throw new Error(`${path}: the local run does not implement ${resource.Type}: ${local.rejected}`);
    }
  }
}

function ignored(resources: readonly Found[]): LocalPlan['ignored'] {
  const counts = new Map<string, number>();
  for (const { resource } of resources) counts.set(resource.Type, (counts.get(resource.Type) ?? 0) + 1);
  return [...counts].sort().flatMap(([type, count]) => {
    const { local } = resourceType(type)!;
    return typeof local === 'object' && 'ignored' in local ? [{ type, count, reason: local.ignored }] : [];
  });
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
