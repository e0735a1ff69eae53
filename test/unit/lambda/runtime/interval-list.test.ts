import { intervalName } from '../../../../lambda/domain/intervals';
import { parseIntervals } from '../../../../lambda/runtime/interval-list';

test('intervals are sorted, each once', () => {
  const intervals = ['2026-11-22T22-00', '2026-11-22T21-00', '2026-11-22T22-00'];
  expect(parseIntervals({ intervals }, 60).map(intervalName)).toEqual(['2026-11-22T21-00', '2026-11-22T22-00']);
  expect(parseIntervals({ intervals: [] }, 60)).toEqual([]);
});

test.each([undefined, null, {}, [], { intervals: '2026-11-22T21-00' }, { intervals: [1] }])(
  'the event %j is an error that shows what is expected',
  (event) => {
    expect(() => parseIntervals(event, 60)).toThrow(
      `event must be {"intervals": [names]}, got ${JSON.stringify(event)}`,
    );
  },
);

test('an interval of another length is an error', () => {
  expect(() => parseIntervals({ intervals: ['2026-11-22T21-30'] }, 60)).toThrow(/start an interval of 60 minutes/);
});
