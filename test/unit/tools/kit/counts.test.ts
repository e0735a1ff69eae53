import fc from 'fast-check';
import { type Sections } from '../../../../lambda/domain/columns';
import { compareText } from '../../../../lambda/domain/merge';
import { findView, type View } from '../../../../lambda/domain/views';
import { joinKey, mergeCounts } from '../../../support/view-runs';
import { contribution, splitKey, trim, type Counts } from '../../../../tools/kit/counts';

const SUM: View = { name: 'sums', description: '', dimensions: ['category'], merge: 'sum' };
const BEST: View = {
  name: 'best',
  description: '',
  dimensions: ['country', 'poster_name'],
  merge: 'max',
  value: 'follower_count',
  top: { groupBy: 1, keep: 3 },
};

const countsOf = (view: View) =>
  fc
    .array(
      fc.tuple(
        fc.tuple(...view.dimensions.map(() => fc.constantFrom('a', 'b', 'ab', 'é', '\u{1f600}', '\uffff'))),
        fc.integer({ min: 0, max: 9 }),
      ),
      { maxLength: 40 },
    )
    .map((entries) => new Map(entries.map(([key, value]) => [joinKey(key), value])) as Counts);

const merged = (view: View, ...parts: Counts[]) =>
  parts.reduce((target, part) => mergeCounts(view, target, part), new Map() as Counts);
const sorted = (counts: Counts) => [...counts].sort(([a], [b]) => compareText(a, b));

describe('merging counts', () => {
  it.each([SUM, BEST])('is associative and commutative for $merge', (view) => {
    fc.assert(
      fc.property(countsOf(view), countsOf(view), countsOf(view), (a, b, c) => {
        expect(sorted(merged(view, merged(view, a, b), c))).toEqual(sorted(merged(view, c, merged(view, b, a))));
      }),
    );
  });

  it('gives the same whether parts are trimmed before or only the whole is', () => {
    fc.assert(
      fc.property(countsOf(BEST), countsOf(BEST), countsOf(BEST), (a, b, c) => {
        const whole = trim(BEST, merged(BEST, a, b, c));
        const early = trim(BEST, merged(BEST, trim(BEST, merged(BEST, a, b)), trim(BEST, new Map(c))));
        expect(sorted(early)).toEqual(sorted(whole));
      }),
    );
  });

  it('keeps the largest of each group, the smaller key where values are equal', () => {
    const counts: Counts = new Map(
      ['p9', 'p1', 'p3', 'p2', 'p0'].map((name) => [joinKey(['fr', name]), name === 'p9' ? 9 : 5]),
    );
    counts.set(joinKey(['de', 'x']), 1);
    expect(sorted(trim(BEST, counts)).map(([key]) => key)).toEqual(
      [
        ['de', 'x'],
        ['fr', 'p0'],
        ['fr', 'p1'],
        ['fr', 'p9'],
      ].map(joinKey),
    );
  });

  it('orders text as UTF-8 bytes do', () => {
    const text = fc.string({ unit: 'binary', maxLength: 8 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});

describe('the contribution of a post', () => {
  const pin = { category: 'art', follower_count: 12, poster_name: 'Ann' };
  const geo = { country: 'Fiji', post_year: 2020 };
  const view = findView('category_by_country')!;

  it('comes when the last section the view reads arrives first', () => {
    const sections: Sections = { pin, geo };
    expect(contribution(view, sections, ['geo'])).toEqual({ key: joinKey(['Fiji', 'art']), value: 1 });
    expect(contribution(view, sections, ['user'])).toBeUndefined();
    expect(contribution(view, { pin }, ['pin'])).toBeUndefined();
  });

  it('is nothing when a dimension or the value is null', () => {
    const top = findView('top_poster_by_country')!;
    expect(contribution(top, { pin, geo }, ['pin'])).toEqual({ key: joinKey(['Fiji', 'Ann']), value: 12 });
    expect(contribution(top, { pin: { ...pin, follower_count: null }, geo }, ['pin'])).toBeUndefined();
    expect(contribution(top, { pin: { ...pin, poster_name: null }, geo }, ['pin'])).toBeUndefined();
  });

  it('has a key that splits into typed dimension values', () => {
    expect(splitKey(findView('followers_by_post_year_age_group')!, joinKey([2020, '50+', 12000]))).toEqual([
      2020,
      '50+',
      12000,
    ]);
  });
});
