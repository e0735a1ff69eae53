import { type PipelineConfig } from '../config';
import { locate, type Located as LocatedIn, type Template } from '../templates';

export interface StackTemplate {
  readonly path: string;
  readonly template: Template;
}

/** A resource and its stack. */
export type Located = LocatedIn<StackTemplate>;

/** A violation of a rule by a resource. */
export interface Finding {
  readonly at: Located;
  /** Path of the property, as `Properties.Timeout`. */
  readonly location: string;
  /** One sentence that names the value and what is allowed. */
  readonly message: string;
}

/** A rule of this project, checked on the templates of all stacks. */
export interface Rule {
  readonly name: string;
  readonly check: (app: AppTemplates, config: PipelineConfig) => Finding[];
}

/** What is wrong: the path of a property, or an attribute of the resource; one sentence; and where, if not at the resource itself. */
export type Problem = readonly [where: string, message: string, at?: Located];

const ATTRIBUTES = ['DeletionPolicy', 'DependsOn', 'UpdateReplacePolicy'];

/** A rule about each resource of some types. */
export const ruleOn = (
  name: string,
  types: string | readonly string[],
  problems: (at: Located, app: AppTemplates, config: PipelineConfig) => readonly Problem[],
): Rule => ({
  name,
  check: (app, config) =>
    app.resources(...[types].flat()).flatMap((at) =>
      problems(at, app, config).map(([where, message, other = at]) => ({
        ...{ at: other, message },
        location: ATTRIBUTES.includes(where) ? where : `Properties.${where}`,
      })),
    ),
});

/** The problem, where a condition is true. */
export const when = (condition: boolean, ...problem: Problem): readonly Problem[] => (condition ? [problem] : []);

/** The templates of all stacks, and the references between them. */
export class AppTemplates {
  private readonly all: readonly Located[];

  constructor(private readonly stacks: readonly StackTemplate[]) {
    this.all = locate(stacks);
  }

  /** The resources of these types, or of all. */
  public resources(...types: readonly string[]): readonly Located[] {
    return types.length === 0 ? this.all : this.all.filter(({ resource }) => types.includes(resource.Type));
  }

  /** The stack that exports this name, and the value. */
  public exported(name: string): { stack: StackTemplate; value: unknown } | undefined {
    return this.stacks
      .flatMap((stack) => Object.values(stack.template.Outputs ?? {}).map((output) => ({ stack, output })))
      .filter(({ output }) => output.Export?.Name === name)
      .map(({ stack, output }) => ({ stack, value: output.Value }))[0];
  }

  /** The resource that a value refers to, in this stack or by the export of another. */
  public target(value: unknown, from: StackTemplate): Located | undefined {
    const [name, argument] = intrinsic(value);
    if (name === 'Ref' || name === 'Fn::GetAtt') {
      const id = String(Array.isArray(argument) ? argument[0] : argument);
      return this.all.find((each) => each.stack === from && each.id === id);
    }
    const found = name === 'Fn::ImportValue' ? this.exported(String(argument)) : undefined;
    return found && this.target(found.value, found.stack);
  }

  /** Whether a value contains a reference to the resource, as the ARN of an object contains that of its bucket. */
  public mentions(value: unknown, from: StackTemplate, resource: Located): boolean {
    if (typeof value !== 'object' || value === null) return false;
    return (
      this.target(value, from) === resource || Object.values(value).some((part) => this.mentions(part, from, resource))
    );
  }
}

/** Name and argument of an intrinsic function; none of a plain value. */
function intrinsic(value: unknown): [string?, unknown?] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (Object.entries(value)[0] ?? []) : [];
}

/** A property by its path, or undefined. */
export function property(from: Located, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], from.properties);
}

export function listOf(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
