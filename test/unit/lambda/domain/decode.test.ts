import fc from 'fast-check';
import { HEARTBEAT_HEADER, decodeRecord, type Decoded, type KafkaRecord } from '../../../../lambda/domain/decode';

function record(value: unknown, rest: Partial<KafkaRecord> = {}): KafkaRecord {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return { partition: 3, offset: 7, timestamp: 60_000, key: Buffer.from('4'), value: bytes, headers: {}, ...rest };
}

const PIN = { index: 4, category: 'Art', follower_count: '2k' };
const GEO = { ind: 4, country: 'Aruba' };
const USER = { ind: '4', age: 20 };

test('an envelope is decoded into its sections, each cleaned', () => {
  expect(decodeRecord(record({ user: USER, pin: PIN, geo: GEO }))).toMatchObject({
    kind: 'post',
    index: 4,
    sections: {
      pin: { category: 'art', follower_count: 2000, arrival_minute: '1970-01-01T00:01:00.000Z' },
      geo: { country: 'Aruba' },
      user: { age: 20 },
    },
  });
});

test('a flat section is decoded by its header', () => {
  const decoded = decodeRecord(record(GEO, { headers: { section: 'geo' } }));
  expect(decoded).toMatchObject({ kind: 'post', index: 4, sections: { geo: { country: 'Aruba' } } });
});

test('a null section is as if it were absent', () => {
  const decoded = decodeRecord(record({ pin: PIN, geo: null })) as Extract<Decoded, { kind: 'post' }>;
  expect(Object.keys(decoded.sections)).toEqual(['pin']);
});

test('a heartbeat record is known by its header', () => {
  expect(decodeRecord(record('{}', { key: null, headers: { [HEARTBEAT_HEADER]: '1' } }))).toEqual({
    kind: 'heartbeat',
  });
  expect(decodeRecord(record('', { key: null, value: null, headers: { [HEARTBEAT_HEADER]: '1' } }))).toEqual({
    kind: 'heartbeat',
  });
});

describe('what is no post is bad, with the reason', () => {
  test.each([
    ['no value', record('', { value: null }), { reason: 'value must be a JSON object, got nothing' }],
    ['empty value', record(''), { reason: 'value must be a JSON object, got nothing' }],
    ['no JSON', record('{"pin":'), { reason: 'value must be JSON' }],
    ['no UTF-8', record(Buffer.from([0x7b, 0xff, 0x7d])), { reason: 'value must be UTF-8' }],
    [
      'no UTF-8 inside a string',
      record(Buffer.concat([Buffer.from('{"pin":{"index":4,"category":"'), Buffer.from([0xc3]), Buffer.from('"}}')])),
      { reason: 'value must be UTF-8' },
    ],
    ['an array', record([PIN]), { reason: 'value must be a JSON object, got an array' }],
    ['null', record('null'), { reason: 'value must be a JSON object, got null' }],
    ['no section', record({}), { field: 'record' }],
    ['an unknown section', record({ pin: PIN, meta: {} }), { field: 'section', value: '"meta"' }],
    ['an unknown header', record(PIN, { headers: { section: 'constructor' } }), { field: 'header section' }],
    ['a flat section without header', record(PIN), { field: 'section', value: '"index"' }],
    ['a wrong type', record({ pin: { ...PIN, category: 5 } }), { field: 'pin.category', value: '5' }],
    ['no category', record({ pin: { index: 4 } }), { field: 'pin.category', value: 'nothing' }],
    ['another key', record({ pin: PIN }, { key: Buffer.from('5') }), { field: 'key', value: '"5"' }],
    ['a key with a zero before it', record({ pin: PIN }, { key: Buffer.from('04') }), { field: 'key', value: '"04"' }],
    ['an empty key', record({ pin: PIN }, { key: Buffer.alloc(0) }), { field: 'key', value: '""' }],
    ['no key', record({ pin: PIN }, { key: null }), { field: 'key', value: 'nothing' }],
    ['sections of two posts', record({ pin: PIN, geo: { ind: 5 } }), { field: 'geo.ind', value: '5' }],
    ['what cleaning refuses', record({ geo: { ...GEO, latitude: 91 } }), { field: 'geo.latitude', value: '91' }],
  ])('%s', (_, from, expected) => {
    expect(decodeRecord(from)).toMatchObject({ kind: 'bad', reason: expect.any(String), ...expected });
  });

  test('the reason is a sentence that names field, value and what is allowed', () => {
    expect(decodeRecord(record({ pin: { ...PIN, follower_count: 'abc' } }))).toMatchObject({
      reason: 'pin.follower_count must be 1234, 12k, 1.5M or 1B (at most 2^53 - 1), User Info Error or null, got "abc"',
    });
  });
});

describe('never throws', () => {
  const headers = fc.dictionary(
    fc.constantFrom('section', 'heartbeat', 'x', '__proto__'),
    fc.constantFrom('pin', 'geo', 'user', '1', '', 'toString'),
  );
  const key = fc.option(fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)));

  test('on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), headers, key, (bytes, names, keyBytes) => {
        const decoded = decodeRecord(record(Buffer.from(bytes), { headers: names, key: keyBytes }));
        expect(['post', 'heartbeat', 'bad']).toContain(decoded.kind);
      }),
      { numRuns: 1000 },
    );
  });

  test('on any JSON in any field', () => {
    const field = fc.constantFrom(
      ...[
        'index',
        'ind',
        'category',
        'follower_count',
        'tag_list',
        'downloaded',
        'age',
        'latitude',
        'timestamp',
        'title',
      ],
    );
    const section = fc.dictionary(field, fc.oneof(fc.jsonValue(), fc.constant(4)));
    const envelope = fc.record({ pin: section, geo: section, user: section }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.oneof(envelope, section, fc.jsonValue()), headers, (value, names) => {
        const decoded = decodeRecord(record(Buffer.from(JSON.stringify(value) ?? ''), { headers: names }));
        expect(['post', 'heartbeat', 'bad']).toContain(decoded.kind);
      }),
      { numRuns: 1000 },
    );
  });

  test('on nesting of a million levels', () => {
    const deep = `{"pin":{"index":4,"category":${'['.repeat(1e6)}${']'.repeat(1e6)}}}`;
    expect(decodeRecord(record(deep))).toMatchObject({ kind: 'bad', field: 'pin.category', value: 'an array' });
  });
});
