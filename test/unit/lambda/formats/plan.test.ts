import {
  acquired,
  isHeldByAnother,
  leaseLength,
  parsePlan,
  planName,
  released,
  serializePlan,
  withManifests,
  withIntervals,
  withPublished,
  withReconciled,
  type Plan,
} from '../../../../lambda/formats/plan';
import { parseRunEvent } from '../../../../lambda/formats/run-event';

const MINUTE = 60_000;
const [A, B, C] = ['2026-11-22T21-00', '2026-11-22T22-00', '2026-11-22T23-00'];
const options = { now: 1_000, length: 10_000, force: false };
const taken = (plan?: Plan) => acquired(plan, 'one', options);

describe('the lease', () => {
  it('is half an interval, but outlasts a step and a pause between two attempts', () => {
    expect([1, 10, 60, 1_440].map((minutes) => leaseLength(minutes) / MINUTE)).toEqual([2, 5, 30, 30]);
  });

  it('excludes other runs until it ends or is released, and never its own run', () => {
    const plan = taken();
    expect(isHeldByAnother(undefined, 'two', 0)).toBe(false);
    expect(isHeldByAnother(plan, 'two', 10_999)).toBe(true);
    expect(isHeldByAnother(plan, 'two', 11_000)).toBe(false);
    expect(isHeldByAnother(plan, 'one', 10_999)).toBe(false);
    expect(isHeldByAnother(released(plan), 'two', 10_999)).toBe(false);
  });

  it('goes on with the plan of the same run, also after it ended, and starts another one after it was released', () => {
    const plan = withIntervals(taken(), [A]);
    const later = { ...options, now: 90_000 };
    expect(acquired(plan, 'one', later)).toEqual({ ...plan, leaseUntil: 100_000 });
    const again = acquired(released(plan), 'one', later);
    expect(again).toMatchObject({ intervals: [], began: 90_000 });
    expect(planName(again)).not.toBe(planName(plan));
  });
});

describe('the work', () => {
  it('is a prefix for each step', () => {
    const plan = withManifests(withIntervals(taken(), [A, B, C]), ['m', 'n']);
    expect(withPublished(plan, 1)).toMatchObject({ manifests: ['m', 'n'], published: 1, unreconciled: [A] });
    expect(withReconciled(withPublished(plan, 2), [A]).unreconciled).toEqual([B]);
  });

  it('is the same when a change is applied again, as after a lost response', () => {
    const plan = withManifests(withIntervals(taken(), [A, B, C]), ['m', 'n']);
    const once = withPublished(plan, 2);
    expect(withPublished(once, 2)).toEqual(once);
    expect(withManifests(once, ['m', 'n'])).toEqual(once);
    expect(withIntervals(plan, [A, B, C])).toEqual(plan);
  });

  it('grows by intervals that are sealed later, and leaves what is published where it is', () => {
    const plan = withPublished(withManifests(withIntervals(taken(), [A, B]), ['m', 'n']), 1);
    expect(withIntervals(plan, [B, C])).toMatchObject({ intervals: [A, B, C], manifests: ['m', 'n'], published: 1 });
  });

  it('loses no interval to a sealing that was given up, went on, and found all published', () => {
    const plan = withManifests(withIntervals(taken(), [A]), ['m']);
    const late = withIntervals(plan, []);
    expect(late).toEqual(plan);
    expect(withPublished(late, 1).unreconciled).toEqual([A]);
  });

  it('has an older interval before those that are not computed', () => {
    const plan = withManifests(withIntervals(taken(), [B, C]), ['m']);
    expect(withIntervals(plan, [A])).toMatchObject({ intervals: [B, A, C], manifests: ['m'] });
  });

  it('of the next run begins with what this one published and did not reconcile', () => {
    const plan = released(withPublished(withManifests(withIntervals(taken(), [A, B]), ['m', 'n']), 2));
    expect(acquired(plan, 'two', options)).toMatchObject({ intervals: [], published: 0, unreconciled: [A, B] });
  });
});

describe('the stored plan', () => {
  it('is read as it was written', () => {
    const plan = withPublished(withIntervals(taken(), [A, B]), 1);
    expect(parsePlan('k', serializePlan(plan))).toEqual(plan);
  });

  it('of another version is an error that names it', () => {
    const text = serializePlan(taken()).replace('"version":1', '"version":2');
    expect(() => parsePlan('plan/current.json', text)).toThrow(
      "object 'plan/current.json' must be a plan of version 1, got version 2",
    );
  });
});

describe('the event of a step in a run', () => {
  it('names the run, and whether to fail where something is not there yet', () => {
    expect(parseRunEvent({ run: 'a' })).toEqual({ run: 'a', failNotYet: false });
    expect(parseRunEvent({ run: 'a', notYet: 'fail' })).toEqual({ run: 'a', failNotYet: true });
    expect(parseRunEvent({ intervals: [A] })).toBeUndefined();
    expect(parseRunEvent(undefined)).toBeUndefined();
  });

  it.each([
    [{ run: '' }, 'run must be text of 1 to 250 characters, got ""'],
    [{ run: 5 }, 'run must be text of 1 to 250 characters, got 5'],
    [{ run: 'a', notYet: true }, "notYet must be 'fail' or absent, got true"],
  ])('%j is rejected: %s', (event, message) => {
    expect(() => parseRunEvent(event)).toThrow(message);
  });
});
