import { type Found, rejectSet, type Resources, text } from './found';
import { type SchedulePlan } from './local-plan';
import { DAY, HOUR, MINUTE } from '../../lambda/domain/time';

const UNIT_MS: Readonly<Record<string, number>> = { minute: MINUTE, hour: HOUR, day: DAY };

export function readSchedules(all: Resources): SchedulePlan[] {
  const functions = all.ofType('AWS::Lambda::Function');
  return all.ofType('AWS::Events::Rule').flatMap((found) => {
    rejectSet(found, ['EventPattern', 'RoleArn']);
    if (text(found, 'State', 'ENABLED') !== 'ENABLED') return [];
    const targets = (found.property('Targets') ?? []) as readonly Readonly<Record<string, unknown>>[];
    return targets.map(({ Arn: arn, ...target }) => {
      const given = Object.keys(target).filter((name) => !['Id', 'RetryPolicy'].includes(name));
      if (given.length > 0) throw new Error(`${found.path}: the local run does not implement ${given.join(', ')}`);
      const called = functions.find((candidate) => candidate.attribute('Arn') === arn);
      if (!called) throw new Error(`${found.path}: target '${String(arn)}' is not a function of the assembly`);
      return { path: found.path, functionName: called.ref(), everyMs: periodOf(found) };
    });
  });
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html */
function periodOf(found: Found): number {
  const expression = text(found, 'ScheduleExpression');
  const [, count, unit] = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (unit === undefined) {
    throw new Error(`${found.path}: ScheduleExpression must be like rate(5 minutes), got '${expression}'`);
  }
  return Number(count) * UNIT_MS[unit];
}
