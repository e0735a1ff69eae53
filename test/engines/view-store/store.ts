import { throttlingStore } from '../../support/throttling-store';
import { connect, StoreUnavailableError } from '../../../lambda/aws/keyspaces/keyspaces';
import { keyspacesStore } from '../../../lambda/aws/keyspaces/writer';
import { mapConcurrently } from '../../../lambda/runtime/concurrent';
import { type LogRow } from '../../../lambda/formats/speed-log';
import { REGION } from '../support/shared-engines';
import { useCassandra } from './fixture';
import { TTL } from './tables';

const HOUR = 3_600_000;
const INTERVAL = Date.parse('2026-11-22T21:00:00Z');

const fixture = useCassandra('store_test');

describe('the log of the speed layer', () => {
  const key = { topic: 'posts', partition: 3 };
  const row = (from: number, text = 'posts', to = from): LogRow => ({
    ...{ from, to, interval: INTERVAL, asOf: INTERVAL + 5 },
    posts: Buffer.from(text),
  });

  it('takes a row at a place once, whoever comes first', async () => {
    const { store, cassandra } = fixture.current();
    const other = connect({ AWS_REGION: REGION, AWS_ENDPOINT_URL_KEYSPACES: cassandra.endpointUrl });
    try {
      const writers = [store, keyspacesStore(other, fixture.current().tables)];
      for (let from = 0; from < 20; from++) {
        const applied = await Promise.all(writers.map((each, i) => each.appendLog(key, row(from, `writer ${i}`))));
        expect(applied.filter(Boolean)).toHaveLength(1);
        const [found] = await store.readLog(key, 0, from);
        expect(found).toEqual(row(from, `writer ${applied.indexOf(true)}`));
      }
      await expect(store.appendLog(key, row(7, 'late', 9))).resolves.toBe(false);
    } finally {
      await other.shutdown();
    }
  });

  it('is read by the segment, from an offset on, in order', async () => {
    const { store } = fixture.current();
    const at = { topic: 'segments', partition: 0 };
    const border = 2 ** 20;
    for (const from of [border + 5, 5, border, border - 1, 2 ** 40]) await store.appendLog(at, row(from));
    const froms = async (segment: number, from: number) =>
      (await store.readLog(at, segment, from)).map((each) => each.from);
    await expect(froms(0, 0)).resolves.toEqual([5, border - 1]);
    await expect(froms(0, 6)).resolves.toEqual([border - 1]);
    await expect(froms(1, border)).resolves.toEqual([border, border + 5]);
    await expect(froms(2, 0)).resolves.toEqual([]);
    await expect(froms(2 ** 20, 0)).resolves.toEqual([2 ** 40]);
    await expect(store.readLog({ ...at, partition: 1 }, 0, 0)).resolves.toEqual([]);
  });

  it('is read whole, however many pages its rows take', async () => {
    const { store } = fixture.current();
    const at = { topic: 'pages', partition: 0 };
    const froms = Array.from({ length: 1_200 }, (_, from) => from);
    // More than two pages of the driver.
    await mapConcurrently(froms, 64, (from) => store.appendLog(at, row(from, 'x'.repeat(400))));
    expect((await store.readLog(at, 0, 0)).map(({ from }) => from)).toEqual(froms);
  }, 120_000);
});

describe('the head of a partition', () => {
  it('changes only from where the writer has read it', async () => {
    const { store } = fixture.current();
    const key = { topic: 'posts', partition: 1 };
    const head = (foldedTo: number, text: string) => ({ foldedTo, state: Buffer.from(text) });
    await expect(store.readHead(key)).resolves.toBeUndefined();
    await expect(store.casHead(key, 7, head(8, 'zombie'))).resolves.toBe(false);
    await expect(store.casHead(key, undefined, head(2 ** 40, 'one'))).resolves.toBe(true);
    await expect(store.casHead(key, undefined, head(9, 'late'))).resolves.toBe(false);
    await expect(store.casHead(key, 2 ** 40, head(2 ** 40 + 1, 'two'))).resolves.toBe(true);
    await expect(store.casHead(key, 2 ** 40, head(2 ** 40 + 2, 'late'))).resolves.toBe(false);
    await expect(store.readHead(key)).resolves.toEqual(head(2 ** 40 + 1, 'two'));
  });
});

describe('the runs of the speed layer', () => {
  const key = {
    topic: 'posts',
    partition: 2,
    view: 'posts_by_category-12ab',
    tier: 0,
    interval: INTERVAL,
    from: 0,
    to: 0,
  };
  const row = (text: string, chunks = 0) => ({ chunks, counts: Buffer.from(text) });

  it('have chunks, which are written again without effect', async () => {
    const { store } = fixture.current();
    const open = { ...key, tier: 1, from: 2 ** 40, to: 2 ** 40 + 9 };
    for (let i = 0; i < 2; i++) {
      await store.putSpeedChunk(open, 1, row('rest'));
      await store.putSpeedChunk(open, 0, row('first', 2));
    }
    await expect(store.readSpeedChunk(open, 0)).resolves.toEqual(row('first', 2));
    await expect(store.readSpeedChunk(open, 1)).resolves.toEqual(row('rest'));
    await expect(store.readSpeedChunk(open, 2)).resolves.toBeUndefined();
    await expect(store.readSpeedChunk({ ...open, to: 2 ** 40 + 8 }, 0)).resolves.toBeUndefined();
  });

  it('of closed intervals are listed by their first chunks', async () => {
    const { store } = fixture.current();
    const intervals = [0, 1, 2, 3].map((hour) => INTERVAL + hour * HOUR);
    for (const interval of intervals) {
      await store.putSpeedChunk({ ...key, interval }, 1, row('rest'));
      await store.putSpeedChunk({ ...key, interval }, 0, row(`first of ${interval}`, 2));
    }
    await expect(store.listClosed(key, intervals[1], intervals[2])).resolves.toEqual(
      [intervals[1], intervals[2]].map((interval) => ({ interval, ...row(`first of ${interval}`, 2) })),
    );
  });
});

describe('the posts that the speed layer recognizes', () => {
  it('are read from an offset on, piece by piece, and deleted with their interval', async () => {
    const { store } = fixture.current();
    const key = { topic: 'posts', partition: 4 };
    const range = (from: number, to: number, piece: number, interval = INTERVAL) => ({
      ...key,
      interval,
      from,
      to,
      piece,
    });
    const all = [range(9, 11, 0), range(0, 8, 1), range(0, 8, 0), range(0, 4, 0), range(12, 13, 0, INTERVAL + HOUR)];
    for (const each of all) await store.putPosts(each, Buffer.from(`${each.from}-${each.to}.${each.piece}`));
    const found = async (interval: number, from: number) =>
      (await store.readPosts(key, interval, from)).map((blob) => blob.toString());
    await expect(found(INTERVAL, 0)).resolves.toEqual(['0-4.0', '0-8.0', '0-8.1', '9-11.0']);
    await expect(found(INTERVAL, 9)).resolves.toEqual(['9-11.0']);
    await expect(found(INTERVAL + HOUR, 0)).resolves.toEqual(['12-13.0']);
  });

  it('hold hundreds of kilobytes a row', async () => {
    const { store } = fixture.current();
    const key = { topic: 'posts', partition: 5, interval: INTERVAL, from: 0, to: 1, piece: 0 };
    await store.putPosts(key, Buffer.alloc(600_000, 7));
    const [blob] = await store.readPosts(key, INTERVAL, 0);
    expect(blob.equals(Buffer.alloc(600_000, 7))).toBe(true);
  });
});

test('rows of the log and of runs expire, and nothing else of the speed layer does', async () => {
  const { session, tables } = fixture.current();
  const ttls = async (table: string, column: string) => {
    const { rows } = await session.execute(`SELECT TTL(${column}) AS ttl FROM ${table}`, []);
    expect(rows.length).toBeGreaterThan(0);
    return rows.map(({ ttl }) => ttl as number | null);
  };
  for (const [table, columns] of [
    [tables.speedLog, ['posts', 'to_offset', 'as_of', 'interval_start']],
    [tables.speedRuns, ['counts', 'chunks']],
    [tables.speedPosts, ['posts']],
  ] as const) {
    for (const column of columns) {
      for (const ttl of await ttls(table, column)) {
        expect(ttl).toBeGreaterThan(TTL - 600);
        expect(ttl).toBeLessThanOrEqual(TTL);
      }
    }
  }
  expect(new Set(await ttls(tables.speedHead, 'state'))).toEqual(new Set([null]));
});

describe('batch rows', () => {
  it('are replaced by a rerun', async () => {
    const { store } = fixture.current();
    const chunked = { version: 'a', chunks: 2, firstKeys: Buffer.from('k') };
    const inline = { version: 'b', chunks: 0, counts: Buffer.from('c') };
    await expect(store.readRun('posts_by_category', '2026-11')).resolves.toBeUndefined();
    await store.putRun('posts_by_category', '2026-11', chunked);
    await expect(store.readRun('posts_by_category', '2026-11')).resolves.toEqual(chunked);
    await store.putRun('posts_by_category', '2026-11', inline);
    await expect(store.readRun('posts_by_category', '2026-11')).resolves.toEqual(inline);
  });

  it('have chunks that are deleted by the block', async () => {
    const { store } = fixture.current();
    const run = { view: 'posts_by_category', period: '2026-12', version: 'v' };
    const found = () =>
      Promise.all([0, 15, 16].map(async (chunk) => (await store.readChunk({ ...run, chunk }))?.toString()));
    for (const chunk of [0, 15, 16]) await store.putChunk({ ...run, chunk }, Buffer.from(`${chunk}`));
    await expect(found()).resolves.toEqual(['0', '15', '16']);
    await store.deleteBlock({ ...run, block: 0 });
    await expect(found()).resolves.toEqual([undefined, undefined, '16']);
    await store.deleteBlock({ ...run, block: 1 });
    await store.deleteBlock({ ...run, block: 1 });
    await expect(found()).resolves.toEqual([undefined, undefined, undefined]);
  });

  it('are listed while no pointer may name them', async () => {
    const { store } = fixture.current();
    const run = { view: 'posts_by_category', period: '2026-12', version: 'v' };
    await expect(store.listUnreferenced('posts')).resolves.toEqual([]);
    await store.putUnreferenced('posts', { ...run, since: INTERVAL });
    await store.putUnreferenced('posts', { ...run, since: INTERVAL + HOUR });
    await expect(store.listUnreferenced('posts')).resolves.toEqual([{ ...run, since: INTERVAL + HOUR }]);
    await store.deleteUnreferenced('posts', run);
    await expect(store.listUnreferenced('posts')).resolves.toEqual([]);
  });
});

describe('the boundary', () => {
  it('starts once and moves only from where it is', async () => {
    const { store } = fixture.current();
    await expect(store.putDrift('posts', 0, null, INTERVAL)).resolves.toBe(false);
    await expect(store.moveBoundary('posts', INTERVAL, INTERVAL + HOUR, 1)).resolves.toBe(false);
    await expect(store.readBoundary('posts')).resolves.toBeUndefined();
    await expect(store.startBoundary('posts', INTERVAL, 60, 1)).resolves.toBe(true);
    await expect(store.startBoundary('posts', INTERVAL + HOUR, 60, 1)).resolves.toBe(false);
    await expect(store.readBoundary('posts')).resolves.toEqual({
      interval: INTERVAL,
      firstInterval: INTERVAL,
      intervalMinutes: 60,
      publishedAt: 1,
      drift: null,
      reconciledInterval: null,
    });
    await expect(store.moveBoundary('posts', INTERVAL, INTERVAL + HOUR, 2)).resolves.toBe(true);
    await expect(store.moveBoundary('posts', INTERVAL, INTERVAL + 2 * HOUR, 3)).resolves.toBe(false);
    await expect(store.putDrift('posts', 3, null, INTERVAL - HOUR)).resolves.toBe(true);
    await expect(store.putDrift('posts', 4, INTERVAL - HOUR, INTERVAL)).resolves.toBe(true);
    await expect(store.putDrift('posts', 5, INTERVAL - HOUR, INTERVAL)).resolves.toBe(false);
    await expect(store.putDrift('posts', 5, null, INTERVAL)).resolves.toBe(false);
    await expect(store.readBoundary('posts')).resolves.toEqual({
      interval: INTERVAL + HOUR,
      firstInterval: INTERVAL,
      intervalMinutes: 60,
      publishedAt: 2,
      drift: 4,
      reconciledInterval: INTERVAL,
    });
  });
});

describe('a store that throttles', () => {
  it('responds to a statement that waited, and fails as an outage only if it throttles for seconds', async () => {
    const front = throttlingStore();
    const { cassandra } = fixture.current();
    let throttles = 0;
    const session = connect(
      { AWS_REGION: REGION, AWS_ENDPOINT_URL_KEYSPACES: await front.before(cassandra.endpointUrl) },
      { throttled: () => throttles++ },
    );
    const statement = () => session.execute('SELECT name FROM "store_test"."boundary" WHERE name = ?', ['posts']);
    try {
      await expect(statement()).resolves.toMatchObject({ rows: expect.any(Array) });
      front.throttle(true);
      setTimeout(() => front.throttle(false), 200);
      await expect(statement()).resolves.toMatchObject({ rows: expect.any(Array) });
      expect(throttles).toBeGreaterThan(0);
      front.throttle(true);
      await expect(statement()).rejects.toBeInstanceOf(StoreUnavailableError);
      front.throttle(false);
      await expect(statement()).resolves.toMatchObject({ rows: expect.any(Array) });
    } finally {
      await session.shutdown();
      front.stop();
    }
  }, 30_000);
});

describe('an outage', () => {
  it('is distinguished from a wrong statement', async () => {
    const wrong = fixture
      .current()
      .session.execute('SELECT nothing FROM "store_test"."boundary" WHERE name = ?', ['posts']);
    await expect(wrong).rejects.not.toBeInstanceOf(StoreUnavailableError);
    await expect(wrong).rejects.toThrow('nothing');
  });

  it('of a store that nobody listens for fails at once, and a wrong password too', async () => {
    for (const url of [
      'cassandra://app:app@127.0.0.1:1',
      `cassandra://app:no@127.0.0.1:${fixture.current().cassandra.port}`,
    ]) {
      const session = connect({ AWS_REGION: REGION, AWS_ENDPOINT_URL_KEYSPACES: url });
      await expect(session.execute('SELECT name FROM tt WHERE name = ?', ['x'])).rejects.toBeInstanceOf(
        StoreUnavailableError,
      );
      await session.shutdown();
    }
  });

  it('of a frozen store fails within seconds, and the session works again once it is back', async () => {
    fixture.current().cassandra.suspend();
    const began = Date.now();
    try {
      await expect(fixture.current().store.readBoundary('posts')).rejects.toBeInstanceOf(StoreUnavailableError);
      expect(Date.now() - began).toBeLessThan(20_000);
    } finally {
      fixture.current().cassandra.resume();
    }
    const deadline = Date.now() + 30_000;
    for (;;) {
      try {
        expect(await fixture.current().store.readBoundary('posts')).toMatchObject({ drift: 4 });
        break;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError) || Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }, 60_000);
});
