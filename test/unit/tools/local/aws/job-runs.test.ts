import { splitParameters } from '../../../../../tools/local/aws/job-runs';

test.each([
  ['', []],
  ['  --conf a=b   --conf c=d ', ['--conf', 'a=b', '--conf', 'c=d']],
  ['--conf "spark.x=a b" --y', ['--conf', 'spark.x=a b', '--y']],
  [`--conf spark.opts='-Da="1" -Db'`, ['--conf', 'spark.opts=-Da="1" -Db']],
  ['a\\ b "c\\"d" ""', ['a b', 'c"d', '']],
  ['"x\\ny"', ['x\\ny']],
])('%j splits into %j', (line, words) => {
  expect(splitParameters(line)).toEqual(words);
});

test.each(['"open', "it's", 'end\\'])('%j is an error, as in a shell', (line) => {
  expect(() => splitParameters(line)).toThrow(`unclosed quote or escape in '${line}'`);
});
