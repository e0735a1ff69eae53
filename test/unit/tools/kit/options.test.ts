import {
  flag,
  helpOf,
  integer,
  oneOf,
  optional,
  parse,
  repeated,
  required,
  text,
  withDefault,
} from '../../../../tools/kit/options';

const OPTIONS = {
  name: required(text('N', 'a name', 'a name')),
  count: withDefault('3', integer('C', 'how many', 1, 9)),
  kind: optional(oneOf('K', 'which kind', ['a', 'b'])),
  tag: repeated(text('T', 'a tag', 'a tag')),
  dry: flag('changes nothing'),
};

test('values have the types that their options declare, and defaults', () => {
  const { values } = parse(['--name', 'x', '--tag', '1', '--tag', '2'], OPTIONS);
  const typed: { name: string; count: number; kind?: 'a' | 'b'; tag: readonly string[]; dry: boolean } = values;
  expect(typed).toEqual({ name: 'x', count: 3, kind: undefined, tag: ['1', '2'], dry: false });
});

test('the last of several values counts', () => {
  expect(parse(['--name', 'x', '--name', 'y', '--count', '4', '--dry', '--dry'], OPTIONS).values).toMatchObject({
    ...{ name: 'y', count: 4, dry: true },
  });
});

test.each([
  [[], '--name must be a name, got nothing'],
  [['--name', ''], "--name must be a name, got ''"],
  [['--name', 'x', '--count', '0'], "--count must be an integer from 1 to 9, got '0'"],
  [['--name', 'x', '--count', '1.5'], "--count must be an integer from 1 to 9, got '1.5'"],
  [['--name', 'x', '--kind', 'c'], "--kind must be one of a, b, got 'c'"],
  [['--nam', 'x'], "Unknown option '--nam': allowed are --name, --count, --kind, --tag, --dry, --help"],
  [['--name', 'x', '--dry=no'], "Option '--dry' does not take an argument: allowed are"],
  [['--name', 'x', 'y'], "Unexpected argument 'y'"],
  [['--name', 'x'.repeat(99), '--count', 'y'.repeat(99)], `got '${'y'.repeat(60)}'`],
])('%j is rejected in one line', (argv, message) => {
  const attempt = () => parse(argv, OPTIONS);
  expect(attempt).toThrow(message);
  expect(attempt).not.toThrow('\n');
});

test('arguments without an option are returned where they are allowed', () => {
  expect(parse(['a', '--dry', 'b'], { dry: OPTIONS.dry }, { positionals: true })).toEqual({
    ...{ values: { dry: true }, positionals: ['a', 'b'] },
  });
});

test('the help has a line for each option, with its default', () => {
  expect(helpOf(OPTIONS).split('\n')).toEqual([
    '  --name N   a name',
    '  --count C  how many (default 3)',
    '  --kind K   which kind',
    '  --tag T    a tag; may be repeated',
    '  --dry      changes nothing',
    '  --help     prints this',
  ]);
});
