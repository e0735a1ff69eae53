/** The walk through the code names functions that exist, in the files that it names. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../tools/kit/root';

const PAGE = readFileSync(join(ROOT, 'docs/life-of-a-post.md'), 'utf8');
const NAMED = [...PAGE.matchAll(/`([\w./-]+\.(?:ts|py)):(\w+)`/g)].map(([, path, name]) => ({ path, name }));

/** A function, a method or a constant that holds one, of TypeScript or Python. */
function defines(path: string, name: string): boolean {
  if (!existsSync(join(ROOT, path))) return false;
  const source = readFileSync(join(ROOT, path), 'utf8');
  const forms = [
    `^\\s*(?:export )?(?:async )?function ${name}\\b`,
    `^\\s*(?:export )?const ${name}\\b.*=>`,
    `^\\s*(?:async )?${name}\\(.*\\{$`,
    `^\\s*def ${name}\\(`,
  ];
  return forms.some((form) => new RegExp(form, 'm').test(source));
}

test('a call and an import are not definitions', () => {
  expect(defines('lambda/query/core.ts', 'planRead')).toBe(true);
  expect(defines('lambda/query/handler.ts', 'planRead')).toBe(false);
  expect(defines('lambda/query/handler.ts', 'parseSelection')).toBe(false);
  expect(defines('lambda/query/no-such-file.ts', 'planRead')).toBe(false);
});

test('the page names a function in each step of both layers', () => {
  const folders = new Set(NAMED.map(({ path }) => path.split('/').slice(0, 2).join('/')));
  const steps = ['ingest', 'archive', 'aggregate', 'seal', 'compact', 'publish', 'reconcile', 'query'];
  expect([...folders]).toEqual(expect.arrayContaining(steps.map((step) => `lambda/${step}`)));
  expect([...folders]).toEqual(expect.arrayContaining(['dags/pipeline.py', 'spark/batch_views.py']));
});

test('each function that the page names exists in its file', () => {
  const missing = NAMED.filter(({ path, name }) => !defines(path, name));
  expect(missing.map(({ path, name }) => `${path}:${name}`)).toEqual([]);
});
