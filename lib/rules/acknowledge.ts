import { Stack, Validations } from 'aws-cdk-lib';
import { type IConstruct } from 'constructs';

/** Acknowledges findings of these rules on a construct and everything in it, with the reason. */
export function acknowledge(scope: IConstruct, reason: string, ...rules: readonly string[]): void {
  Validations.of(scope).acknowledge(...rules.map((id) => ({ id, reason })));
}

/**
 * Acknowledges, with the reason, that a role uses exactly these resources whose names have a wildcard: cdk-nag
 * (`AwsSolutions-IAM5`) still finds any other wildcard of the role.
 *
 * @param resources as in the statement that grants them
 */
export function acknowledgeResources(role: IConstruct, reason: string, resources: readonly string[]): void {
  const wild = resources.map((each) => flatten(Stack.of(role).resolve(each))).filter((name) => name.includes('*'));
  acknowledge(role, reason, ...new Set(wild.map((name) => `AwsSolutions-IAM5[Resource::${name}]`)));
}

/** Acknowledges, with the reason, that a role uses exactly these actions whose names have a wildcard. */
export function acknowledgeActions(role: IConstruct, reason: string, actions: readonly string[]): void {
  acknowledge(role, reason, ...actions.map((name) => `AwsSolutions-IAM5[Action::${name}]`));
}

/** A resolved value as cdk-nag writes it in the names of its findings: `<LakeBucket.Arn>/raw/*`. */
export function flatten(value: unknown): string {
  if (typeof value === 'string') {
    return value.replace(/\${/g, '<').replace(/}/g, '>');
  }
  const [[name, argument]] = Object.entries(value as Readonly<Record<string, unknown>>);
  switch (name) {
    case 'Ref':
      return `<${argument as string}>`;
    case 'Fn::GetAtt':
      return `<${(argument as string[]).join('.')}>`;
    case 'Fn::Sub':
      return flatten(argument);
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map(flatten).join(separator);
    }
    default:
      return JSON.stringify(value);
  }
}
