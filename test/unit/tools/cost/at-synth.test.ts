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
  expect(line).toContain('npm run cost -- --stage prod --rate 100');
});
