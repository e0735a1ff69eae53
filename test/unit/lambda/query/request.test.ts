import { isValidationError, parseSelection } from '../../../../lambda/query/request';
import { sentence } from '../../../../lambda/domain/validation-error';
import { findView } from '../../../../lambda/domain/views';

const view = findView('category_by_year')!;
const parse = (query: string) => parseSelection(new URLSearchParams(query), view);
const validationErrorOf = (query: string, of = view) => {
  const result = parseSelection(new URLSearchParams(query), of);
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
    ['from=2026-02-30', /from must be an instant/],
    ['to=2026-04-31T00:00:00Z', /to must be an instant/],
    ['to=2025-02-29T12:00:00%2B02:00', /to must be an instant/],
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

  test('take a minute in each form of an instant', () => {
    const minutes = findView('posts_by_minute')!;
    for (const text of [
      '2026-11-29T01:43:00Z',
      '2026-11-29T01:43:00.000Z',
      '2026-11-29T01:43',
      '2026-11-29T02:43:00%2B01:00',
    ]) {
      expect(parseSelection(new URLSearchParams(`arrival_minute=${text}`), minutes)).toMatchObject({
        filters: { arrival_minute: '2026-11-29T01:43:00.000Z' },
      });
    }
    expect(validationErrorOf('arrival_minute=yesterday', minutes)).toMatch(/arrival_minute must be an instant like/);
  });

  test('reject a value that no row can have', () => {
    const ages = findView('category_by_age_group')!;
    expect(validationErrorOf('age_group=25-36', ages)).toBe(
      'age_group must be one of 18-24, 25-35, 36-50, 50+ (+ is %2B in an address), got "25-36"',
    );
    // A plus sign that is not encoded arrives as a space.
    expect(validationErrorOf('age_group=50+', ages)).toMatch(/50\+ \(\+ is %2B in an address\), got "50 "/);
    expect(validationErrorOf('media_type=gif', findView('posts_by_media_type'))).toBe(
      'media_type must be one of image, video, multi-video, got "gif"',
    );
  });
});
