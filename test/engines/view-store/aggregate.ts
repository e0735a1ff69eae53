import { StoreUnavailableError } from '../../../lambda/aws/keyspaces/keyspaces';
import { type AggregateStore, type Store } from '../../../lambda/aws/keyspaces/store';
import { lambdaEvent, toRecord, type RecordSpec } from '../../support/posts-log';
import { memoryStore, speedCounts } from '../../support/memory-store';
import { aggregateOver } from '../../support/speed-layer';
import { deleteChain } from '../../../tools/operate/delete-chain/delete-chain';
import { useCassandra } from './fixture';
import { createStore } from './tables';

const START = Date.parse('2026-11-22T21:00:00Z');
const TOPIC = 'posts';
const PARTITIONS = [0, 1, 2];
/** So that there are runs of several tiers. */
const LIMITS = { deltas: 2, bytes: 100_000, fewest: 2, runs: 2, ms: 60_000 };

const fixture = useCassandra('aggregate_test');

const handlerOver = (store: AggregateStore, report = jest.fn()) =>
  aggregateOver(store, { intervalMinutes: 1, limits: LIMITS, now: Date.now, report });

/** Posts in three partitions over two intervals, some in sections that come apart, some twice. */
function log(topicSeed: number) {
  return PARTITIONS.flatMap((partition) =>
    Array.from({ length: 60 }, (_, offset) => {
      const n = (offset * 7 + partition + topicSeed) % 40;
      const spec: RecordSpec = {
        kind: offset % 17 === 0 ? 'heartbeat' : offset % 23 === 0 ? 'bad' : 'post',
        timestamp: START + offset * 1500,
        index: n,
        pin: n % 3 !== 0 || offset % 2 === 0,
        geo: n % 2 === 0 || offset > 40,
        user: n % 3 === 0,
        variant: n % 10,
      };
      return toRecord(spec, partition, offset);
    }),
  );
}

async function expected(records: ReturnType<typeof log>) {
  const memory = memoryStore();
  await handlerOver(memory)(lambdaEvent(TOPIC, records));
  return memory;
}

/** What both stores show, view by view. */
async function compare(store: Store, memory: ReturnType<typeof memoryStore>) {
  const topic = { topic: TOPIC, partitions: PARTITIONS.length, intervalMinutes: 1 };
  const found = await speedCounts(store, topic);
  expect(found).toEqual(await speedCounts(memory, topic));
  expect(found.size).toBeGreaterThan(50);
}

const upTo = (records: ReturnType<typeof log>, from: number, to: number) =>
  lambdaEvent(
    TOPIC,
    records.filter(({ offset }) => offset >= from && offset < to),
  );

describe('the speed layer on a real store', () => {
  it('has the rows of one pass after batches, redeliveries and two processes at once', async () => {
    const { store } = fixture.current();
    const records = log(0);
    const memory = await expected(records);
    const report = jest.fn();
    const [one, two] = [handlerOver(store, report), handlerOver(store, report)];
    await one(upTo(records, 0, 20));
    await one(upTo(records, 10, 30));
    // Both are given the same batches at the same time; conditions let each row be written by one of them.
    await Promise.allSettled([one(upTo(records, 20, 45)), two(upTo(records, 20, 45))]);
    await two(upTo(records, 20, 60));
    await one(upTo(records, 30, 60));
    await compare(store, memory);
    for (const partition of PARTITIONS) {
      const rows = await store.readLog({ topic: TOPIC, partition }, 0, 0);
      expect(rows.map(({ from }) => from)).toEqual([0, ...rows.slice(0, -1).map(({ to }) => to + 1)]);
      expect(rows.at(-1)!.to).toBe(59);
    }
    const total = (name: string) =>
      report.mock.calls.reduce((sum: number, [, values]) => sum + ((values as Record<string, number>)[name] ?? 0), 0);
    expect(total('conditionFailed')).toBeGreaterThan(0);
    expect(total('received')).toBe(
      total('written') + total('repeated') + total('quarantined') + total('controlRecords'),
    );
  });

  it('begins anew in a partition whose chain was deleted, with the records of another topic', async () => {
    const anew = await createStore(fixture.current().cassandra, 'aggregate_anew');
    try {
      await handlerOver(anew.store)(upTo(log(0), 0, 40));
      const later = log(9).map((record) => ({ ...record, timestamp: record.timestamp + 3_600_000 }));
      await expect(handlerOver(anew.store)(upTo(later, 0, 60))).rejects.toThrow('is of another log');
      for (const partition of PARTITIONS) await deleteChain(anew.store, { topic: TOPIC, partition }, true);
      await handlerOver(anew.store)(upTo(later, 0, 60));
      const interval = (counts: Awaited<ReturnType<typeof speedCounts>>) =>
        [...counts].filter(([key]) => Number(key.split('|')[1]) >= START + 3_600_000);
      const topic = { topic: TOPIC, partitions: PARTITIONS.length, intervalMinutes: 1 };
      const right = await speedCounts(await expected(later), topic);
      expect(new Map(interval(await speedCounts(anew.store, topic)))).toEqual(right);
    } finally {
      await anew.session.shutdown();
    }
  });

  it('throws while the store is frozen, and the redelivered batch makes it whole', async () => {
    const frozen = await createStore(fixture.current().cassandra, 'aggregate_frozen');
    try {
      const records = log(5);
      const handler = handlerOver(frozen.store);
      await handler(upTo(records, 0, 30));
      fixture.current().cassandra.suspend();
      try {
        await expect(handler(upTo(records, 30, 60))).rejects.toBeInstanceOf(StoreUnavailableError);
      } finally {
        fixture.current().cassandra.resume();
      }
      for (const deadline = Date.now() + 30_000; ;) {
        try {
          await handler(upTo(records, 30, 60));
          break;
        } catch (error) {
          if (!(error instanceof StoreUnavailableError) || Date.now() > deadline) throw error;
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      }
      await compare(frozen.store, await expected(records));
    } finally {
      await frozen.session.shutdown();
    }
  }, 90_000);
});
