import { parseEraseOptions } from '../../../../tools/operate/erase/options';

const PERSON = ['--first-name', ' Ada', '--last-name', 'Oh', '--age', '36', '--date-joined', '2016-01-02 03:04:05'];
const LAKE = ['--lake', 'b'];

test('a person and posts are cleaned as the pipeline cleans them, and nothing is changed by default', () => {
  expect(parseEraseOptions([...LAKE, ...PERSON, '--post', '7', '--post', '8'])).toEqual({
    target: {
      person: { first_name: 'Ada', last_name: 'Oh', age: 36, date_joined: '2016-01-02T03:04:05.000Z' },
      posts: [7, 8],
    },
    lake: 'b',
    concurrency: 16,
    compact: undefined,
    publish: undefined,
  });
  expect(parseEraseOptions([...LAKE, '--post', '7', '--compact', 'f', '--publish', 'g', '--dry-run'])).toMatchObject({
    target: { person: undefined, posts: [7] },
    compact: undefined,
    publish: undefined,
  });
  expect(parseEraseOptions([...LAKE, '--post', '7', '--compact', 'f', '--yes'])).toMatchObject({ compact: 'f' });
  const whole = [...LAKE, '--post', '7', '--compact', 'f', '--publish', 'g', '--yes'];
  expect(parseEraseOptions(whole)).toMatchObject({ compact: 'f', publish: 'g' });
});

test.each([
  [['--post', '7'], /^--lake must be the name of a bucket, got nothing$/],
  [LAKE, /^whom to erase must be given: --first-name, --last-name, --age, --date-joined, or --post$/],
  [[...LAKE, ...PERSON.slice(0, 6)], /^--date-joined must be given too: a person is --first-name, .*--date-joined$/],
  [[...LAKE, ...PERSON, '--age', '151'], /^--age must be an integer from 0 to 150, got '151'$/],
  [[...LAKE, ...PERSON, '--last-name', ' '], /^--last-name must be a name, got ' '$/],
  [[...LAKE, ...PERSON, '--date-joined', 'x'], /^--date-joined must be YYYY-MM-DD HH:MM:SS or ISO 8601, got 'x'$/],
  [[...LAKE, '--post', '-'], /^--post must be an integer from 0 to 9007199254740991, got '-'$/],
  [[...LAKE, '--post', '7', '--concurrency', '0'], /^--concurrency must be an integer from 1 to 256, got '0'$/],
  [[...LAKE, '--post', '7', '--yes'], /^--compact must be the name of a function, with --yes, got nothing$/],
  [[...LAKE, '--post', '7', '--yes', '--dry-run'], /^--yes and --dry-run exclude each other$/],
  [[...LAKE, '--all'], /^Unknown option '--all': allowed are --first-name, .*--help$/],
])('%j is rejected in one line', (argv, message) => {
  expect(() => parseEraseOptions(argv)).toThrow(message);
});
