import fc from 'fast-check';
import {
  intervalEnd,
  intervalName,
  intervalOf,
  nextInterval,
  parseIntervalName,
} from '../../../../lambda/domain/intervals';
import { MINUTE } from '../../../../lambda/domain/time';

/** Lengths that divide a day, as the configuration requires. */
const minutes = fc.constantFrom(1, 5, 15, 60, 120, 1_440);
const instant = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) });

describe('the interval of an instant', () => {
  test.each([
    ['2026-11-22T21:00:00.000Z', 60, '2026-11-22T21-00'],
    ['2026-11-22T21:59:59.999Z', 60, '2026-11-22T21-00'],
    ['2026-11-22T22:00:00.000Z', 60, '2026-11-22T22-00'],
    ['2026-11-22T21:14:00.000Z', 15, '2026-11-22T21-00'],
    ['2026-11-22T21:59:00.000Z', 1_440, '2026-11-22T00-00'],
    ['1969-12-31T23:59:59.999Z', 60, '1969-12-31T23-00'],
  ])('%s with %d minutes is %s', (at, length, name) => {
    expect(intervalName(intervalOf(Date.parse(at), length))).toBe(name);
  });

  test('holds the instant: its start is in it, its end is in the next one', () => {
    fc.assert(
      fc.property(instant, minutes, (at, length) => {
        const interval = intervalOf(at, length);
        expect(interval).toBeLessThanOrEqual(at);
        expect(intervalEnd(interval, length)).toBeGreaterThan(at);
        expect(intervalEnd(interval, length) - interval).toBe(length * MINUTE);
        expect(intervalOf(interval, length)).toBe(interval);
        expect(intervalOf(intervalEnd(interval, length), length)).toBe(intervalEnd(interval, length));
      }),
    );
  });
});

describe('the name of an interval', () => {
  test('is parsed back to its start, for any length', () => {
    fc.assert(
      fc.property(instant, minutes, (at, length) => {
        const interval = intervalOf(at, length);
        expect(parseIntervalName(intervalName(interval), length)).toBe(interval);
      }),
    );
  });

  test('sorts as time does', () => {
    fc.assert(
      fc.property(instant, instant, minutes, (a, b, length) => {
        const [x, y] = [intervalOf(a, length), intervalOf(b, length)];
        expect(Math.sign(x - y)).toBe(
          intervalName(x) < intervalName(y) ? -1 : intervalName(x) > intervalName(y) ? 1 : 0,
        );
      }),
    );
  });

  test.each([
    ['not the start of one', '2026-11-22T21-30', 60],
    ['an ISO instant', '2026-11-22T21:00', 60],
    ['with seconds', '2026-11-22T21-00-00', 60],
    ['a day without hours', '2026-11-22', 1_440],
    ['an hour that does not exist', '2026-11-22T25-00', 60],
    ['a month that does not exist', '2026-13-22T21-00', 60],
    ['empty', '', 60],
    ['with a path', '../2026-11-22T21-00', 60],
  ])('%s is an error with the name and the length', (_, name, length) => {
    expect(() => parseIntervalName(name, length)).toThrow(
      `interval must be like 2026-11-22T21-00 and start an interval of ${length} minutes, got '${name}'`,
    );
  });
});

test('the interval of the next record never goes back, and goes forward as soon as its own timestamp does', () => {
  fc.assert(
    fc.property(fc.array(instant, { minLength: 1, maxLength: 20 }), minutes, (timestamps, length) => {
      let previous = 0;
      let newest = 0;
      for (const timestamp of timestamps) {
        const interval = nextInterval(previous, timestamp, length);
        newest = Math.max(newest, timestamp);
        expect(interval).toBeGreaterThanOrEqual(previous);
        expect(interval).toBe(intervalOf(newest, length));
        previous = interval;
      }
    }),
  );
});
