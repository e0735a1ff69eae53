import { type Template } from 'aws-cdk-lib/assertions';

/** A resource as the template has it. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** The resources of a type by logical id without the hash at its end. */
export function resources(template: Template, type: string): Record<string, Resource> {
  return Object.fromEntries(
    Object.entries(template.findResources(type)).map(([id, resource]) => [bare(id), resource as Resource]),
  );
}

/** The one resource of a type whose logical id starts with `prefix`. */
export function resource(template: Template, type: string, prefix = ''): Resource {
  const found = Object.entries(resources(template, type)).filter(([id]) => id.startsWith(prefix));
  if (found.length !== 1) {
    throw new Error(`expected one ${type} called ${prefix}…, found ${found.map(([id]) => id).join(', ') || 'none'}`);
  }
  return found[0][1];
}

/** Logical ids end in a hash of their path. */
const bare = (id: string) => id.replace(/[0-9A-F]{8}$/, '');

type Intrinsic = Readonly<Record<string, unknown>>;

/**
 * A value of a template as readable text: `{LakeBucket.Arn}/raw/*`. Exports of other stacks are followed to what they show.
 */
export function render(value: unknown, all: readonly Template[]): string {
  if (typeof value !== 'object' || value === null) {
    return String(value);
  }
  const [[name, argument]] = Object.entries(value as Intrinsic);
  switch (name) {
    case 'Ref':
      return `{${bare(argument as string)}}`;
    case 'Fn::GetAtt': {
      const [id, attribute] = argument as [string, string];
      return `{${bare(id)}.${attribute}}`;
    }
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => render(part, all)).join(separator);
    }
    case 'Fn::ImportValue': {
      const [, output] = (argument as string).split(':');
      const found = all.map((template) => template.toJSON().Outputs?.[output]).find((each) => each !== undefined);
      if (!found) {
        throw new Error(`no stack exports ${argument as string}`);
      }
      return render(found.Value, all);
    }
    default:
      return JSON.stringify(value);
  }
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Condition?: unknown;
}

export interface Grant {
  readonly action: string;
  readonly resource: string;
  readonly effect: string;
  readonly condition?: unknown;
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** Everything that the policies of a role say, one line an action and resource. */
export function grants(template: Template, role: string, all: readonly Template[]): Grant[] {
  const policies = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].map((type) => resources(template, type));
  return policies
    .flatMap((each) => Object.values(each))
    .filter((policy) => (policy.Properties.Roles as unknown[]).some((each) => render(each, all) === `{${role}}`))
    .flatMap((policy) => (policy.Properties.PolicyDocument as { Statement: Statement[] }).Statement)
    .flatMap((statement) =>
      list(statement.Action).flatMap((action) =>
        (statement.Resource === undefined
          ? list(statement.NotResource).map((each) => `all but ${render(each, all)}`)
          : list(statement.Resource).map((each) => render(each, all))
        ).map((name) => ({
          action: action as string,
          resource: name,
          effect: statement.Effect,
          condition: statement.Condition,
        })),
      ),
    );
}

/** What a role may do, as sorted `action resource` lines. */
export function allowed(template: Template, role: string, all: readonly Template[]): string[] {
  return grants(template, role, all)
    .filter(({ effect }) => effect === 'Allow')
    .map(({ action, resource: name }) => `${action} ${name}`)
    .sort();
}

/** The variables of a function, rendered. */
export function environment(template: Template, fn: string, all: readonly Template[]): Record<string, string> {
  const found = resource(template, 'AWS::Lambda::Function', fn).Properties as {
    Environment?: { Variables: Record<string, unknown> };
  };
  return Object.fromEntries(
    Object.entries(found.Environment?.Variables ?? {}).map(([name, value]) => [name, render(value, all)]),
  );
}
