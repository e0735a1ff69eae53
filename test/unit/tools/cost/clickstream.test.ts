import { PUBLISHED_PARTS } from '../../../../tools/cost/clickstream';

const LEEWAY = 0.05;

test.each(PUBLISHED_PARTS)(
  '$name at $requestsPerSecond requests a second cost what the page states',
  ({ published, computed }) => {
    expect(Math.abs(computed / published - 1)).toBeLessThan(LEEWAY);
  },
);

test('the sums are those of the page', () => {
  expect(PUBLISHED_PARTS.map(({ published }) => published)).toEqual([417, 417, 530, 105]);
});
