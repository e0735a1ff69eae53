/** Measures what the speed layer writes to the store: the function itself, on posts of one partition, until their interval is closed. */
import { writeFileSync } from 'node:fs';
import { FOLD, type FoldLimits } from '../../lambda/aggregate/folding';
import { makeHandler } from '../../lambda/aggregate/handler';
import { type AggregateStore, type SpeedChunk, type SpeedRunKey } from '../../lambda/aws/keyspaces/store';
import { decodeRecord } from '../../lambda/domain/decode';
import { RecentPosts } from '../../lambda/domain/recent-posts';
import { VIEWS } from '../../lambda/domain/views';
import { speedSchema } from '../../lambda/formats/speed-head';
import { type LambdaKafkaEvent, type LambdaKafkaRecord, recordsByPartition } from '../../lambda/runtime/kafka-event';
import { type Command } from '../kit/command';
import { onlyFile, parse } from '../kit/options';
import { today } from '../kit/time';
import { envelopeOf, generate } from '../loadgen/generate';
import { seeded } from '../loadgen/random';
import { toQueued } from '../local/aws/batching';
import { type FoldMeasurement, type IntervalMeasurement, type RowMeasurement } from './measurement';
import { mapUnits } from './speed';

const TOPIC = 'posts';
const SEED = 1;
const MINUTES = 60;
const START = Date.parse('2026-11-22T21:00:00Z');
/** More than any interval has, so that names repeat as seldom in each. */
const POSTS = 310_000;
/** Posts of a batch, and batches of the interval: an hour of 5 s; fewer of the largest ones, which would take an hour. */
const INTERVALS = [
  [1, 720],
  [4, 720],
  [12, 720],
  [42, 720],
  [130, 720],
  [417, 720],
  [1_250, 120],
  [4_167, 36],
] as const;
const REMEMBERED = 2 ** 16 + 1;
/** Bytes of a row's key, offset and timestamp, as the handler counts them. */
const ROW_OVERHEAD = 100;
const KB = 1_024;
const unitsOf = (bytes: number) => Math.ceil((bytes + ROW_OVERHEAD) / KB);

/** @param spread keys over 53 bits, and names that are as long as real ones and that nothing can compress */
function* records(spread = true): Generator<LambdaKafkaRecord> {
  const random = seeded(SEED);
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const nameOf = (poster: number) => {
    const own = seeded(poster);
    return Array.from({ length: own.integer(14, 30) }, () => own.pick(letters)).join('');
  };
  let offset = 0;
  for (const post of generate({ posts: POSTS, seed: SEED })) {
    const index = random.integer(0, 2 ** 21 - 1) * 2 ** 32 + random.integer(0, 2 ** 32 - 1);
    const plain = envelopeOf(post);
    const value = plain
      .replaceAll(/"(index|ind)":"?\d+/g, (found, name) => `"${name}":${found.includes(':"') ? '"' : ''}${index}`)
      .replace(/"poster_name":"Poster (\d+)"/, (_, poster: string) => `"poster_name":"${nameOf(Number(poster))}"`);
    const source = {
      ...{ topic: TOPIC, partition: 0, offset: String(offset++), timestamp: String(START) },
      ...{ key: Buffer.from(spread ? String(index) : post.key), value: Buffer.from(spread ? value : plain) },
    };
    yield JSON.parse(toQueued({ ...source, timestampType: 'LOG_APPEND_TIME' }, 0).json) as LambdaKafkaRecord;
  }
}

const rounded = (value: number) => Number(value.toFixed(2));

const take = (from: Iterator<LambdaKafkaRecord>, count: number) =>
  Array.from({ length: count }, () => from.next().value as LambdaKafkaRecord);

/** Counts what one writer writes, and has the runs that it reads again. */
function countingStore() {
  const units = { log: 0, runs: 0, posts: 0, head: 0 };
  const chunks = new Map<string, SpeedChunk>();
  const folds = new Map<string, Omit<FoldMeasurement, 'runs'>>();
  const bytes = { log: 0, posts: 0 };
  const nameOf = ({ view, tier, from, to }: SpeedRunKey, chunk: number) => [view, tier, from, to, chunk].join();
  const store: AggregateStore = {
    readHead: async () => undefined,
    readLog: async () => [],
    listClosed: async () => [],
    readPosts: async () => [],
    readSpeedChunk: async (key, chunk) => chunks.get(nameOf(key, chunk)),
    async appendLog(_, { interval, posts }) {
      if (interval === START) {
        units.log += unitsOf(posts.length);
        bytes.log += posts.length;
      }
      return true;
    },
    async putSpeedChunk(key, chunk, row) {
      chunks.set(nameOf(key, chunk), row);
      const size = unitsOf(row.counts.length);
      units.runs += size;
      const range = `${key.tier},${key.from},${key.to}`;
      const fold = folds.get(range) ?? { tier: key.tier, posts: key.to - key.from + 1, units: 0 };
      folds.set(range, { ...fold, units: fold.units + size });
    },
    async putPosts(_, posts) {
      units.posts += unitsOf(posts.length);
      bytes.posts += posts.length;
    },
    async casHead(_, __, { state }) {
      units.head += unitsOf(state.length);
      return true;
    },
  };
  return { store, units, bytes, folds };
}

/** An interval of so many batches, and the first batch of the next one, which closes it. */
export async function measureInterval(
  batch: number,
  batches: number,
  limits: FoldLimits = FOLD,
): Promise<IntervalMeasurement> {
  const { store, units, bytes, folds } = countingStore();
  const handler = makeHandler({
    // No time passes, so each batch folds to the end.
    ...{ store, intervalMinutes: MINUTES, horizon: 1, identityHorizonHours: 168, limits, now: () => START },
    ...{ report: () => undefined, log: { warn: () => undefined } },
  });
  const source = records();
  const deliver = (of: readonly LambdaKafkaRecord[]) =>
    handler({ records: { [`${TOPIC}-0`]: of } } satisfies LambdaKafkaEvent);
  for (let i = 0; i < batches; i++) await deliver(take(source, batch));
  await deliver(take(source, 1).map((record) => ({ ...record, timestamp: START + MINUTES * 60_000 })));
  const posts = batch * batches;
  return {
    ...{ batch, batches, logBytes: Math.round(bytes.log / batches), postBytes: rounded(bytes.posts / posts) },
    units: mapUnits(units, (sum) => rounded((sum / posts) * 1_000)),
    folds: [...Map.groupBy(folds.values(), ({ tier, posts: each }) => `${tier},${each}`).values()].map((same) => ({
      ...{ tier: same[0].tier, posts: same[0].tier === 0 ? posts : same[0].posts, runs: same.length },
      units: rounded(same.reduce((sum, fold) => sum + fold.units, 0) / same.length),
    })),
  };
}

/** Mean bytes of a record in the event of a function, its comma included. */
function eventBytesOf(count: number): number {
  const all = take(records(false), count);
  return Math.round(all.reduce((sum, each) => sum + Buffer.byteLength(JSON.stringify(each)) + 1, 0) / count);
}

/** Bytes of memory of a post while the tables grow, when the old ones are there beside the new ones: the most. */
function rememberedBytesOf(count: number): number {
  const source = records();
  const recent = new RecentPosts(1, 168, speedSchema(VIEWS, MINUTES).waiting);
  let most = 0;
  for (let before = recent.bytes; recent.size < count; before = recent.bytes) {
    const decoded = decodeRecord(recordsByPartition({ records: { [`${TOPIC}-0`]: take(source, 1) } }).get(0)![0]);
    if (decoded.kind === 'post') recent.remember(START, decoded.index, decoded.sections);
    if (recent.bytes > before) most = (before + recent.bytes) / recent.size;
  }
  return Math.round(most);
}

async function run(argv: readonly string[]): Promise<void> {
  const { positionals } = parse(argv, {}, { positionals: true });
  const file = onlyFile(positionals);
  const intervals: IntervalMeasurement[] = [];
  for (const [batch, batches] of INTERVALS) intervals.push(await measureInterval(batch, batches));
  const result: RowMeasurement = {
    command: 'npm run pipeline -- measure-rows tools/cost/measurements/rows.json',
    date: today(),
    views: VIEWS.length,
    seed: SEED,
    eventBytes: eventBytesOf(20_000),
    rememberedBytes: rememberedBytesOf(REMEMBERED),
    intervals,
  };
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}

export const command: Command = {
  operands: 'FILE',
  options: {},
  about: 'Runs the speed layer on generated posts of one partition, and writes what it stores as JSON.',
  run,
};
