import { type AwsResponses } from './responses';
import { type Needs, type StackNeeds } from './needs';
import { resultOf, type Result } from './result';

/** Stacks that were never created: CDK deletes them and creates them again. */
const NEVER_UP = new Set(['REVIEW_IN_PROGRESS', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED']);

function isUp(status: string | undefined): boolean {
  return status !== undefined && !NEVER_UP.has(status);
}

/** The stacks that don't exist: the account's usage does not include their resources. */
export function notDeployed(needs: Needs, { stacks }: AwsResponses): readonly StackNeeds[] {
  return needs.stacks.filter(({ name }) => {
    const status = stacks[name];
    return !('value' in status && isUp(status.value));
  });
}

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html */
export function stackChecks(needs: Needs, { stacks }: AwsResponses): Result[] {
  return needs.stacks.map(({ name }) =>
    resultOf(`stack ${name}`, [stacks[name]], (status) => {
      if (status === undefined) return 'is new';
      if (NEVER_UP.has(status)) return `was never created (${status}): it is created again`;
      if (status.endsWith('_IN_PROGRESS')) return [`is ${status}`, 'wait until it is done'];
      if (status.endsWith('_FAILED')) {
        return [`is ${status}`, 'see its events in CloudFormation; continue the rollback or the deletion'];
      }
      return `exists (${status}) and is updated; a second deployment needs another -c project=…`;
    }),
  );
}

/** An export can't be removed while a stack imports it: that stack has to give it up first. */
export function exportChecks(needs: Needs, responses: AwsResponses): Result[] {
  const names = needs.stacks.map(({ name }) => name);
  const missing = notDeployed(needs, responses).map(({ name }) => name);
  return names
    .filter((name) => !missing.includes(name))
    .map((name) =>
      resultOf(`exports of stack ${name}`, [responses.importers[name]], (found) => {
        if (found.length === 0) return 'no other stack imports one that is removed';
        const gone = found.filter((each) => !names.includes(each));
        return [
          `${found.join(' and ')} import what is removed`,
          gone.length > 0
            ? `delete ${gone.join(' and ')} first, which this deployment has no more`
            : `run first, with the same -c: npx cdk deploy ${found.join(' ')} --exclusively`,
        ];
      }),
    );
}

/** A taken name is a collision, unless the stack of the name exists. */
export function nameChecks({ names, stacks }: AwsResponses): Result[] {
  return names.map(({ of: { type, name, stack }, taken }) =>
    resultOf(`name ${name} (${type})`, [taken, stacks[stack]], (isTaken, status) => {
      if (!isTaken) return 'is free';
      if (isUp(status)) return `belongs to stack ${stack}`;
      return [`is taken, but not by stack ${stack}`, 'delete or import the resource, or set another -c project=…'];
    }),
  );
}
