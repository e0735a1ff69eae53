import fc from 'fast-check';
import { cleanSection } from '../../../../lambda/domain/clean';
import { columnsOf } from '../../../../lambda/domain/columns';
import { parseCount } from '../../../../lambda/domain/sections/pin';
import { cleanText } from '../../../../lambda/domain/sections/text';
import { ageGroup } from '../../../../lambda/domain/sections/user';

const AT = Date.UTC(2026, 10, 22, 21, 7, 59, 999);
const pin = (fields: object) => cleanSection('pin', { index: 1, category: 'art', ...fields }, AT);
const geo = (fields: object) => cleanSection('geo', { ind: 1, ...fields }, AT);
const user = (fields: object) => cleanSection('user', { ind: 1, ...fields }, AT);

describe('a section has every column of its section, null where the client gave nothing', () => {
  test.each([
    ['pin', pin({})],
    ['geo', geo({})],
    ['user', user({})],
  ] as const)('%s', (section, cleaned) => {
    expect(Object.keys(cleaned)).toEqual(columnsOf(section).map(({ name }) => name));
    const given = section === 'pin' ? { category: 'art', arrival_minute: '2026-11-22T21:07:00.000Z' } : {};
    for (const { name } of columnsOf(section)) {
      expect([name, cleaned[name as keyof typeof cleaned]]).toEqual([name, given[name as keyof typeof given] ?? null]);
    }
  });
});

describe('follower_count', () => {
  test.each([
    ['0', 0],
    ['17', 17],
    [' 942 ', 942],
    ['\u00a05k', 5_000],
    ['17k', 17_000],
    ['17K', 17_000],
    ['1.5k', 1_500],
    ['2M', 2_000_000],
    ['2.25m', 2_250_000],
    ['1.1M', 1_100_000],
    ['1B', 1_000_000_000],
    ['1.234567891b', 1_234_567_891],
    ['0.001k', 1],
    ['1.0005k', 1_001],
    ['1.0004k', 1_000],
    ['9007199254740991', 9_007_199_254_740_991],
    ['007', 7],
    [120, 120],
    ['User Info Error', null],
    [' User Info Error ', null],
    [null, null],
    [undefined, null],
  ])('%p is %p', (follower_count, expected) => {
    expect(pin({ follower_count })).toMatchObject({ follower_count: expected });
  });

  test.each([
    '',
    ' ',
    'abc',
    '12 k',
    '1,000',
    '-5',
    '+5',
    '1.5',
    '.5k',
    '5.k',
    '1.2.3k',
    'k',
    '1e3',
    '12kk',
    '12g',
    '٣',
    'user info error',
  ])('%p goes to quarantine', (follower_count) => {
    expect(pin({ follower_count })).toMatchObject({
      field: 'pin.follower_count',
      value: JSON.stringify(follower_count),
    });
  });

  test.each(['9007199254740992', '9007199254741k', '99999999999999999999', '10000000000B', 5.5, -1])(
    '%p is no count that 53 bits hold, so goes to quarantine',
    (follower_count) => {
      expect(pin({ follower_count })).toMatchObject({ field: 'pin.follower_count' });
    },
  );

  test('agrees with exact arithmetic for every text of its forms', () => {
    const suffixes = { '': 1n, k: 1_000n, M: 1_000_000n, B: 1_000_000_000n } as const;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 999_999 }),
        fc.option(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 14 })),
        fc.constantFrom('k', 'M', 'B', ''),
        (whole, fraction, suffix) => {
          const digits = suffix === '' || !fraction ? [] : fraction;
          const text = `${whole}${digits.length ? `.${digits.join('')}` : ''}${suffix}`;
          const unit = 10n ** BigInt(digits.length);
          const scaled = BigInt(`${whole}${digits.join('')}`) * suffixes[suffix as keyof typeof suffixes];
          expect(parseCount(text)).toBe(Number((scaled + unit / 2n) / unit));
        },
      ),
    );
  });
});

describe('text', () => {
  test.each([
    ['poster_name', ' Poster 1 ', 'Poster 1'],
    ['poster_name', 'User Info Error', null],
    ['title', '  A title\u00a0', 'A title'],
    ['title', 'No Title Data Available', null],
    ['title', ' \u00a0 ', null],
    ['description', '\u00a0Words\u00a0here \u00a0', 'Words\u00a0here'],
    ['description', 'No description available', null],
    ['description', 'No description available Story format', null],
    ['description', ' Untitled ', null],
    ['description', 'Untitled work', 'Untitled work'],
    ['image_src', 'Image src error.', null],
    ['image_src', 'Image src error', 'Image src error'],
    ['image_src', 'https://i.example/a.jpg', 'https://i.example/a.jpg'],
    ['save_location', 'Local save in /data/art', '/data/art'],
    ['save_location', '/data/art', '/data/art'],
    ['save_location', 'Local save in ', 'Local save in'],
    ['category', '  Mens-Fashion ', 'mens-fashion'],
    ['unique_id', ' 55abcd28-bda1-4453-bbcd-1427fb3aa49b', '55abcd28-bda1-4453-bbcd-1427fb3aa49b'],
  ])('%s %p is %p', (field, value, expected) => {
    expect(pin({ [field]: value })).toMatchObject({ [field]: expected });
  });

  test('control characters become spaces, so that no value holds the separator of keys', () => {
    expect(cleanText('a\u001fb\nc\u0000')).toBe('a b c');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(cleanText(text) ?? '').not.toMatch(/[\u0000-\u001f]/);
      }),
    );
  });

  test('the same text in another Unicode form is the same text (NFC), whatever its case', () => {
    expect(cleanText('Jose\u0301 Nu\u0301n\u0303ez')).toBe('Jos\u00e9 N\u00fa\u00f1ez');
    const [composed, decomposed] = ['\u00c9t\u00e9', 'E\u0301te\u0301'];
    expect(pin({ category: decomposed })).toEqual(pin({ category: composed }));
    const person = { age: 30, date_joined: '2016-01-02' };
    expect(user({ ...person, first_name: decomposed, last_name: 'x' })).toEqual(
      user({ ...person, first_name: composed, last_name: 'x' }),
    );
    const marks = fc.constantFrom(
      '\u0301',
      '\u0323',
      '\u0307',
      '\u0338',
      '\u1100',
      '\u1161',
      '\u0130',
      'I',
      'a',
      '\u212b',
    );
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: marks }));
    fc.assert(
      fc.property(text, (given) => {
        for (const form of ['NFC', 'NFD'] as const) {
          expect(cleanText(given.toWellFormed().normalize(form))).toBe(cleanText(given));
          const { category } = pin({ category: `x${given}`.slice(0, 60) }) as { category: string };
          expect(category).toBe(category.normalize('NFC'));
        }
      }),
    );
  });

  test('a lone surrogate, which UTF-8 cannot carry, becomes U+FFFD', () => {
    expect(cleanText('a\ud800b')).toBe('a\ufffdb');
  });

  test('a category of control characters alone goes to quarantine', () => {
    expect(pin({ category: '\u0001' })).toMatchObject({ field: 'pin.category' });
  });
});

describe('a text that is a dimension of views', () => {
  const long = 'x'.repeat(257);
  test.each([
    ['pin.category', () => pin({ category: long })],
    ['pin.poster_name', () => pin({ poster_name: long })],
    ['geo.country', () => geo({ country: long })],
  ])('%s has at most 256 characters, or goes to quarantine', (field, clean) => {
    expect(clean()).toMatchObject({ field, allowed: expect.stringContaining('at most 256 characters') });
  });

  test('may be 256 characters long', () => {
    expect(geo({ country: 'x'.repeat(256) })).toMatchObject({ country: 'x'.repeat(256) });
  });
});

describe('tag_list', () => {
  test.each([
    ['a,b', ['a', 'b']],
    [' Girl Drawing , ,Art,', ['Girl Drawing', 'Art']],
    ['N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e', []],
    ['', []],
    [
      ['x ', '', 'y,z'],
      ['x', 'y,z'],
    ],
    [null, null],
    [undefined, null],
  ])('%p is %p', (tag_list, expected) => {
    expect(pin({ tag_list })).toMatchObject({ tag_list: expected });
  });
});

describe('media_type and downloaded', () => {
  test.each([
    ['image', 'image'],
    [' video ', 'video'],
    ['multi-video(story page format)', 'multi-video'],
    ['', null],
    [null, null],
  ])('is_image_or_video %p is %p', (is_image_or_video, media_type) => {
    expect(pin({ is_image_or_video })).toMatchObject({ media_type });
  });

  test('another format goes to quarantine', () => {
    expect(pin({ is_image_or_video: 'gif' })).toEqual({
      field: 'pin.is_image_or_video',
      value: '"gif"',
      allowed: 'image, video, multi-video(story page format) or null',
    });
  });

  test.each([
    [0, 0],
    ['1', 1],
    [true, 1],
    [null, null],
  ])('downloaded %p is %p', (downloaded, expected) => {
    expect(pin({ downloaded })).toMatchObject({ downloaded: expected });
  });

  test('downloaded 2 goes to quarantine', () => {
    expect(pin({ downloaded: 2 })).toMatchObject({ field: 'pin.downloaded', value: '2' });
  });
});

describe('geo', () => {
  test('commas, brackets and quotes are part of a country', () => {
    expect(geo({ country: ' Antarctica (the territory South of 60 deg S) ' })).toMatchObject({
      country: 'Antarctica (the territory South of 60 deg S)',
    });
    expect(geo({ country: `Cote d'Ivoire, "CI" [x]` })).toMatchObject({ country: `Cote d'Ivoire, "CI" [x]` });
  });

  test.each([
    [90, -180, { latitude: 90, longitude: -180 }],
    ['-88.8298', '170.188', { latitude: -88.8298, longitude: 170.188 }],
    ['1e1', ' 2 ', { latitude: 10, longitude: 2 }],
    [null, undefined, { latitude: null, longitude: null }],
    [90.0001, 0, { field: 'geo.latitude', value: '90.0001' }],
    ['-91', 0, { field: 'geo.latitude', value: '"-91"' }],
    [0, 181, { field: 'geo.longitude', value: '181' }],
    [Infinity, 0, { field: 'geo.latitude' }],
    [0, 'NaN', { field: 'geo.longitude' }],
  ])('%p, %p', (latitude, longitude, expected) => {
    expect(geo({ latitude, longitude })).toMatchObject(expected);
  });

  test('post_year is the year of the timestamp in UTC', () => {
    expect(geo({ timestamp: '2019-12-31T23:30:00-01:00' })).toMatchObject({
      posted_at: '2020-01-01T00:30:00.000Z',
      post_year: 2020,
    });
  });

  test('a timestamp that is none goes to quarantine', () => {
    expect(geo({ timestamp: 'yesterday' })).toMatchObject({ field: 'geo.timestamp', value: '"yesterday"' });
  });
});

describe('user', () => {
  test.each([
    [17, null],
    [18, '18-24'],
    [24, '18-24'],
    [25, '25-35'],
    [35, '25-35'],
    [36, '36-50'],
    [50, '36-50'],
    [51, '50+'],
    [150, '50+'],
    [0, null],
    [null, null],
  ])('age %p is in group %p', (age, group) => {
    expect(ageGroup(age)).toBe(group);
    expect(user({ age })).toMatchObject({ age, age_group: group });
  });

  test('an age in digits is a number', () => {
    expect(user({ age: ' 42 ' })).toMatchObject({ age: 42, age_group: '36-50' });
  });

  test.each([151, -1, 200, '999'])('age %p goes to quarantine', (age) => {
    expect(user({ age })).toMatchObject({ field: 'user.age', allowed: 'an integer from 0 to 150, or null' });
  });

  test('a bad date_joined goes to quarantine', () => {
    expect(user({ date_joined: '2015-02-30 00:00:00' })).toMatchObject({ field: 'user.date_joined' });
  });

  const person = { first_name: 'Ada', last_name: 'Byron', age: 36, date_joined: '2015-10-21 21:26:45' };

  test('a person is the same in every form the client may send', () => {
    const one = user(person);
    const other = user({ ...person, first_name: ' Ada', age: '36', date_joined: '2015:10:21 21:26:45' });
    expect(other).toEqual(one);
    expect(one).toMatchObject({ join_year: 2015, user_register: expect.any(Number), user_rank: expect.any(Number) });
  });

  test('persons who share a name are distinguished by age and date of joining', () => {
    const sketchOf = (fields: object) => {
      const { user_register, user_rank } = user({ ...person, ...fields }) as Record<string, unknown>;
      return `${user_register}/${user_rank}`;
    };
    expect(sketchOf({ age: 37 })).not.toBe(sketchOf({}));
    expect(sketchOf({ date_joined: '2015-10-21 21:26:46' })).not.toBe(sketchOf({}));
  });

  test.each(['first_name', 'last_name', 'age', 'date_joined'])('without %s there is no distinct person', (field) => {
    expect(user({ ...person, [field]: null })).toMatchObject({ user_register: null, user_rank: null });
  });
});

test('the minute of arrival is that of the record, not of the client', () => {
  expect(cleanSection('pin', { index: 1, category: 'art' }, 0)).toMatchObject({
    arrival_minute: '1970-01-01T00:00:00.000Z',
  });
  expect(pin({})).toMatchObject({ arrival_minute: '2026-11-22T21:07:00.000Z' });
});

test('what is valid, and each column that is read, does not depend on which others are', () => {
  const raw = {
    index: 1,
    category: ' Art',
    title: 'T',
    description: 'D',
    tag_list: 'a,b',
    unique_id: 'u',
    image_src: 'i',
  };
  const all = cleanSection('pin', raw, AT) as Record<string, unknown>;
  const read = cleanSection('pin', raw, AT, (column) => column === 'category');
  expect(read).toEqual({ ...all, title: null, description: null, tag_list: null, unique_id: null, image_src: null });
  for (const name of Object.keys(all)) {
    expect(cleanSection('pin', raw, AT, (column) => column === name)).toMatchObject({ [name]: all[name] });
  }
  expect(cleanSection('pin', { ...raw, follower_count: 'abc' }, AT, () => false)).toMatchObject({
    field: 'pin.follower_count',
  });
});
