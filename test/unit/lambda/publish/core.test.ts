import { completedBetween, daysOfMonth, planMoves, rollUpsWith } from '../../../../lambda/publish/core';

const at = (name: string) => Date.parse(`${name}Z`);
const INTERVAL = at('2026-11-22T21:00');

describe('the moves of the boundary', () => {
  const seal = (interval: string, previous: string | null) => ({ interval, previous });

  it('start with the first interval of the chain', () => {
    expect(planMoves(undefined, [seal('2026-11-22T21-00', null)], 60)).toEqual([{ from: undefined, to: INTERVAL }]);
  });

  it('follow the chain, across hours without an interval', () => {
    const seals = [seal('2026-11-22T22-00', '2026-11-22T21-00'), seal('2026-11-23T05-00', '2026-11-22T22-00')];
    expect(planMoves(INTERVAL, seals, 60)).toEqual([
      { from: INTERVAL, to: at('2026-11-22T22:00') },
      { from: at('2026-11-22T22:00'), to: at('2026-11-23T05:00') },
    ]);
  });

  it('never go back', () => {
    expect(
      planMoves(INTERVAL, [seal('2026-11-22T20-00', null), seal('2026-11-22T21-00', '2026-11-22T20-00')], 60),
    ).toEqual([]);
  });

  it('never skip an interval', () => {
    expect(() => planMoves(INTERVAL, [seal('2026-11-22T23-00', '2026-11-22T22-00')], 60)).toThrow(
      'interval 2026-11-22T23-00 follows 2026-11-22T22-00 in the chain of seals, but the boundary is 2026-11-22T21-00: publish the intervals between them first',
    );
    expect(() => planMoves(undefined, [seal('2026-11-22T23-00', '2026-11-22T22-00')], 60)).toThrow(
      'but the boundary is not set',
    );
  });
});

describe('roll-ups', () => {
  it('are complete when their last interval ends, and not before', () => {
    const end = at('2026-12-01T00:00');
    expect(completedBetween(end - 1, end)).toEqual({ days: ['2026-11-30'], months: ['2026-11'] });
    expect(completedBetween(end - 1, end - 1)).toEqual({ days: [], months: [] });
    expect(completedBetween(end, end + 1)).toEqual({ days: [], months: [] });
  });

  it('that include an interval already are those that end at the boundary or before', () => {
    expect(rollUpsWith(INTERVAL, at('2026-11-22T22:00'), 60)).toEqual({ days: [], months: [] });
    expect(rollUpsWith(INTERVAL, at('2026-11-22T23:00'), 60)).toEqual({ days: ['2026-11-22'], months: [] });
    expect(rollUpsWith(INTERVAL, at('2026-11-30T23:00'), 60)).toEqual({ days: ['2026-11-22'], months: ['2026-11'] });
  });

  it('of a month consist of its days', () => {
    expect(daysOfMonth('2024-02')).toHaveLength(29);
    expect(daysOfMonth('2026-11').at(-1)).toBe('2026-11-30');
  });
});
