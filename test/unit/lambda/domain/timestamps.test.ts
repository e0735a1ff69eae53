import fc from 'fast-check';
import { cleanTimestamp, minuteOf } from '../../../../lambda/domain/timestamps';

test.each([
  ['2019-01-01 07:21:13', '2019-01-01T07:21:13.000Z'],
  ['2019-01-01T07:21:13', '2019-01-01T07:21:13.000Z'],
  ['2019:01:01 07:21:13', '2019-01-01T07:21:13.000Z'],
  [' 2019-01-01 07:21:13\u00a0', '2019-01-01T07:21:13.000Z'],
  ['2019-01-01T07:21:13Z', '2019-01-01T07:21:13.000Z'],
  ['2019-01-01T07:21:13.5', '2019-01-01T07:21:13.500Z'],
  ['2019-01-01T07:21:13.123987Z', '2019-01-01T07:21:13.123Z'],
  ['2019-01-01T07:21:13+02:00', '2019-01-01T05:21:13.000Z'],
  ['2019-01-01T07:21:13-0530', '2019-01-01T12:51:13.000Z'],
  ['2020-02-29 00:00:00', '2020-02-29T00:00:00.000Z'],
  ['2000-02-29 00:00:00', '2000-02-29T00:00:00.000Z'],
  ['', null],
  [null, null],
  [undefined, null],
])('%p is %p', (text, expected) => {
  expect(cleanTimestamp(text)).toBe(expected);
});

test.each([
  '2019-01-01',
  '2019-13-01 00:00:00',
  '2019-00-01 00:00:00',
  '2019-04-31 00:00:00',
  '2019-02-29 00:00:00',
  '2100-02-29 00:00:00',
  '2019-01-01 24:00:00',
  '2019-01-01 00:60:00',
  '2019-01-01 00:00:60',
  '2019/01/01 00:00:00',
  '2019-01:01 00:00:00',
  '2019-01-01_00:00:00',
  '2019-01-01 00:00:00 x',
  '2019-01-01 00:00:00.',
  '2019-01-01 00:00:00+99:00',
  '2019-01-01 00:00:00+0',
  '1899-12-31 23:59:59',
  '1900-01-01T00:00:00+01:00',
  '9999-12-31T23:59:59-01:00',
  '20I9-01-01 00:00:00',
  'now',
  12,
])('%p cannot be interpreted', (text) => {
  expect(cleanTimestamp(text)).toBeUndefined();
});

test('all three forms of any instant mean that instant', () => {
  const seconds = fc.integer({ min: Date.UTC(1900, 0, 1) / 1000, max: Date.UTC(9999, 11, 31) / 1000 });
  fc.assert(
    fc.property(seconds, (at) => {
      const iso = new Date(at * 1000).toISOString();
      const plain = iso.slice(0, 19);
      for (const text of [plain, plain.replace('T', ' '), plain.replaceAll('-', ':').replace('T', ' '), iso]) {
        expect(cleanTimestamp(text)).toBe(iso);
      }
    }),
  );
});

test('agrees with Date on every calendar day and zone', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1901, max: 2100 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 31 }),
      fc.integer({ min: -14, max: 14 }),
      (year, month, day, zone) => {
        const two = (value: number) => String(value).padStart(2, '0');
        const text = `${year}-${two(month)}-${two(day)}T10:20:30${zone < 0 ? '-' : '+'}${two(Math.abs(zone))}:00`;
        const exists = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
        expect(cleanTimestamp(text)).toBe(exists ? new Date(text).toISOString() : undefined);
      },
    ),
  );
});

test('the minute of an instant is the one it lies in', () => {
  expect(minuteOf(59_999)).toBe('1970-01-01T00:00:00.000Z');
  expect(minuteOf(60_000)).toBe('1970-01-01T00:01:00.000Z');
  expect(minuteOf(59_999)).toBe('1970-01-01T00:00:00.000Z');
});
