import fc from 'fast-check';
import { intervalAtOrAfter, intervalsIn, cover } from '../../../../lambda/domain/periods';

const at = (text: string) => Date.parse(text);
const names = (from: string, to: string, published: string, minutes = 60) =>
  cover(at(from), at(to), at(published), minutes).map(({ name }) => name);

describe('the cover of a range', () => {
  test('is one row for a month that is complete', () => {
    expect(names('2026-10-01', '2026-11-01', '2026-11-22')).toEqual(['2026-10']);
  });

  test('reads the days and intervals at the edges singly', () => {
    expect(names('2026-10-30T22:00Z', '2026-12-02T01:00Z', '2026-12-05')).toEqual([
      '2026-10-30T22-00',
      '2026-10-30T23-00',
      '2026-10-31',
      '2026-11',
      '2026-12-01',
      '2026-12-02T00-00',
    ]);
  });

  test('does not use the roll-up of a day that the boundary has not passed', () => {
    expect(names('2026-11-22', '2026-11-22T02:00Z', '2026-11-22T02:00Z')).toEqual([
      '2026-11-22T00-00',
      '2026-11-22T01-00',
    ]);
  });

  test('leaves out an interval that starts before the range', () => {
    expect(names('2026-11-22T00:30Z', '2026-11-22T02:00Z', '2026-11-23')).toEqual(['2026-11-22T01-00']);
  });

  test('is empty for an empty range', () => {
    expect(names('2026-11-22', '2026-11-22', '2026-11-23')).toEqual([]);
  });

  const instants = fc.integer({ min: at('2025-11-20'), max: at('2026-03-05') });
  test('holds each interval of the range exactly once and no other, for any range, boundary and interval length', () => {
    fc.assert(
      fc.property(instants, instants, instants, fc.constantFrom(15, 60, 720), (a, b, c, minutes) => {
        const published = intervalAtOrAfter(c, minutes);
        const [from, to] = [Math.min(a, b), Math.min(Math.max(a, b), published)];
        const periods = cover(from, to, published, minutes);
        const covered = periods.flatMap((period) => intervalsIn(period.from, period.to, minutes));
        expect(covered).toEqual(intervalsIn(from, to, minutes));
        for (const period of periods) expect(period.to).toBeLessThanOrEqual(published);
      }),
      { numRuns: 200 },
    );
  });

  test('of a year needs at most two edges of days and intervals beside its months', () => {
    const year = cover(at('2025-01-15T07:00Z'), at('2026-01-15T07:00Z'), at('2026-02-01'), 60);
    expect(year.filter(({ kind }) => kind === 'month')).toHaveLength(11);
    expect(year.filter(({ kind }) => kind === 'day')).toHaveLength(16 + 14);
    expect(year.filter(({ kind }) => kind === 'interval')).toHaveLength(17 + 7);
  });
});
