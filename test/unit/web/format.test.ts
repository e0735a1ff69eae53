import { compact, duration, number, time, words } from '../../../web/format';

test.each([
  [0, '0 ms'],
  [849.6, '850 ms'],
  [1_000, '1 s'],
  [9_460, '9.5 s'],
  [61_000, '61 s'],
  [150_000, '3 min'],
  [99 * 60_000, '99 min'],
  [5_400_000 + 3_600_000, '2.5 h'],
  [3 * 86_400_000, '3 d'],
  [null, '–'],
])('%p ms is shown as %p', (ms, text) => expect(duration(ms)).toBe(text));

test('a clock that is behind shows no negative age', () => expect(duration(-40)).toBe('0 ms'));

test('numbers are grouped, and an unknown value is a dash', () => {
  expect([number(12_345.67), number(0), number(null), number(undefined)]).toEqual(['12,345.7', '0', '–', '–']);
  expect([compact(950), compact(15_000_000)]).toEqual(['950', '15M']);
});

test('an instant shows its day only if it differs from today', () => {
  const now = '2026-11-22T21:07:40.000Z';
  expect(time('2026-11-22T21:05:09.000Z', now)).toBe('21:05');
  expect(time('2026-11-22T21:05:09.000Z', now, true)).toBe('21:05:09');
  expect(time('2026-11-21T23:00:00.000Z', now)).toBe('2026-11-21 23:00');
  expect(time(null, now)).toBe('–');
});

test('names of columns and metrics are shown as words', () => expect(words('post_year')).toBe('post year'));
