/**
 * Rate at which the speed layer applies posts, all views at once, beside the minimum work of any consumer of an MSK event:
 * base64 and JSON.parse. The store is in memory, so this is the function's own CPU. The median batch only appends; the sum of all has the
 * folds of an interval and its end.
 */
import { makeHandler } from '../../lambda/aggregate/handler';
import { HEARTBEAT_HEADER } from '../../lambda/domain/decode';
import { MINUTE } from '../../lambda/domain/time';
import { VIEWS } from '../../lambda/domain/views';
import { type LambdaKafkaEvent } from '../../lambda/runtime/kafka-event';
import { memoryStore, speedCounts, type MemoryStore } from '../../test/support/memory-store';
import { lambdaEvent } from '../../test/support/posts-log';
import { add } from '../kit/counts';
import { Counted, requireEqual, type CountsByView } from './counted';
import { inTurn, measure, medianRatio, rate, type Sample } from './measure';
import { PARTITIONS, POSTS_PER_BATCH, parseOnly, posts as postsOf, records, START, TOPIC } from './posts';
import { type Report, type Size } from './report';

const WARM_UP = 3;
const INTERVAL_MINUTES = 60;

/** The speed layer over a store in memory, and what it wrote there. */
export function speedLayer(store: MemoryStore) {
  const totals = { writeUnits: 0, bytes: 0 };
  const handler = makeHandler({
    store,
    intervalMinutes: INTERVAL_MINUTES,
    horizon: 1,
    identityHorizonHours: 24,
    now: Date.now,
    report: (_, values) => {
      totals.writeUnits += values.writeUnits ?? 0;
      totals.bytes += values.bytes ?? 0;
    },
    log: { warn: () => undefined },
  });
  return { handler, totals };
}

/** A heartbeat record behind all posts, in each partition: it ends the interval. */
export function intervalEnd(offsets: number): LambdaKafkaEvent {
  const timestamp = START + INTERVAL_MINUTES * MINUTE;
  const base = { offset: offsets, timestamp, key: null, value: null, headers: { [HEARTBEAT_HEADER]: '1' } };
  return lambdaEvent(
    TOPIC,
    Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, ...base })),
  );
}

/** What the views answer, whatever the partition and interval. */
export async function countsIn(store: MemoryStore): Promise<CountsByView> {
  const counts: CountsByView = new Map(VIEWS.map(({ name }) => [name, new Map<string, number>()]));
  const found = await speedCounts(store, { topic: TOPIC, partitions: PARTITIONS, intervalMinutes: INTERVAL_MINUTES });
  for (const [place, some] of found) {
    const view = VIEWS.find(({ name }) => name === place.split('|')[0]);
    if (view) for (const [key, value] of some) add(view, counts.get(view.name)!, key, value);
  }
  return counts;
}

const sum = (samples: readonly Sample[]) => samples.reduce((all, { cpu }) => all + cpu, 0);

export async function aggregate({ rounds, posts }: Size = { rounds: 96, posts: POSTS_PER_BATCH }): Promise<Report> {
  const source = postsOf((WARM_UP + rounds) * posts);
  const right = new Counted();
  let event: LambdaKafkaEvent;
  const prepare = () => {
    const batch = records(source, posts);
    for (const { value, timestamp } of batch) right.add(value!.toString(), timestamp);
    event = lambdaEvent(TOPIC, batch);
  };
  const store = memoryStore();
  const { handler, totals } = speedLayer(store);
  const { parsing, aggregating } = await inTurn(
    rounds,
    WARM_UP,
    { parsing: () => parseOnly(event), aggregating: () => handler(event) },
    prepare,
  );
  const ending = await measure(() => handler(intervalEnd(((WARM_UP + rounds) * posts) / PARTITIONS)));
  requireEqual('aggregate', await countsIn(store), right.counts);
  const { writeUnits, bytes } = totals;
  const whole = sum(aggregating) + ending.cpu;
  const all = rounds * posts;
  return {
    bench: 'aggregate',
    setting:
      `batches of ${posts} posts over ${PARTITIONS} partitions, ${VIEWS.length} views, against base64 and JSON.parse alone, CPU; ` +
      `folds included: the sum of an interval of ${rounds} batches and its end; views equal a count apart`,
    figures: [
      { what: 'base64 and JSON.parse alone', value: rate(posts, parsing, 'cpu'), unit: 'posts/CPU-s' },
      { what: 'aggregate, folds apart', value: rate(posts, aggregating, 'cpu'), unit: 'posts/CPU-s' },
      { what: 'ratio', value: medianRatio(parsing, aggregating, 'cpu'), unit: '', goal: { atLeast: 0.36 } },
      { what: 'aggregate, folds included', value: all / (whole / 1000), unit: 'posts/CPU-s' },
      { what: 'ratio, folds included', value: sum(parsing) / whole, unit: '', goal: { atLeast: 0.29 } },
      { what: 'write units a KB', value: writeUnits / (bytes / 1024), unit: '' },
      { what: 'write units per 1,000 posts', value: (writeUnits / ((WARM_UP + rounds) * posts)) * 1000, unit: '' },
    ],
  };
}
