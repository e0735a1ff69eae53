import { type Answers } from './answers';
import { type Needs, type StackNeeds } from './needs';
import { fail, judge, pass, type Verdict } from './verdict';

/** Stacks that never came up: the CDK deletes and creates them anew. */
const NEVER_UP = new Set(['REVIEW_IN_PROGRESS', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED']);

function isUp(status: string | undefined): boolean {
  return status !== undefined && !NEVER_UP.has(status);
}

/** The stacks whose resources are not among those in use. */
export function notDeployed(needs: Needs, { stacks }: Answers): readonly StackNeeds[] {
  return needs.stacks.filter(({ name }) => {
    const status = stacks[name];
    return !('value' in status && isUp(status.value));
  });
}

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html */
export function stackChecks(needs: Needs, { stacks }: Answers): Verdict[] {
  return needs.stacks.map(({ name }) => {
    const title = `stack ${name}`;
    return judge(title, [stacks[name]], (status) => {
      if (status === undefined) return pass(title, 'is new');
      if (NEVER_UP.has(status)) return pass(title, `never came up (${status}): it is created anew`);
      if (status.endsWith('_IN_PROGRESS')) return fail(title, `is ${status}`, 'wait until it is done');
      if (status.endsWith('_FAILED')) {
        return fail(title, `is ${status}`, 'see its events in CloudFormation; continue the rollback or the deletion');
      }
      return pass(title, `is there (${status}) and is updated; another copy needs another -c project=…`);
    });
  });
}

/** A name that is taken is a collision, unless the stack that has it is there. */
export function nameChecks({ names, stacks }: Answers): Verdict[] {
  return names.map(({ of: { type, name, stack }, taken }) => {
    const title = `name ${name} (${type})`;
    return judge(title, [taken, stacks[stack]], (isTaken, status) => {
      if (!isTaken) return pass(title, 'is free');
      return isUp(status)
        ? pass(title, `is of stack ${stack}`)
        : fail(
            title,
            `is taken, and not by stack ${stack}`,
            'delete or import what has it, or set another -c project=…',
          );
    });
  });
}
