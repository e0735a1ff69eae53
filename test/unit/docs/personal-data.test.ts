import { documents } from '../../../tools/docgen/schemas';
import { COLUMN_CLASSES, DATA_CLASSES, FIELD_CLASSES, highest } from '../../../lambda/domain/data-classes';
import { COLUMNS } from '../../../lambda/domain/columns';
import { resource } from '../../support/templates';
import { synthesize } from '../../support/synth';

test('every field of the JSON Schema has its class', () => {
  const { definitions } = documents().post as {
    definitions: Record<string, { properties: Record<string, Record<string, unknown>> }>;
  };
  for (const [name, classes] of Object.entries({
    Pin: FIELD_CLASSES.pin,
    Geo: FIELD_CLASSES.geo,
    User: FIELD_CLASSES.user,
  })) {
    const { properties } = definitions[name];
    const classified = Object.entries(properties).map(([field, schema]) => [field, schema['x-data-class']]);
    expect(Object.fromEntries(classified)).toEqual(classes);
    for (const schema of Object.values(properties)) expect(Object.keys(schema).length).toBeGreaterThan(1);
  }
}, 60_000);

test('the comments of the Glue table state the class of every column whose class is not none', () => {
  const { Properties } = resource(synthesize({ stage: 'dev' }).storage, 'AWS::Glue::Table');
  const { StorageDescriptor } = Properties.TableInput as {
    StorageDescriptor: { Columns: { Name: string; Comment: string }[] };
  };
  const comments = new Map(StorageDescriptor.Columns.map(({ Name, Comment }) => [Name, Comment]));
  for (const { name, description } of COLUMNS) {
    const dataClass = COLUMN_CLASSES[name];
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
