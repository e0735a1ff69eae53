import { costLine } from '../../../../tools/cost/at-synth';
import { estimate } from '../../../../tools/cost/estimate';
import { loadConfig } from '../../../../lib/config';

test('each synth prints in one line what the stage costs by the model', () => {
  const config = loadConfig({ stage: 'prod' });
  const line = costLine(config);
  expect(line).not.toContain('\n');
  const { fixed, perMillionPosts } = estimate(config, { rate: 1_000, batch: 100 });
  expect(line).toContain(`cost: ${Math.round(fixed).toLocaleString('en-US')} USD a month without a post`);
  expect(line).toContain(`${perMillionPosts.toFixed(3)} at 1000/s`);
  const slow = estimate({ ...config, aggregateWindowSeconds: 60 }, { rate: 100, batch: 100 });
  expect(line).toContain(`at 100/s by aggregateWindowSeconds (now 5): 1 s `);
  expect(line).toContain(`60 s ${slow.perMillionPosts.toFixed(3)}. More: npm run cost -- --stage prod --rate 100`);
});
