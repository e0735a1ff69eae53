import { computedShare, computedTotal, PUBLISHED_CASES } from '../../../../tools/cost/clickstream';

const LEEWAY = 0.05;

describe.each(PUBLISHED_CASES)('$requestsPerSecond requests a second', (published) => {
  test('the parts of the page add up to its sum', () => {
    const sum = published.parts.reduce((total, part) => total + part.published, 0);
    expect(sum).toBeCloseTo(published.published, 6);
  });

  test.each(published.parts.filter(({ origin }) => origin !== 'published'))(
    '$name is what our prices make of it',
    (part) => {
      expect(Math.abs(part.computed / part.published - 1)).toBeLessThan(LEEWAY);
    },
  );

  test('our sum is close to the published one', () => {
    expect(Math.abs(computedTotal(published) / published.published - 1)).toBeLessThan(LEEWAY);
  });
});

test('their table is the one that is published', () => {
  expect(PUBLISHED_CASES.map(({ published }) => published)).toEqual([659, 741, 2_195]);
});

test('how much of it was computed from inputs of the page, and not copied', () => {
  expect(PUBLISHED_CASES.map((each) => computedShare(each).toFixed(2))).toEqual(['0.59', '0.52', '0.28']);
});
