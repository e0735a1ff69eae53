import { NotYetError, respond, startBudget, STEP_BUDGET_MS } from '../../../../lambda/runtime/budget';

function budgetWith(clock: { now: number }) {
  const budget = startBudget(() => clock.now, 100);
  const unit = (ms: number) =>
    budget.unit(async () => {
      clock.now += ms;
    });
  return { budget, unit };
}

describe('the budget of a step', () => {
  it('is below the minute after which a client of MWAA Serverless invokes again', () => {
    expect(STEP_BUDGET_MS).toBeLessThan(60_000);
  });

  it('allows the first unit however late it is, and another one if it ends in time like the last', async () => {
    const clock = { now: 0 };
    const { budget, unit } = budgetWith(clock);
    clock.now = 500;
    expect(budget.allows()).toBe(true);
    expect(budget.left()).toBe(0);
    const fresh = budgetWith(clock);
    await fresh.unit(50);
    expect(fresh.budget.allows()).toBe(true);
    await fresh.unit(25);
    expect(fresh.budget.allows()).toBe(true);
    await fresh.unit(26);
    expect(fresh.budget.allows()).toBe(false);
    await unit(1);
    expect(budget.allows()).toBe(false);
  });

  it('counts a unit that fails', async () => {
    const clock = { now: 0 };
    const { budget } = budgetWith(clock);
    await expect(
      budget.unit(async () => {
        clock.now += 60;
        throw new Error('boom');
      }),
    ).rejects.toThrow('boom');
    expect(budget.allows()).toBe(false);
  });
});

describe('what is not there yet', () => {
  const step = () => Promise.reject(new NotYetError('the archive lacks offset 5'));

  it('is a response with its reason, or an error where the orchestrator repeats only what fails', async () => {
    await expect(respond({ run: 'a', failNotYet: false }, step)).resolves.toEqual({
      state: 'notYet',
      reason: 'the archive lacks offset 5',
    });
    await expect(respond({ run: 'a', failNotYet: true }, step)).rejects.toThrow('the archive lacks offset 5');
  });
});
