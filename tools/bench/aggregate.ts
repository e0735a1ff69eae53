/**
 * Rate at which the speed layer applies posts, all views at once, beside the minimum work of any consumer of an MSK event:
 * base64 and JSON.parse. The store is in memory, so this is the function's own CPU.
 */
import { makeHandler } from '../../lambda/aggregate/handler';
import { VIEWS } from '../../lambda/domain/views';
import { memoryStore } from '../../test/support/memory-store';
import { inTurn, medianRatio, rate } from './measure';
import { batches, POSTS_PER_BATCH, parseOnly } from './posts';
import { type Report, type Size } from './report';

const WARM_UP = 3;

export async function aggregate({ rounds, posts }: Size = { rounds: 15, posts: POSTS_PER_BATCH }): Promise<Report> {
  const events = batches(WARM_UP + rounds, posts);
  const totals = { writeUnits: 0, bytes: 0 };
  const handler = makeHandler({
    store: memoryStore(),
    intervalMinutes: 60,
    horizon: 1,
    now: Date.now,
    report: (_, values) => {
      totals.writeUnits += values.writeUnits ?? 0;
      totals.bytes += values.bytes ?? 0;
    },
    log: { warn: () => undefined },
  });
  const { parsing, aggregating } = await inTurn(rounds, WARM_UP, {
    parsing: (round) => parseOnly(events[round]),
    aggregating: (round) => handler(events[round]),
  });
  return {
    bench: 'aggregate',
    setting: `batches of ${posts} posts over 4 partitions, ${VIEWS.length} views, against base64 and JSON.parse alone, CPU`,
    figures: [
      { what: 'aggregate', value: rate(posts, aggregating, 'cpu'), unit: 'posts/CPU-s' },
      { what: 'base64 and JSON.parse alone', value: rate(posts, parsing, 'cpu'), unit: 'posts/CPU-s' },
      { what: 'ratio', value: medianRatio(parsing, aggregating, 'cpu'), unit: '', goal: { atLeast: 0.6 } },
      { what: 'write units a KB', value: totals.writeUnits / (totals.bytes / 1024), unit: '', goal: { atMost: 1 } },
      {
        what: 'write units per 1,000 posts',
        value: (totals.writeUnits / ((WARM_UP + rounds) * posts)) * 1000,
        unit: '',
      },
    ],
  };
}
