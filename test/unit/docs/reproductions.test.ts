/** The tests that `docs/proofs/reproductions.md` names are there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../tools/kit/root';

const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const table = textOf('docs/proofs/reproductions.md');
const shown = [...table.matchAll(/\]\(\.\.\/\.\.\/(test\/[^)]+)\): `([^`]+)`/g)].map(([, file, name]) => ({
  file,
  name,
}));

test('each of the thirteen faults has one', () => {
  const rows = table.split('\n').filter((line) => /^\| \d+ /.test(line));
  expect(rows).toHaveLength(13);
  for (const row of rows) expect(row).toMatch(/\]\(\.\.\/\.\.\/test\//);
});

test.each(shown)('$file has the test "$name"', ({ file, name }) => {
  expect(textOf(file)).toContain(`'${name}'`);
});
