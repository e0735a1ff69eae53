import { ownSeries } from '../../../tools/cost/watching';
import { METRIC_LIST, PIPELINE_STEPS } from '../../../lambda/runtime/metrics';

test('a metric more or less changes the bill: as many as the documentation of the alarms says', () => {
  const four = METRIC_LIST.filter(({ name }) => ['received', 'written', 'quarantined', 'dropped'].includes(name));
  expect(four.map(({ steps }) => steps)).toEqual(four.map(() => PIPELINE_STEPS));
  expect(ownSeries({ canaryMinutes: 1, metrics: 'all' })).toBe(101);
});
