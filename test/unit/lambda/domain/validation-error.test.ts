import fc from 'fast-check';
import { anyOf, invalid, isValidationError, sentence, short } from '../../../../lambda/domain/validation-error';

describe('a value in short', () => {
  test.each([
    [undefined, 'nothing'],
    [null, 'null'],
    [5, '5'],
    [-0.5, '-0.5'],
    [NaN, 'NaN'],
    [true, 'true'],
    ['text', '"text"'],
    ['a "quoted"\nline', '"a \\"quoted\\"\\nline"'],
    [[1, 2], 'an array'],
    [{ first_name: 'Ada' }, 'an object'],
    ['x'.repeat(60), `"${'x'.repeat(60)}"`],
    ['x'.repeat(61), `"${'x'.repeat(60)}…"`],
  ])('%p is %s', (value, expected) => {
    expect(short(value)).toBe(expected);
  });

  test('is short and never throws, whatever the value', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string({ unit: 'binary', maxLength: 500 })), (value) => {
        // An escape takes six characters at most.
        expect(short(value).length).toBeLessThanOrEqual(6 * 60 + 3);
      }),
    );
  });

  test('does not descend into containers, which could overflow the stack', () => {
    let deep: unknown = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(short(deep)).toBe('an array');
  });
});

test('the sentence names field, allowed values and value', () => {
  const error = invalid('pin.category', 5, 'a non-blank string');
  expect(error).toEqual({ field: 'pin.category', value: '5', allowed: 'a non-blank string' });
  expect(sentence(error)).toBe('pin.category must be a non-blank string, got 5');
});

test('a validation error differs from columns and from checked records', () => {
  expect(isValidationError(invalid('key', undefined, 'a number'))).toBe(true);
  expect(isValidationError({ index: 5, flat: undefined, sections: {} })).toBe(false);
  expect(isValidationError({ category: 'art', title: null })).toBe(false);
});

test.each([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a or b'],
  [['a', 'b', 'c'], 'a, b or c'],
])('any of %j is %j', (names, expected) => {
  expect(anyOf(names)).toBe(expected);
});
