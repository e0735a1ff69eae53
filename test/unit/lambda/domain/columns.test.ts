import {
  bySection,
  columnOf,
  COLUMNS,
  columnsOf,
  SECTION_TABLE,
  SECTIONS,
  type ColumnName,
} from '../../../../lambda/domain/columns';
import { checkRecord } from '../../../../lambda/domain/check';
import { KEY_FIELD } from '../../../../lambda/domain/post';
import { column, type FieldsOf, section } from '../../../../lambda/domain/sections/section';
import { isValidationError } from '../../../../lambda/domain/validation-error';

test('the bits of stored states stand for the sections in this order', () => {
  expect(SECTIONS.slice(0, 3)).toEqual(['pin', 'geo', 'user']);
});

test('a column has one section, a name of its own, and is not called as a validation error is', () => {
  const names = COLUMNS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(SECTIONS.flatMap((each) => columnsOf(each))).toEqual(COLUMNS);
  for (const each of COLUMNS) expect(columnOf(each.name)).toBe(each);
  for (const reserved of ['allowed', 'post_key', 'interval_start', 'kafka_partition', 'first_offset', 'sections']) {
    expect(names).not.toContain(reserved as ColumnName);
  }
});

test('a section whose clean lacks a column, or whose fields lack one of the contract, does not compile', () => {
  const one = column('one', 'string', 'none', '');
  const two = column('two', 'int', 'none', '');
  const fields = { ind: ['index', 'none'], age: ['integer', 'personal'] } satisfies FieldsOf<{ ind: 1; age: 2 }>;
  const whole = section({ key: 'ind', fields, columns: [one, two], clean: () => ({ one: 'a', two: 2 }) });
  // @ts-expect-error the column `two` is not computed
  const lacking = section({ key: 'ind', fields, columns: [one, two], clean: () => ({ one: 'a' }) });
  // @ts-expect-error the field `age` has no check and no class
  const unchecked = { ind: ['index', 'none'] } satisfies FieldsOf<{ ind: 1; age: 2 }>;
  expect([whole, lacking, unchecked]).toHaveLength(3);
});

test.each(SECTIONS)('a flat record with a field that only %s has is that section', (name) => {
  const key = KEY_FIELD[name];
  const others = SECTIONS.filter((each) => each !== name).flatMap((each) => Object.keys(SECTION_TABLE[each].fields));
  const required = name === 'pin' ? { category: 'art' } : {};
  const unique = Object.entries(SECTION_TABLE[name].fields).filter(
    ([field, [kind]]) => kind === 'text' && !others.includes(field),
  );
  expect(unique.length).toBeGreaterThan(0);
  for (const [field] of unique) {
    for (const keyField of ['index', 'ind']) {
      const raw = { [keyField]: 7, ...required, [field]: 'x' };
      expect(checkRecord(raw)).toEqual({ index: 7, flat: name, sections: { [name]: raw } });
    }
    const both = { index: 8, ind: 8, [key]: 7, ...required, [field]: 'x' };
    expect(checkRecord(both)).toMatchObject({ index: 7, flat: name });
    expect(checkRecord({ ...required, [field]: 'x' })).toMatchObject({ field: `${name}.${key}`, value: 'nothing' });
  }
});

test('a flat record with fields of two sections, or only with shared ones, is rejected', () => {
  expect(isValidationError(checkRecord({ ind: 7, country: 'Fiji', age: 20 }))).toBe(true);
  expect(isValidationError(checkRecord({ ind: 7 }))).toBe(true);
});

test('a value for each section', () => {
  expect(bySection((name) => name.length)).toMatchObject({ pin: 3, geo: 3, user: 4 });
});
