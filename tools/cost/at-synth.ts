/** The line about the price that each synth prints. */
import { type PipelineConfig } from '../../lib/config';
import { estimate } from './estimate';
import { perMillion, REGION, usd } from './prices';

/** Posts a second, and posts in a request. Round figures, because a template does not state its traffic. */
const RATES = [100, 1_000];
const BATCH = 100;
/** Seconds that a post waits, at most, until aggregate counts it. */
const WINDOWS = [1, 5, 20, 60];

/** @returns one line @throws Error if the stage has a part without a price in the model */
export function costLine(config: PipelineConfig): string {
  const byWindow = WINDOWS.map((seconds) => {
    const { perMillionPosts } = estimate(
      { ...config, aggregateWindowSeconds: seconds },
      { rate: RATES[0], batch: BATCH },
    );
    return `${seconds} s ${perMillion(perMillionPosts)}`;
  });
  const results = RATES.map((rate) => estimate(config, { rate, batch: BATCH }));
  const each = results.map(({ rate, perMillionPosts }) => `${perMillion(perMillionPosts)} at ${rate}/s`);
  return (
    `cost: ${usd(results[0].fixed)} USD a month without a post; per million posts, all included, ${each.join(', ')} ` +
    `(${REGION}, ${BATCH} posts a request); at ${RATES[0]}/s by aggregateWindowSeconds (now ${config.aggregateWindowSeconds}): ` +
    `${byWindow.join(', ')}. More: npm run cost -- --stage ${config.stage} --rate ${RATES[0]}`
  );
}
