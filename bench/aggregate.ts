/**
 * How fast the speed layer applies posts, all views at once, beside the least that any consumer of an MSK event must do:
 * base64 and JSON.parse. The store is in memory, so this is the function's own CPU. `tsx bench/aggregate.ts [rounds]`
 */
import { makeHandler } from '../lambda/aggregate/handler';
import { type LambdaKafkaEvent } from '../lambda/shared/lambda-kafka';
import { VIEWS } from '../lambda/shared/views';
import { memoryStore } from '../test/support/memory-store';

const PARTITIONS = 4;
/** What fits the 6 MB that an event source hands over at most. */
const POSTS_PER_BATCH = 4000;
const TOPIC = 'posts';
const START = Date.parse('2026-11-22T21:00:00Z');
const CATEGORIES = ['art', 'beauty', 'christmas', 'education', 'event-planning', 'finance', 'mens-fashion', 'quotes'];

function post(index: number) {
  const n = (index * 2654435761) >>> 0;
  const day = String(1 + (n % 28)).padStart(2, '0');
  return {
    pin: {
      index,
      unique_id: `${n.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
      title: `Title number ${n % 1000}`,
      description: `A description of about the usual length, which is some two hundred characters. ${'text '.repeat(24)}`,
      poster_name: `Poster ${n % 5000}`,
      follower_count: `${1 + (n % 900)}k`,
      tag_list: 'Decor,Home,Ideas,Diy Projects,Christmas',
      is_image_or_video: 'image',
      image_src: `https://i.pinimg.com/originals/${n}.jpg`,
      downloaded: 1,
      save_location: `Local save in /data/${CATEGORIES[n % 8]}`,
      category: CATEGORIES[n % 8],
    },
    geo: {
      ind: index,
      timestamp: `${2018 + (n % 5)}-03-${day} 04:05:06`,
      latitude: (n % 180) - 90,
      longitude: (n % 360) - 180,
      country: `Country ${n % 240}`,
    },
    user: {
      ind: index,
      first_name: `First${n % 300}`,
      last_name: `Last${n % 700}`,
      age: 18 + (n % 43),
      date_joined: `${2015 + (n % 3)}-07-${day} 01:02:03`,
    },
  };
}

function batch(number: number): LambdaKafkaEvent {
  const records: Record<string, LambdaKafkaEvent['records'][string][number][]> = {};
  for (let i = 0; i < POSTS_PER_BATCH; i++) {
    const index = number * POSTS_PER_BATCH + i;
    const partition = index % PARTITIONS;
    (records[`${TOPIC}-${partition}`] ??= []).push({
      topic: TOPIC,
      partition,
      offset: Math.floor(index / PARTITIONS),
      timestamp: START + number * 10,
      key: Buffer.from(String(index)).toString('base64'),
      value: Buffer.from(JSON.stringify(post(index))).toString('base64'),
      headers: [],
    });
  }
  return { records };
}

function parseOnly(event: LambdaKafkaEvent): number {
  let fields = 0;
  for (const record of Object.values(event.records).flat()) {
    const value = JSON.parse(Buffer.from(record.value!, 'base64').toString('utf8')) as object;
    fields += Object.keys(value).length;
  }
  return fields;
}

/** CPU milliseconds of this process, other threads' garbage collection included. */
async function cpu(work: () => Promise<unknown> | unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1000;
}

async function main(rounds: number): Promise<void> {
  const totals = { writeUnits: 0, bytes: 0 };
  const handler = makeHandler({
    store: memoryStore(),
    bucketMinutes: 60,
    recentPosts: 20_000,
    now: Date.now,
    report: (_, values) => {
      totals.writeUnits += values.writeUnits ?? 0;
      totals.bytes += values.bytes ?? 0;
    },
    log: { warn: () => undefined },
  });
  let parse = 0;
  let aggregate = 0;
  const warmUp = 3;
  for (let number = 0; number < rounds + warmUp; number++) {
    const event = batch(number);
    const parsing = await cpu(() => parseOnly(event));
    const aggregating = await cpu(() => handler(event));
    if (number === warmUp - 1) Object.assign(totals, { writeUnits: 0, bytes: 0 });
    if (number < warmUp) continue;
    parse += parsing;
    aggregate += aggregating;
  }
  const posts = rounds * POSTS_PER_BATCH;
  const rate = (ms: number) => Math.round(posts / (ms / 1000));
  console.log(`${posts} posts in batches of ${POSTS_PER_BATCH} over ${PARTITIONS} partitions, ${VIEWS.length} views`);
  console.log(`base64 + JSON.parse alone   ${rate(parse)} posts per CPU-second`);
  console.log(`aggregate                   ${rate(aggregate)} posts per CPU-second`);
  console.log(`ratio                       ${(parse / aggregate).toFixed(2)}`);
  console.log(`write units                 ${((totals.writeUnits / posts) * 1000).toFixed(1)} per 1,000 posts`);
  console.log(`units per KB written        ${(totals.writeUnits / (totals.bytes / 1024)).toFixed(2)}`);
}

void main(Number(process.argv[2] ?? 15));
