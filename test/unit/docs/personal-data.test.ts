// It is current, by generated.test.ts.
import post from '../../../docs/schemas/post.schema.json';
import { DATA_CLASSES, highest } from '../../../lambda/domain/data-classes';
import { COLUMNS, SECTION_TABLE } from '../../../lambda/domain/columns';
import { resource } from '../../support/templates';
import { synthesize } from '../../support/synth';

test('every field of the JSON Schema has its class', () => {
  const { definitions } = post as unknown as {
    definitions: Record<string, { properties: Record<string, Record<string, unknown>> }>;
  };
  for (const [name, classes] of Object.entries({
    Pin: SECTION_TABLE.pin.fields,
    Geo: SECTION_TABLE.geo.fields,
    User: SECTION_TABLE.user.fields,
  })) {
    const { properties } = definitions[name];
    const classified = Object.entries(properties).map(([field, schema]) => [field, schema['x-data-class']]);
    const stated = Object.entries(classes).map(([field, [, dataClass]]) => [field, dataClass]);
    expect(Object.fromEntries(classified)).toEqual(Object.fromEntries(stated));
    for (const schema of Object.values(properties)) expect(Object.keys(schema).length).toBeGreaterThan(1);
  }
}, 60_000);

test('the comments of the Glue table state the class of every column whose class is not none', () => {
  const { Properties } = resource(synthesize({ stage: 'dev' }).storage, 'AWS::Glue::Table');
  const { StorageDescriptor } = Properties.TableInput as {
    StorageDescriptor: { Columns: { Name: string; Comment: string }[] };
  };
  const comments = new Map(StorageDescriptor.Columns.map(({ Name, Comment }) => [Name, Comment]));
  for (const { name, dataClass, description } of COLUMNS) {
    expect(comments.get(name)).toBe(dataClass === 'none' ? description : `${description} (${dataClass})`);
  }
  expect(comments.get('post_key')).toMatch(/\(pseudonymous\)$/);
});

test('the class of several columns is the most sensitive of theirs', () => {
  expect(highest([])).toBe('none');
  expect(highest(['pseudonymous', 'none'])).toBe('pseudonymous');
  expect(highest(['none', 'personal', 'pseudonymous'])).toBe('personal');
  expect(Object.keys(DATA_CLASSES)).toEqual(['none', 'pseudonymous', 'personal']);
});
