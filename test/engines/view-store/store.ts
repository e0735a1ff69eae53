import { throttlingStore } from '../../support/throttling-store';
import { connect, StoreUnavailableError } from '../../../lambda/aws/keyspaces/keyspaces';
import { MAX_IN } from '../../../lambda/aws/keyspaces/cql';
import { REGION } from '../support/shared-engines';
import { useCassandra } from './fixture';

const HOUR = 3_600_000;
const INTERVAL = Date.parse('2026-11-22T21:00:00Z');

const fixture = useCassandra('store_test');

describe('speed rows', () => {
  const row = (appliedOffset: number, text: string) => ({
    appliedOffset,
    asOf: INTERVAL + 5,
    counts: Buffer.from(text),
  });
  const key = { view: 'posts_by_category', interval: INTERVAL, partition: 3 };

  it('change only from the offset that the writer has read', async () => {
    const { store } = fixture.current();
    await expect(store.readSpeedRow(key)).resolves.toBeUndefined();
    await expect(store.casSpeedRow(key, 7, row(8, 'zombie'))).resolves.toBe(false);
    await expect(store.casSpeedRow(key, undefined, row(2 ** 40, 'one'))).resolves.toBe(true);
    await expect(store.casSpeedRow(key, undefined, row(9, 'late'))).resolves.toBe(false);
    await expect(store.casSpeedRow(key, 2 ** 40, row(2 ** 40 + 1, 'two'))).resolves.toBe(true);
    await expect(store.casSpeedRow(key, 2 ** 40, row(2 ** 40 + 2, 'late'))).resolves.toBe(false);
    await expect(store.readSpeedRow(key)).resolves.toEqual(row(2 ** 40 + 1, 'two'));
  });

  it('expire, whether they were inserted or updated', async () => {
    const found = await fixture
      .current()
      .session.execute(
        `SELECT TTL(counts) AS ttl, TTL(applied_offset) AS ttl2 FROM ${fixture.current().tables.speedViews} WHERE view_name = ? AND interval_start = ? AND kafka_partition = ?`,
        [key.view, new Date(INTERVAL), 3],
      );
    expect(found.rows).toHaveLength(1);
    for (const name of ['ttl', 'ttl2']) expect(found.rows[0][name]).toBeGreaterThan(3000);
  });

  it('are found for many intervals at once', async () => {
    const { store } = fixture.current();
    const intervals = Array.from({ length: MAX_IN }, (_, i) => INTERVAL + i * HOUR);
    for (const interval of [intervals[1], intervals[MAX_IN - 1]]) {
      for (const partition of [0, 11]) {
        await store.casSpeedRow({ view: 'posts_by_country', interval, partition }, undefined, row(partition, 'x'));
      }
    }
    const found = await store.scanSpeedRows('posts_by_country', intervals);
    expect(found.map(({ interval, partition }) => [interval, partition]).sort()).toEqual(
      [intervals[1], intervals[MAX_IN - 1]].flatMap((interval) => [
        [interval, 0],
        [interval, 11],
      ]),
    );
    expect(found[0]).toMatchObject({ asOf: INTERVAL + 5, counts: Buffer.from('x') });
    await expect(store.scanSpeedRows('posts_by_country', [...intervals, 0])).rejects.toThrow(
      'intervals of a scan must be at most 25',
    );
  });
});

describe('speed state', () => {
  it('changes only from the offset that the writer has read, and holds hundreds of kilobytes', async () => {
    const { store } = fixture.current();
    const state = Buffer.alloc(600_000, 7);
    await expect(store.readState('posts', 1)).resolves.toBeUndefined();
    await expect(store.readAppliedOffset('posts', 1)).resolves.toBeUndefined();
    await expect(store.casState('posts', 1, undefined, { appliedOffset: 0, state })).resolves.toBe(true);
    await expect(store.casState('posts', 1, undefined, { appliedOffset: 5, state })).resolves.toBe(false);
    await expect(store.casState('posts', 1, 0, { appliedOffset: 4, state })).resolves.toBe(true);
    await expect(store.casState('posts', 1, 0, { appliedOffset: 9, state })).resolves.toBe(false);
    await expect(store.readState('posts', 1)).resolves.toEqual({ appliedOffset: 4, state });
    await expect(store.readAppliedOffset('posts', 1)).resolves.toBe(4);
  });
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
    await expect(store.putDrift('posts', 0, INTERVAL)).resolves.toBe(false);
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
    await expect(store.putDrift('posts', 4, INTERVAL)).resolves.toBe(true);
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
