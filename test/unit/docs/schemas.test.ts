import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documents, type Documents } from '../../../tools/docgen/schemas/generate';
import { ROOT } from '../../../tools/kit/root';

const FOLDER = join(ROOT, 'docs', 'schemas');
const committed = (name: string) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as unknown;

let generated: Documents;
beforeAll(() => void (generated = documents()), 60_000);

test.each(['post.schema.json', 'openapi.json'])('%s is what the types of the code say: run npm run schemas', (name) => {
  expect(committed(name)).toEqual(name === 'openapi.json' ? generated.openapi : generated.post);
});

test('every reference of the OpenAPI document leads somewhere', () => {
  const { components } = generated.openapi as { components: { schemas: object } };
  const references = [...JSON.stringify(generated.openapi).matchAll(/"#\/components\/schemas\/([^"]+)"/g)];
  const names = references.map(([, name]) => name);
  expect(names).toContain('PostRecord');
  expect(names.filter((name) => !Object.hasOwn(components.schemas, name))).toEqual([]);
});
