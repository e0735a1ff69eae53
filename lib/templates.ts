/** CloudFormation templates as plain data: one reader for `lib/rules`, `tools/` and the tests. */
import { readFileSync } from 'node:fs';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Condition?: string;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Template {
  readonly Resources?: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >;
  readonly Parameters?: Readonly<Record<string, { readonly Type: string; readonly Default?: unknown }>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
}

/** A resource and the stack whose template defines it. */
export interface Located<S> {
  readonly stack: S;
  /** Logical id. */
  readonly id: string;
  readonly resource: TemplateResource;
  readonly properties: Readonly<Record<string, unknown>>;
}

export const readTemplate = (file: string): Template => JSON.parse(readFileSync(file, 'utf8')) as Template;

/** All resources of the stacks, in the order of their templates. */
export const locate = <S extends { readonly template: Template }>(stacks: readonly S[]): Located<S>[] =>
  stacks.flatMap((stack) =>
    Object.entries(stack.template.Resources ?? {}).map(([id, resource]) => ({
      stack,
      id,
      resource,
      properties: resource.Properties ?? {},
    })),
  );

/** Values of `DeletionPolicy` and `UpdateReplacePolicy` that retain a resource after deletion or replacement. */
export const RETAINING: readonly string[] = ['Retain', 'RetainExceptOnCreate'];

/** Whether the resource remains in the account after its stack is deleted. */
export const outlivesDeletion = ({ resource }: Located<unknown>): boolean =>
  RETAINING.includes(String(resource.DeletionPolicy));
