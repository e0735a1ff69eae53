import { isValidationError, parseSelection } from '../../../../lambda/query/request';
import { sentence } from '../../../../lambda/domain/validation-error';
import { findView } from '../../../../lambda/domain/views';

const view = findView('category_by_year')!;
const parse = (query: string) => parseSelection(new URLSearchParams(query), view);
const validationErrorOf = (query: string) => {
  const result = parse(query);
  return isValidationError(result) ? sentence(result) : 'accepted';
};

describe('the parameters of a request', () => {
  test('select everything of both layers if there are none', () => {
    expect(parse('')).toEqual({ filters: {}, kind: 'counts', layer: 'merged' });
  });

  test('filter by any dimension, in the type of its column', () => {
    expect(parse('post_year=2021&category=diy-and-crafts')).toMatchObject({
      filters: { post_year: 2021, category: 'diy-and-crafts' },
    });
  });

  test('filter by text in any Unicode form: values are in NFC', () => {
    expect(parse(`category=${encodeURIComponent('e\u0301te\u0301')}`)).toMatchObject({
      filters: { category: '\u00e9t\u00e9' },
    });
  });

  test('accept instants with or without a zone, and days', () => {
    const expected = { from: Date.UTC(2026, 10, 22), to: Date.UTC(2026, 10, 22, 21) };
    expect(parse('from=2026-11-22&to=2026-11-22T21:00:00')).toMatchObject(expected);
    expect(parse('from=2026-11-22T00:00:00Z&to=2026-11-22T22:00:00%2B01:00')).toMatchObject(expected);
  });

  test.each([
    [
      'colour=red',
      'query parameter must be one of from, to, top, layer, answer, limit, cursor, post_year, category, got "colour"',
    ],
    ['post_year=last', 'post_year must be a whole number, got "last"'],
    ['from=yesterday', /from must be an instant like .*, got "yesterday"/],
    ['from=2026-13-01', /from must be an instant/],
    ['from=2026-11-22&to=2026-11-22', 'to must be later than from (2026-11-22), got "2026-11-22"'],
    ['top=0', 'top must be a whole number from 1 to 10000, got "0"'],
    ['top=1e3', /top must be/],
    ['layer=both', 'layer must be one of merged, batch, speed, got "both"'],
    ['answer=all', 'answer must be one of counts, standard, got "all"'],
    ['limit=10001', 'limit must be a whole number from 1 to 10000, got "10001"'],
    ['top=1&limit=5', 'limit must be given for counts without top only, which come in pages, got "5"'],
    ['answer=standard&cursor=x', 'cursor must be given for counts without top only, which come in pages, got "x"'],
    ['top=1&top=2', 'top must be given once, got "1,2"'],
  ])('reject %s by name', (query, message) => {
    expect(validationErrorOf(query)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });
});
