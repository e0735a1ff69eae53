import { planStore, SupersededError, unlessSuperseded } from '../../../../lambda/aws/plan';
import { PreconditionFailedError } from '../../../../lambda/aws/s3';
import { planKey, viewsListKey } from '../../../../lambda/formats/keys';
import { released, withIntervals, withManifests, type Plan } from '../../../../lambda/formats/plan';
import { MemoryLake } from '../../../support/memory-lake';

const A = '2026-11-22T21-00';
/** Of intervals of an hour. */
const LEASE = 30 * 60_000;

function setUp() {
  const lake = new MemoryLake();
  const clock = { now: 0 };
  const plans = planStore(lake, 60, () => clock.now);
  return { lake, clock, plans, stored: () => lake.json(planKey) as Plan };
}

describe('the lease in the lake', () => {
  it('is taken by one of many runs', async () => {
    const { plans } = setUp();
    const runs = ['a', 'b', 'c', 'd', 'e'];
    const outcomes = await Promise.allSettled(runs.map((run) => plans.acquire(run, { force: false })));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(SupersededError);
    }
  });

  it('is taken over once its holder is silent for its length, and the former holder is superseded', async () => {
    const { plans, clock } = setUp();
    await plans.acquire('a', { force: false });
    clock.now = LEASE - 1;
    await expect(plans.acquire('b', { force: false })).rejects.toThrow("run 'a' holds the lease");
    clock.now = LEASE;
    await plans.acquire('b', { force: false });
    await expect(plans.hold('a')).rejects.toThrow(SupersededError);
    await expect(plans.update('a', released)).rejects.toThrow("run 'b' holds the lease");
  });

  it('is renewed when less than half is left, and not written before', async () => {
    const { plans, clock, lake, stored } = setUp();
    await plans.acquire('a', { force: false });
    clock.now = LEASE / 2;
    await plans.hold('a');
    expect(lake.writes).toEqual([planKey]);
    clock.now = LEASE / 2 + 1;
    await plans.hold('a');
    expect(lake.writes).toEqual([planKey, planKey]);
    expect(stored().leaseUntil).toBe(clock.now + LEASE);
  });

  it('is changed by the parts of a run beside each other, without a change being lost', async () => {
    const { plans, stored } = setUp();
    await plans.acquire('a', { force: false });
    const names = Array.from({ length: 8 }, (_, i) => `2026-11-22T0${i}-00`);
    await Promise.all(names.map((name) => plans.update('a', (plan) => withIntervals(plan, [...plan.intervals, name]))));
    expect([...stored().intervals].sort()).toEqual(names);
  });

  it('is held where the response to the write was lost and the write is repeated', async () => {
    const { plans, lake, stored } = setUp();
    await plans.acquire('a', { force: false });
    await plans.update('a', (plan) => withIntervals(plan, [A]));
    const put = lake.putIfMatch.bind(lake);
    lake.putIfMatch = async (...write) => {
      lake.putIfMatch = put;
      await put(...write);
      // The client sends it again, and finds its own write.
      throw new PreconditionFailedError(write[0]);
    };
    await plans.update('a', (plan) => withManifests(plan, ['m']));
    expect(stored()).toMatchObject({ run: 'a', manifests: ['m'] });
  });
});

it('the views list is beside the plan', async () => {
  const { plans, lake } = setUp();
  await plans.putViewsList('a', [A]);
  expect(lake.json(viewsListKey)).toEqual({ version: 1, run: 'a', intervals: [A] });
});

describe('a superseded step', () => {
  it('responds with the holder and until when, or with none', async () => {
    const { plans, clock } = setUp();
    clock.now = Date.parse('2026-11-22T21:00:00Z');
    const hold = () => unlessSuperseded(async () => (await plans.hold('b')) && { state: 'done' as const });
    await expect(hold()).resolves.toEqual({ state: 'superseded', holder: null });
    await plans.acquire('a', { force: false });
    await expect(hold()).resolves.toEqual({ state: 'superseded', holder: 'a', until: '2026-11-22T21:30:00.000Z' });
  });

  it('passes every other error on', async () => {
    await expect(unlessSuperseded(() => Promise.reject(new Error('boom')))).rejects.toThrow('boom');
  });
});
