import fc from 'fast-check';
import { intervalName } from '../../../../lambda/domain/intervals';
import { HOUR } from '../../../../lambda/domain/time';
import * as keys from '../../../../lambda/formats/keys';

const INTERVAL = Date.parse('2026-11-22T21:00:00.000Z');
const offset = fc.maxSafeInteger().map(Math.abs);
const partition = fc.nat(9_999);

test('every key is as stored objects have it', () => {
  expect({
    raw: keys.rawKey('posts', 3, 17, 42),
    quarantine: keys.quarantineKey('posts', 3, 17),
    seal: keys.sealKey(INTERVAL),
    posts: keys.postsKey(INTERVAL, 3),
    dedupIndex: keys.dedupIndexKey(INTERVAL, 3),
    incompletePosts: keys.incompletePostsKey(INTERVAL, 3),
    summary: keys.summaryKey(INTERVAL, 3),
    manifest: keys.manifestKey(INTERVAL),
    view: keys.viewKey(INTERVAL, 'posts_by_category'),
    viewsDone: keys.viewsDoneKey(INTERVAL),
    published: keys.publishedKey(INTERVAL),
    drift: keys.driftKey(INTERVAL),
    job: keys.SPARK_JOB_KEY,
    jobViews: keys.SPARK_VIEWS_KEY,
  }).toEqual({
    raw: 'raw/posts/partition=0003/00000000000000000017-00000000000000000042.ndjson.zst',
    quarantine: 'quarantine/posts/partition=0003/00000000000000000017.json',
    seal: 'seals/interval=2026-11-22T21-00.json',
    posts: 'posts/interval=2026-11-22T21-00/partition=0003.parquet',
    dedupIndex: 'dedup-index/partition=0003/interval=2026-11-22T21-00.parquet',
    incompletePosts: 'incomplete-posts/partition=0003/interval=2026-11-22T21-00.parquet',
    summary: 'incomplete-posts/partition=0003/interval=2026-11-22T21-00.json',
    manifest: 'manifests/interval=2026-11-22T21-00.json',
    view: 'views/interval=2026-11-22T21-00/posts_by_category.ndjson',
    viewsDone: 'views/interval=2026-11-22T21-00/_SUCCESS',
    published: 'published/interval=2026-11-22T21-00.json',
    drift: 'drift/interval=2026-11-22T21-00.json',
    job: 'jobs/batch_views.py',
    jobViews: 'jobs/views.json',
  });
});

test('no prefix begins another: a listing or a lifecycle rule of one never meets another', () => {
  const prefixes = Object.values(keys.PREFIXES);
  for (const one of prefixes) expect(prefixes.filter((other) => other.startsWith(one))).toEqual([one]);
});

describe('keys of the raw log', () => {
  test('give back what they hold', () => {
    fc.assert(
      fc.property(partition, offset, offset, (at, a, b) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)];
        expect(keys.parseRawKey(keys.rawKey('posts', at, first, last))).toEqual({ partition: at, first, last });
      }),
    );
  });

  test('sort by first offset within their partition, in S3’s order of bytes', () => {
    fc.assert(
      fc.property(partition, offset, offset, (at, a, b) => {
        const [x, y] = [keys.rawKey('posts', at, a, a), keys.rawKey('posts', at, b, b)];
        expect(Math.sign(Buffer.compare(Buffer.from(x), Buffer.from(y)))).toBe(Math.sign(a - b));
        expect(x.startsWith(keys.rawPrefix('posts', at))).toBe(true);
      }),
    );
  });

  test('come after the start of a listing exactly if they begin at its offset or later', () => {
    fc.assert(
      fc.property(partition, offset, fc.oneof(offset, fc.constant(-1)), (at, first, from) => {
        const key = keys.rawKey('posts', at, first, Number.MAX_SAFE_INTEGER);
        expect(key > keys.rawStartAfter('posts', at, from)).toBe(first >= from);
      }),
    );
  });

  test.each([
    'raw/posts/partition=0003/_SUCCESS',
    'raw/posts/partition=0003/17-42.ndjson',
    'quarantine/posts/partition=0003/00000000000000000017.json',
    '',
  ])('%j is not one', (key) => {
    expect(keys.parseRawKey(key)).toBeUndefined();
  });
});

describe('keys of manifests', () => {
  test('give back the name of their interval, and only they do', () => {
    fc.assert(
      fc.property(fc.nat(500_000), (hours) => {
        const interval = hours * HOUR;
        expect(keys.intervalNameOfManifest(keys.manifestKey(interval))).toBe(intervalName(interval));
        expect(keys.intervalNameOfManifest(keys.sealKey(interval))).toBeUndefined();
      }),
    );
  });

  test('of a day begin with its prefix, of the next day do not', () => {
    const prefix = keys.manifestsOfDayPrefix('2026-11-22');
    expect(keys.manifestKey(INTERVAL).startsWith(prefix)).toBe(true);
    expect(keys.manifestKey(INTERVAL + 3 * HOUR).startsWith(prefix)).toBe(false);
  });
});
