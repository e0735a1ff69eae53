/** Valid posts that are as hard on the store as a client can make them: every text is long, and no two are equal. */
import { decodeRecord, type KafkaRecord } from '../../../../lambda/domain/decode';
import { VIEWS } from '../../../../lambda/domain/views';
import { type Section } from '../../../../lambda/domain/columns';
import { MAX_BLOB_BYTES } from '../../../../lambda/formats/blob';
import { memoryStore, rowKey, speedCounts, type MemoryStore } from '../../../support/memory-store';
import { lambdaEvent } from '../../../support/posts-log';
import { aggregateOver } from '../../../support/speed-layer';
import { add, contribution, trim, type Counts } from '../../../../tools/kit/counts';

const HOUR = 3_600_000;
const START = Date.parse('2026-11-22T21:00:00Z');
/** The longest name. */
const LENGTH = 256;

let seed = 1;
const random = () => (seed = (seed * 48271) % 2147483647);
/** Nothing in it can be compressed much; a character takes a byte. */
const ascii = () => Array.from({ length: LENGTH }, () => (random() % 36).toString(36)).join('');
/** A character takes three bytes. */
const wide = () => String.fromCharCode(...Array.from({ length: LENGTH }, () => 0x4e00 + (random() % 0x5000)));

function record(index: number, timestamp: number, sections: object): KafkaRecord {
  const value = JSON.stringify(sections);
  return {
    ...{ partition: 0, offset: index, timestamp, headers: {} },
    ...{ key: Buffer.from(String(index)), value: Buffer.from(value) },
  };
}

/** As the layer must count them: each post on its own, by its interval. */
function expected(records: readonly KafkaRecord[]): Map<string, Counts> {
  const found = new Map<string, Counts>();
  for (const each of records) {
    const decoded = decodeRecord(each);
    if (decoded.kind !== 'post') throw new Error(decoded.kind === 'bad' ? decoded.reason : decoded.kind);
    for (const view of VIEWS) {
      const given = contribution(view, decoded.sections, Object.keys(decoded.sections) as Section[]);
      if (!given) continue;
      const key = rowKey(view.name, each.timestamp - (each.timestamp % HOUR), 0);
      const counts = found.get(key) ?? new Map<string, number>();
      add(view, counts, given.key, given.value);
      found.set(key, counts);
    }
  }
  for (const [key, counts] of found)
    trim(
      VIEWS.find(({ name }) => key.startsWith(`${name}|`))!,
      counts,
    );
  return found;
}

function largestRow({ logs, heads, chunks, posts }: MemoryStore): number {
  const blobs = [
    ...[...logs.values()].flat().map((row) => row.posts),
    ...[...heads.values()].map(({ state }) => state),
    ...[...chunks.values()].map(({ counts }) => counts),
    ...[...posts.values()].map(({ blob }) => blob),
  ];
  return Math.max(...blobs.map(({ length }) => length));
}

/** @param size records of a batch, of which a second delivery follows with a cold function */
async function aggregated(records: readonly KafkaRecord[], size: number): Promise<MemoryStore> {
  const store = memoryStore();
  const warm = aggregateOver(store);
  for (let from = 0; from < records.length; from += size) {
    await warm(lambdaEvent('posts', records.slice(from, from + size)));
  }
  await aggregateOver(store)(lambdaEvent('posts', records.slice(-size)));
  return store;
}

test.each([
  ['categories', 6_500, (index: number) => ({ pin: { index, category: ascii() } })],
  [
    'categories of posts that wait, countries and poster names',
    2_500,
    (index: number) => ({
      pin: { index, category: wide(), poster_name: wide(), follower_count: String(random()) },
      geo: { ind: index, country: wide() },
    }),
  ],
])('distinct long %s of %d posts fit rows of the store, and are counted exactly', async (_, count, sectionsOf) => {
  const records = Array.from({ length: count }, (__, i) =>
    // The last ones close the interval.
    record(i, START + (i < count - 10 ? 0 : HOUR), sectionsOf(i)),
  );
  const store = await aggregated(records, Math.ceil(count / 2));
  expect(largestRow(store)).toBeLessThan(MAX_BLOB_BYTES);
  const found = await speedCounts(store, { topic: 'posts', partitions: 1, intervalMinutes: 60 });
  expect(found).toEqual(expected(records));
  expect(found.get(rowKey('posts_by_category', START, 0))!.size).toBe(count - 10);
});
