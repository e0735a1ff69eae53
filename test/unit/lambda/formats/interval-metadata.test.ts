import fc from 'fast-check';
import { type Manifest, parseStored, type Seal, serialize } from '../../../../lambda/formats/interval-metadata';
import { sealKey } from '../../../../lambda/formats/keys';

const INTERVAL = '2026-11-22T21-00';
const KEY = sealKey(Date.parse('2026-11-22T21:00:00.000Z'));
const SEAL: Seal = {
  interval: INTERVAL,
  previous: '2026-11-22T20-00',
  topic: 'posts',
  intervalMinutes: 60,
  partitions: [
    { partition: 0, from: 0, to: 17 },
    { partition: 1, from: 5, to: 5 },
  ],
};

const seals: fc.Arbitrary<Seal> = fc.record({
  interval: fc.constant(INTERVAL),
  previous: fc.option(fc.constant('2026-11-22T20-00')),
  topic: fc.string(),
  intervalMinutes: fc.constant(60),
  partitions: fc.array(fc.record({ partition: fc.nat(), from: fc.maxSafeInteger(), to: fc.maxSafeInteger() })),
});

test('a seal is stored as one line of JSON, with its fields in this order', () => {
  expect(serialize(SEAL)).toBe(
    '{"interval":"2026-11-22T21-00","previous":"2026-11-22T20-00","topic":"posts","intervalMinutes":60,' +
      '"partitions":[{"partition":0,"from":0,"to":17},{"partition":1,"from":5,"to":5}]}\n',
  );
});

test('what was stored is read back, and stored again byte for byte', () => {
  fc.assert(
    fc.property(seals, (seal) => {
      const text = serialize(seal);
      expect(text.indexOf('\n')).toBe(text.length - 1);
      const back = parseStored<Seal>(KEY, text, INTERVAL, 60);
      expect(back).toEqual(JSON.parse(text));
      expect(serialize(back)).toBe(text);
    }),
  );
});

test('a field that a later version adds does not stop this one', () => {
  const text = JSON.stringify({ ...SEAL, version: 2 });
  expect(parseStored<Seal>(KEY, text, INTERVAL, 60)).toMatchObject(SEAL);
});

test.each([
  ['of another interval', { ...SEAL, interval: '2026-11-22T22-00' }, '2026-11-22T22-00'],
  ['without partitions', { interval: INTERVAL }, INTERVAL],
  ['whose partitions are not a list', { ...SEAL, partitions: {} }, INTERVAL],
  ['without anything', {}, 'undefined'],
])('an object %s is an error that names its key', (_, stored, got) => {
  expect(() => parseStored<Manifest>(KEY, JSON.stringify(stored), INTERVAL, 60)).toThrow(
    `object '${KEY}' must describe interval ${INTERVAL}, got '${got}'`,
  );
});

test('an object of intervals of another length is an error that says what to do', () => {
  expect(() => parseStored<Seal>(KEY, serialize({ ...SEAL, intervalMinutes: 30 }), INTERVAL, 60)).toThrow(
    `object '${KEY}' is of intervals of 30 minutes, but intervalMinutes is 60: deploy with -c intervalMinutes=30`,
  );
});
