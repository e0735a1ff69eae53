import { documents } from '../../../tools/docgen/schemas';

test('every reference of the OpenAPI document leads somewhere', () => {
  const { openapi } = documents();
  const { components } = openapi as { components: { schemas: object } };
  const references = [...JSON.stringify(openapi).matchAll(/"#\/components\/schemas\/([^"]+)"/g)];
  const names = references.map(([, name]) => name);
  expect(names).toContain('PostRecord');
  expect(names.filter((name) => !Object.hasOwn(components.schemas, name))).toEqual([]);
});
