import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documents, files } from '../../docs/schemas/generate';

const FOLDER = join(__dirname, '..', '..', 'docs', 'schemas');

test('the committed schemas are those of the code: run npm run schemas', async () => {
  for (const [name, text] of Object.entries(await files())) {
    expect({ name, text: readFileSync(join(FOLDER, name), 'utf8') }).toEqual({ name, text });
  }
}, 60_000);

test('every reference of the OpenAPI document leads somewhere', () => {
  const { openapi } = documents() as { openapi: { components: { schemas: object } } };
  const references = [...JSON.stringify(openapi).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name,
  );
  expect(references).toContain('PostRecord');
  expect(references.filter((name) => !Object.hasOwn(openapi.components.schemas, name))).toEqual([]);
}, 60_000);
