import fc from 'fast-check';
import { archiveRecords } from '../../../../lambda/archive/core';
import { SECTIONS } from '../../../../lambda/domain/columns';
import { type KafkaRecord } from '../../../../lambda/domain/decode';
import { KEY_FIELD } from '../../../../lambda/domain/post';
import { postsOf, quarantined, redact, type Person } from '../../../../tools/operate/erase/core';
import { logArbitrary, toRecord } from '../../../support/posts-log';

const ADA: Person = { first_name: 'Ada', last_name: 'Ö "O', age: 36, date_joined: '2016-01-02T03:04:05.000Z' };
const user = (ind: number, changed: Readonly<Record<string, unknown>> = {}) => ({
  ind,
  first_name: ' Ada ',
  last_name: 'Ö "O',
  age: '36',
  date_joined: '2016:01:02 03:04:05',
  ...changed,
});

function record(offset: number, key: number | string, value: unknown, section?: string): KafkaRecord {
  const payload = typeof value === 'string' ? value : JSON.stringify(value);
  const headers: Record<string, string> = section ? { section } : {};
  return { partition: 0, offset, timestamp: 7, key: Buffer.from(String(key)), value: Buffer.from(payload), headers };
}

const archived = (records: readonly KafkaRecord[]) => archiveRecords('posts', new Map([[0, records]]));
const ndjsonOf = (records: readonly KafkaRecord[]) =>
  archived(records)
    .objects.map(({ ndjson }) => ndjson.toString('utf8'))
    .join('');

describe('the posts of a person', () => {
  test('are those whose user section cleans to the same four values', () => {
    const ndjson = ndjsonOf([
      record(0, 1, { pin: { index: 1, category: 'art' }, user: user(1) }),
      record(1, 2, user(2, { age: 37 }), 'user'),
      record(2, 3, user(3, { date_joined: '2016-01-02T03:04:05Z' }), 'user'),
      record(3, 4, user(4, { first_name: 'ada' }), 'user'),
      record(4, 5, user(5, { date_joined: null }), 'user'),
      record(5, 6, { index: 6, category: 'art', poster_name: 'Ö "O' }, 'pin'),
    ]);
    expect(postsOf(ndjson, ADA)).toEqual([1, 3]);
  });

  test('are found in every Unicode form of the names: older records have the one in which they were sent', () => {
    const { user: cleaned } = JSON.parse(ndjsonOf([record(0, 1, user(1), 'user')])) as {
      user: Record<string, unknown>;
    };
    const line = (last_name: string) =>
      JSON.stringify({ o: 0, t: 7, s: 'post', k: 1, user: { ...cleaned, last_name } });
    for (const form of ['NFC', 'NFD'] as const) expect(postsOf(line(ADA.last_name.normalize(form)), ADA)).toEqual([1]);
  });

  test('are found again by the mark once their user section is gone', () => {
    const { ndjson } = redact(ndjsonOf([record(0, 9, user(9), 'user')]), new Set([9]));
    expect(postsOf(ndjson, ADA)).toEqual([9]);
  });
});

describe('redacting an object of the raw log', () => {
  test('leaves offset, time, key and a mark of the records of these posts, and other lines byte for byte', () => {
    const before = ndjsonOf([
      record(0, 1, { pin: { index: 1, category: 'art', poster_name: 'Ada' }, user: user(1) }),
      record(1, 2, user(2), 'user'),
      record(2, 3, '{"no'),
      record(3, 1, { ind: 1, latitude: 1.5 }, 'geo'),
    ]);
    const { ndjson, records } = redact(before, new Set([1]));
    const lines = before.split('\n');
    expect(records).toBe(2);
    expect(ndjson.split('\n')).toEqual([
      '{"o":0,"t":7,"s":"post","k":1,"erased":true}',
      lines[1],
      lines[2],
      '{"o":3,"t":7,"s":"post","k":1,"erased":true}',
      '',
    ]);
  });

  test('retains every offset, changes no other post and nothing the second time, for any log and posts', () => {
    fc.assert(
      fc.property(logArbitrary(0, 1_000, 30), fc.uniqueArray(fc.integer({ min: 0, max: 6 })), (specs, keys) => {
        const posts = new Set(keys);
        const before = ndjsonOf(specs.map((spec, offset) => toRecord(spec, 0, offset)));
        const { ndjson, records } = redact(before, posts);
        const was = before.split('\n');
        const is = ndjson.split('\n');
        expect(is).toHaveLength(was.length);
        let redacted = 0;
        specs.forEach(({ kind, index }, offset) => {
          const gone = kind === 'post' && posts.has(index);
          if (gone) redacted++;
          expect(JSON.parse(is[offset])).toEqual(
            gone ? { ...pick(was[offset]), erased: true } : (JSON.parse(was[offset]) as unknown),
          );
        });
        expect(records).toBe(redacted);
        expect(redact(ndjson, posts)).toEqual({ ndjson, records: 0 });
      }),
    );
  });
});

function pick(line: string): Record<string, unknown> {
  const { o, t, s, k } = JSON.parse(line) as Record<string, unknown>;
  return { o, t, s, k };
}

describe('an object of the quarantine', () => {
  const about = (key: number | string, value: unknown, section?: string) => {
    const [{ body }] = archived([record(0, key, value, section)]).quarantine;
    return quarantined(body, ADA);
  };

  test('names the person by a user section, even if the age or the day is the reason for quarantine', () => {
    expect(about(5, { user: user(5, { age: 900 }) })).toEqual({ person: true, own: 5, posts: [5] });
    expect(about(5, user(5, { date_joined: 'soon' }), 'user')).toEqual({ person: true, own: 5, posts: [5] });
    expect(about(5, user(5, { age: 37, date_joined: 'soon' }), 'user').person).toBe(false);
    expect(about(5, { user: user(5, { last_name: 'P', age: 900 }) }).person).toBe(false);
    // Names alone suffice to delete the object; but names may be shared, so the post does not count as the person's.
    const named = { ind: 5, first_name: 'Ada', last_name: 'Ö "O', age: 900 };
    expect(about(5, named, 'user')).toEqual({ person: true, own: undefined, posts: [5] });
  });

  test('names the person if both names are in a text that is not a post', () => {
    expect(about(5, '{"x": ["Ada", "\\u00d6", "Ö \\"O"')).toEqual({ person: true, own: undefined, posts: [5] });
    for (const last of ['O\u0308 \\"O', 'O\\u0308 \\"O']) {
      expect(about(5, `["Ada", "${last}"`)).toEqual({ person: true, own: undefined, posts: [5] });
    }
    expect(about(5, '["Ada"]')).toEqual({ person: false, own: undefined, posts: [5] });
  });

  test('is about every post whose key it has, and makes only that of the user section the person’s', () => {
    const mixed = { pin: { index: 8, category: 'art' }, user: user(9) };
    expect(about(7, mixed)).toEqual({ person: true, own: 9, posts: [7, 8, 9] });
    expect(about('no number', [1])).toEqual({ person: false, own: undefined, posts: [] });
  });
});

describe('the key in a quarantined section', () => {
  const keysOf = (section: string, field: string) => {
    const payload = Buffer.from(JSON.stringify({ [section]: { [field]: 8 } })).toString('base64');
    const key = Buffer.from('7').toString('base64');
    return quarantined(JSON.stringify({ key, payload }), undefined).posts;
  };

  test.each(SECTIONS)('%s is found, whatever the key of the record', (section) => {
    expect(keysOf(section, KEY_FIELD[section])).toEqual([7, 8]);
  });

  test('is found in a section that is added later, and in no other member', () => {
    const sections: string[] = SECTIONS as unknown as string[];
    expect(keysOf('added', 'ind')).toEqual([7]);
    sections.push('added');
    try {
      expect(keysOf('added', 'ind')).toEqual([7, 8]);
    } finally {
      sections.pop();
    }
  });
});
