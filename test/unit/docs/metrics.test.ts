import { readFileSync } from 'node:fs';
import { ownSeries } from '../../../tools/cost/watching';
import { CONFIG, document, FILE } from '../../../tools/docgen/metrics';
import { withoutPadding } from '../../../tools/kit/markdown';
import { METRIC_LIST, PIPELINE_STEPS } from '../../../lambda/runtime/metrics';
import { resourcesOf } from '../../../tools/assembly/read-plan';
import { synthesized } from '../../support/synth';

test('docs/metrics.md is what the list, the templates and the boards say now: run npm run metrics', () => {
  const all = resourcesOf(synthesized({ stage: CONFIG.stage }));
  expect(withoutPadding(readFileSync(FILE, 'utf8'))).toBe(withoutPadding(document(all)));
}, 60_000);

test('a metric more or less changes the bill: as many as the documentation of the alarms says', () => {
  const four = METRIC_LIST.filter(({ name }) => ['received', 'written', 'quarantined', 'dropped'].includes(name));
  expect(four.map(({ steps }) => steps)).toEqual(four.map(() => PIPELINE_STEPS));
  expect(ownSeries({ canaryMinutes: 1, metrics: 'all' })).toBe(101);
});
