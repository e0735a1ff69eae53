import fc from 'fast-check';
import { parseKinesis, parseNative, parseRestProxy, type Parsed } from '../../../../lambda/ingest/core';
import { decodeRecord } from '../../../../lambda/domain/decode';
import { type Body } from '../../../../lambda/runtime/http';

const body = (text: string): Body => ({ text, bytes: Buffer.byteLength(text), valid: true });

/** Values that clients may send, good and bad. */
const index = fc.oneof(fc.nat(), fc.nat().map(String), fc.constantFrom(-1, 1.5, 'x', null, 2 ** 53));
const dirty = fc.oneof(
  fc.constantFrom('2M', 'User Info Error', 'abc', '91', 'image', '2019-01-01 07:21:13', '', ' '),
  fc.jsonValue({ maxDepth: 1 }),
  fc.integer({ min: -200, max: 200 }),
);
const pin = fc.record(
  { index, category: fc.oneof(fc.constant('art'), dirty), follower_count: dirty, downloaded: dirty, tag_list: dirty },
  { requiredKeys: ['index'] },
);
const geo = fc.record({ ind: index, timestamp: dirty, latitude: dirty, country: dirty }, { requiredKeys: ['ind'] });
const user = fc.record({ ind: index, age: dirty, date_joined: dirty, first_name: dirty }, { requiredKeys: ['ind'] });
const record = fc.oneof(pin, geo, user, fc.record({ pin, geo, user }, { requiredKeys: [] }), fc.jsonValue());

/** What a consumer decodes from the accepted items. */
function consumed(parsed: Parsed) {
  if (!parsed.ok) return [];
  return parsed.items.flatMap((item) => {
    if (!item.ok) return [];
    const headers: Record<string, string> = item.section ? { section: item.section } : {};
    const [key, value] = [Buffer.from(item.key), Buffer.from(item.value)];
    return [{ item, decoded: decodeRecord({ partition: 0, offset: 0, timestamp: 0, key, value, headers }) }];
  });
}

test('what the API accepts decodes downstream, unless the response names quarantine; nothing else does', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1 }), (records) => {
      for (const { item, decoded } of consumed(parseNative(body(JSON.stringify(records)), undefined, undefined))) {
        if (item.quarantine) expect(decoded).toMatchObject({ kind: 'bad', ...item.quarantine });
        else expect(decoded).toMatchObject({ kind: 'post', index: Number(item.key) });
      }
    }),
    { numRuns: 500 },
  );
});

test('an array and NDJSON of the same records have the same outcome, record by record', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1 }), (records) => {
      const array = parseNative(body(JSON.stringify(records)), 'application/json', undefined);
      const lines = records.map((each) => JSON.stringify(each)).join('\n');
      expect(parseNative(body(lines), 'application/x-ndjson', undefined)).toEqual(array);
    }),
  );
});

test('no text makes a parser throw', () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .array(fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\n', '\\', '1', '"records"', '"value"', '"Data"'))
      .map((all) => all.join('')),
    fc.jsonValue().map((records) => JSON.stringify({ records, Data: records })),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(undefined, 'application/x-ndjson'), (any, type) => {
      for (const parsed of [
        parseNative(body(any), type, undefined),
        parseNative(body(any), type, 'geo'),
        parseRestProxy(body(any), 'pin'),
        parseKinesis(body(any), 'user'),
      ]) {
        expect(typeof parsed.ok).toBe('boolean');
      }
    }),
    { numRuns: 2_000 },
  );
});
