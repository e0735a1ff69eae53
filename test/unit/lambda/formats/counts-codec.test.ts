import fc from 'fast-check';
import { columnOf } from '../../../../lambda/domain/columns';
import { decodeRows, encodeRows } from '../../../../lambda/formats/counts-codec';
import { findView, VIEWS, type View } from '../../../../lambda/domain/views';
import { joinKey } from '../../../support/view-runs';
import { type Counts } from '../../../../tools/kit/counts';

const encodeCounts = (view: View, counts: Counts) =>
  encodeRows(
    view,
    [...counts].map(([key, value]) => ({ key: key.split('\u001f'), value })),
  );
const decodeCounts = (view: View, blob: Buffer): Counts =>
  new Map(decodeRows(view, blob).map(({ key, value }) => [joinKey(key), value]));

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const instant = fc
  .date({ min: new Date('1900-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.toISOString());

function valuesOf(view: View): fc.Arbitrary<string>[] {
  return view.dimensions.map((name) => {
    const { type } = columnOf(name);
    if (type === 'timestamp') return instant;
    return type === 'int' || type === 'long' ? fc.maxSafeInteger().map(String) : text;
  });
}

const countsOf = (view: View): fc.Arbitrary<Counts> =>
  fc
    .array(fc.tuple(fc.tuple(...valuesOf(view)), fc.maxSafeInteger()), { maxLength: 50 })
    .map((entries) => new Map(entries.map(([key, value]) => [joinKey(key), value])));

describe('counts as a blob', () => {
  it.each(VIEWS.map((view) => [view.name, view] as const))('come back as they were: %s', (_, view) => {
    fc.assert(
      fc.property(countsOf(view), (counts) => {
        const back = decodeCounts(view, encodeCounts(view, counts));
        expect(new Map([...back].sort())).toEqual(new Map([...counts].sort()));
      }),
      { numRuns: 60 },
    );
  });

  it('have the same bytes in whatever order the keys were added', () => {
    const view = findView('category_by_country')!;
    fc.assert(
      fc.property(countsOf(view), (counts) => {
        const backwards = new Map([...counts].reverse());
        expect(encodeCounts(view, backwards)).toEqual(encodeCounts(view, counts));
      }),
    );
  });

  it('come back where there are more combinations of values than numbers hold', () => {
    const view = findView('followers_by_join_year_age_group')!;
    const rows = Array.from({ length: 10_000 }, (_, i) => {
      return [joinKey([(i * 7919) % 10_007, `group ${(i * 31) % 10_009}`, (i * 17) % 10_037]), i] as const;
    });
    const blob = encodeCounts(view, new Map(rows));
    expect(encodeCounts(view, new Map([...rows].reverse()))).toEqual(blob);
    expect(new Map([...decodeCounts(view, blob)].sort())).toEqual(new Map([...rows].sort()));
  });

  it('take less than a fifth of their JSON, which is what the store charges for', () => {
    const view = findView('followers_by_join_year_age_group')!;
    const counts: Counts = new Map();
    for (let i = 0; i < 2000; i++) counts.set(joinKey([2015 + (i % 3), '18-24', i * 100]), 1 + (i % 7));
    const json = Buffer.byteLength(JSON.stringify([...counts]));
    expect(encodeCounts(view, counts).length).toBeLessThan(json / 5);
  });

  it('are refused, naming the view, where they would not fit a row', () => {
    const view = findView('posts_by_category')!;
    const counts: Counts = new Map();
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 2147483647).toString(36);
    for (let i = 0; i < 60_000; i++) counts.set(Array.from({ length: 4 }, random).join(''), 1);
    expect(() => encodeCounts(view, counts)).toThrow(
      /^counts of view 'posts_by_category' take \d+ bytes compressed \(60000 keys\), at most 921600 fit a row$/,
    );
  });

  it('are refused where a value does not fit its column', () => {
    expect(() => encodeCounts(findView('users_by_join_year')!, new Map([[joinKey(['2O15', 4]), 1]]))).toThrow(
      "dimension join_year of view 'users_by_join_year' must be an integer, got '2O15'",
    );
    expect(() => encodeCounts(findView('posts_by_minute')!, new Map([['2026-11-22 21:00', 1]]))).toThrow(
      "dimension arrival_minute of view 'posts_by_minute' must be an instant",
    );
  });

  it('are refused where the version is another or bytes are missing', () => {
    const view = findView('posts_by_category')!;
    const blob = encodeCounts(view, new Map([['art', 1]]));
    expect(() => decodeCounts(view, Buffer.concat([Buffer.of(9), blob.subarray(1)]))).toThrow(
      "counts of view 'posts_by_category' must have version 1, got 9",
    );
    expect(() => decodeCounts(view, Buffer.alloc(0))).toThrow('got an empty blob');
    expect(() => decodeCounts(findView('category_by_country')!, blob)).toThrow('are of another definition of it');
  });
});
