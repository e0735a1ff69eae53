import { ownSeries } from '../../../tools/cost/watching';
import { METRIC_LIST, PIPELINE_STEPS } from '../../../lambda/runtime/metrics';

test('there are as many custom metrics as the runbook states, since each is billed', () => {
  const four = METRIC_LIST.filter(({ name }) => ['received', 'written', 'quarantined', 'dropped'].includes(name));
  expect(four.map(({ steps }) => steps)).toEqual(four.map(() => PIPELINE_STEPS));
  expect(ownSeries({ canaryMinutes: 1, metrics: 'all' })).toBe(105);
});
