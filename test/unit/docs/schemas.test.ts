// It is current, by generated.test.ts.
import openapi from '../../../docs/schemas/openapi.json';

test('every reference of the OpenAPI document leads somewhere', () => {
  const { schemas } = openapi.components;
  const references = [...JSON.stringify(openapi).matchAll(/"#\/components\/schemas\/([^"]+)"/g)];
  const names = references.map(([, name]) => name);
  expect(names).toContain('PostRecord');
  expect(names.filter((name) => !Object.hasOwn(schemas, name))).toEqual([]);
});
