import { readFileSync } from 'node:fs';
import { document, FILE } from '../../../tools/docgen/personal-data';
import { documents } from '../../../tools/docgen/schemas/generate';
import { COLUMN_CLASSES, DATA_CLASSES, FIELD_CLASSES, highest } from '../../../lambda/domain/data-classes';
import { COLUMNS } from '../../../lambda/domain/columns';
import { resource } from '../../support/templates';
import { synthesize } from '../../support/synth';

/** Without what prettier pads and escapes. */
const plain = (text: string) => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---').trim();

test('docs/security/personal-data.md is what the classes, the views and the configuration say', () => {
  expect(plain(readFileSync(FILE, 'utf8'))).toBe(plain(document()));
});

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
    const said = Object.entries(properties).map(([field, schema]) => [field, schema['x-data-class']]);
    expect(Object.fromEntries(said)).toEqual(classes);
    for (const schema of Object.values(properties)) expect(Object.keys(schema).length).toBeGreaterThan(1);
  }
}, 60_000);

test('the comments of the Glue table tell every column that is not harmless', () => {
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

test('what holds several classes has the most delicate of them', () => {
  expect(highest([])).toBe('none');
  expect(highest(['pseudonymous', 'none'])).toBe('pseudonymous');
  expect(highest(['none', 'personal', 'pseudonymous'])).toBe('personal');
  expect(Object.keys(DATA_CLASSES)).toEqual(['none', 'pseudonymous', 'personal']);
});
