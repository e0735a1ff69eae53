import {
  completedBetween,
  daysOfMonth,
  parseViewObject,
  planMoves,
  rollUpsWith,
} from '../../../../lambda/publish/core';
import { joinKey } from '../../../../lambda/domain/merge';
import { findView } from '../../../../lambda/domain/views';

const at = (name: string) => Date.parse(`${name}Z`);
const INTERVAL = at('2026-11-22T21:00');

describe('a view object of the Spark job', () => {
  const parse = (view: string, rows: unknown[], interval = '2026-11-22T21-00') =>
    parseViewObject('views/x.json', JSON.stringify({ view, interval, rows }), findView(view)!, INTERVAL);

  it('becomes counts, with instants in one form', () => {
    expect(parse('category_by_year', [[2020, 'art', 3]])).toEqual(new Map([[joinKey([2020, 'art']), 3]]));
    expect(parse('posts_by_minute', [['2026-11-22T21:03:00Z', 2]])).toEqual(new Map([['2026-11-22T21:03:00.000Z', 2]]));
    expect(parse('posts_by_category', [])).toEqual(new Map());
  });

  it.each([
    ['a missing cell', [['art']]],
    ['an extra cell', [['art', 1, 2]]],
    ['a number for text', [[5, 1]]],
    ['a fraction for a count', [['art', 1.5]]],
    ['a count beyond 2^53', [['art', 2 ** 53]]],
    ['not a row', ['art']],
  ])('is rejected with %s', (_, rows) => {
    expect(() => parse('posts_by_category', rows)).toThrow(
      "object 'views/x.json' must hold rows of category and an integer, row 0 has another form",
    );
  });

  it('is rejected if it is of another view or interval, or has a key twice', () => {
    expect(() => parse('posts_by_category', [], '2026-11-22T22-00')).toThrow('got view');
    expect(() =>
      parse('posts_by_category', [
        ['art', 1],
        ['art', 2],
      ]),
    ).toThrow('must hold each key once, row 1 repeats a key');
  });
});

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
