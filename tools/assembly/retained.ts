/** What a deletion of the stacks leaves in the account, and why: read from the templates, so that it can't be out of date. */
import { resourceType } from '../../lib/rules/resource-types';
import { locate, outlivesDeletion } from '../../lib/templates';
import { type Stack } from './cloud-assembly';

export interface RetainedResource {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly why: string;
  /** The AWS CLI command that deletes it. */
  readonly command: string;
}

export function retainedIn(stacks: readonly Stack[]): RetainedResource[] {
  return locate(stacks)
    .filter(outlivesDeletion)
    .map(({ stack, id, resource: { Type: type } }) => ({
      stack: stack.name,
      logicalId: id,
      type,
      ...(resourceType(type)?.retained ?? { why: 'its template says so', command: 'see the AWS CLI' }),
    }));
}

/** A few lines for people. */
export function retainedText(list: readonly RetainedResource[]): string {
  if (list.length === 0) return 'cdk destroy leaves nothing.';
  return [
    `cdk destroy leaves ${list.length} resources, as their data would be lost with them:`,
    ...list.map(
      ({ stack, logicalId, type, why, command }) => `  ${stack}/${logicalId} (${type}): ${why}\n    ${command}`,
    ),
  ].join('\n');
}
