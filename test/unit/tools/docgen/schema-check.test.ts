import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findings } from '../../../../tools/docgen/schema-check';
import { incompatibilities, type Schema } from '../../../../tools/docgen/schemas/compatible';
import { ROOT } from '../../../../tools/kit/root';

const read = (name: string) => JSON.parse(readFileSync(join(ROOT, 'docs/schemas', name), 'utf8')) as Schema;

const GEO: Schema = {
  type: 'object',
  properties: {
    ind: { $ref: '#/definitions/Index' },
    country: { type: ['string', 'null'] },
    age: { type: 'integer', minimum: 0, maximum: 150 },
  },
  required: ['ind'],
};
const of = (geo: Schema, definitions: Schema['definitions'] = {}): Schema => ({
  $ref: '#/definitions/Geo',
  definitions: {
    Geo: geo,
    Index: { anyOf: [{ type: 'integer' }, { type: 'string', pattern: '^[0-9]+$' }] },
    ...definitions,
  },
});
const withFields = (properties: Schema['properties'], more: Schema = {}): Schema =>
  of({ ...GEO, ...more, properties: { ...GEO.properties, ...properties } });

describe('a schema', () => {
  test.each<[string, Schema]>([
    ['as it was', of(GEO)],
    ['with an optional field more', withFields({ city: { type: 'string' } })],
    ['with a field less, where others are let through', of({ ...GEO, properties: { ind: GEO.properties!.ind } })],
    ['with a type more', withFields({ country: { type: ['string', 'null', 'integer'] } })],
    ['with wider bounds', withFields({ age: { type: 'number', minimum: -1 } })],
    ['without a required field', of({ ...GEO, required: [] })],
    ['with another description', withFields({ country: { type: ['null', 'string'], description: 'x' } as Schema })],
  ])('%s accepts what was accepted', (_, after) => {
    expect(incompatibilities(of(GEO), after)).toEqual([]);
  });

  test.each<[string, Schema, string]>([
    [
      'with a required field more',
      withFields({ city: { type: 'string' } }, { required: ['ind', 'city'] }),
      'city: is required now',
    ],
    [
      'with a type less',
      withFields({ country: { type: 'string' } }),
      'country: null is no longer accepted, only string',
    ],
    [
      'with narrower bounds',
      withFields({ age: { type: 'integer', minimum: 0, maximum: 120 } }),
      'age: maximum is 120 now, was 150',
    ],
    [
      'with a bound more',
      withFields({ age: { type: 'integer', minimum: 1, maximum: 150 } }),
      'age: minimum is 1 now, was 0',
    ],
    [
      'with a pattern',
      withFields({ country: { type: ['string', 'null'], pattern: 'S' } as Schema }),
      'country: must match S now',
    ],
    [
      'of named fields only',
      of({ ...GEO, additionalProperties: false }),
      'the record: fields that the schema does not name are no longer accepted',
    ],
    [
      'with a narrower definition',
      of(GEO, { Index: { type: 'integer' } }),
      'ind: string is no longer accepted, only integer',
    ],
  ])('%s says what is no longer accepted', (_, after, reason) => {
    expect(incompatibilities(of(GEO), after)).toEqual([reason]);
  });

  test('of a closed object with a field less names the field', () => {
    const closed = { ...GEO, additionalProperties: false };
    const less = { ...closed, properties: { ind: GEO.properties!.ind, age: GEO.properties!.age } };
    expect(incompatibilities(of(closed), of(less))).toEqual(['country: is no longer accepted']);
  });

  test('with a keyword that is not compared is an error, not compatible', () => {
    expect(() => incompatibilities(of(GEO), withFields({ age: { enum: [1] } as Schema }))).toThrow(
      'keyword enum must be one of',
    );
  });

  test('that changes has a greater version', () => {
    const [before, after] = [
      { ...of(GEO), 'x-version': 3 },
      { ...withFields({ city: { type: 'string' } }), 'x-version': 3 },
    ];
    expect(findings(before, before)).toEqual([]);
    expect(findings(before, after)).toEqual(['x-version must be greater than 3, got 3: the schema has changed']);
    expect(findings(before, { ...after, 'x-version': 4 })).toEqual([]);
  });
});

test('the schema of a post accepts all that the released one accepts', () => {
  expect(incompatibilities(read('post.schema.released.json'), read('post.schema.json'))).toEqual([]);
});
