import { formatRows, markdownTable, textTable } from '../../../../tools/kit/table';

test('columns of text are in line, without borders and spaces at the end', () => {
  const rows = [
    ['a', '1', ''],
    ['long', '22', 'x'],
  ];
  expect(textTable(rows, { align: ['left', 'right'] })).toBe('  a      1\n  long  22  x');
  expect(textTable(rows, { head: ['h', 'n', ''] })).toBe('  h     n\n  a     1\n  long  22  x');
});

test('rows are cut with a last line that says how many, and numbers go to the right', () => {
  const rows = [
    { name: 'a', value: 1 },
    { name: 'b', value: 100 },
    { name: null, value: 5 },
  ];
  expect(formatRows(['name', 'value'], rows, 2)).toBe('  name  value\n  a         1\n  b       100\n  … 1 more');
  expect(formatRows(['name'], [], 2)).toBe('  name\n  no rows');
});

test('Markdown has a line below the head', () => {
  expect(markdownTable(['a', 'b'], [['1', '2']])).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |');
});
