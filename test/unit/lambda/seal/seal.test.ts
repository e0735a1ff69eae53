import fc from 'fast-check';
import { beforeFirst, dueIntervals, type Offsets } from '../../../../lambda/seal/core';
import { makeHandler, type Deps, type SealEvent } from '../../../../lambda/seal/handler';
import { intervalName, nextInterval } from '../../../../lambda/domain/intervals';
import { type Seal } from '../../../../lambda/formats/interval-metadata';
import { heartbeatsKey, planKey, publishedKey, rawKey, sealKey } from '../../../../lambda/formats/keys';
import {
  parsePlan,
  serializePlan,
  withManifests,
  withPublished,
  withReconciled,
} from '../../../../lambda/formats/plan';
import { MemoryLake } from '../../../support/memory-lake';

const MINUTE = 60_000;
const START = Date.parse('2026-11-22T21:00:00Z');
const at = (minutes: number) => START + minutes * MINUTE;
const name = (minutes: number) => intervalName(at(minutes));

/** A topic in memory: the append times of each partition's records. Its clock is `now`, minus a lag per partition. */
class FakeKafka {
  now = START;
  /** Partitions to which heartbeat records were written, in order. */
  readonly controlRecords: number[] = [];
  lookUps = 0;
  lag: number[] = [];

  constructor(readonly partitions: number[][]) {}

  offset(partition: number, timestamp: number): { offset: number; found: boolean } {
    const found = this.partitions[partition].findIndex((time) => time >= timestamp);
    return found < 0 ? { offset: this.partitions[partition].length, found: false } : { offset: found, found: true };
  }

  async endOffsets() {
    return this.partitions.map((times, partition) => ({ partition, low: 0, high: times.length }));
  }

  async offsetsAt(_topic: string, timestamp: number) {
    this.lookUps++;
    return this.partitions.map((_, partition) => ({ partition, ...this.offset(partition, timestamp) }));
  }

  async writeHeartbeat(_topic: string, partition: number) {
    const logAppendTime = this.now - (this.lag[partition] ?? 0);
    this.controlRecords.push(partition);
    const offset = this.partitions[partition].push(logAppendTime) - 1;
    return { offset, logAppendTime };
  }
}

function setUp(partitions: number[][], nowMinutes: number, limits: Partial<Deps['limits']> = {}) {
  const kafka = new FakeKafka(partitions);
  kafka.now = at(nowMinutes);
  const store = new MemoryLake();
  const reports: unknown[] = [];
  let archiving = true;
  /** What the archive does in the meantime: it stores everything on the topic. */
  const archive = () => {
    partitions.forEach((times, partition) => {
      if (times.length > 0) store.objects.set(rawKey('posts', partition, 0, times.length - 1), Buffer.from(''));
    });
  };
  archive();
  const handle = makeHandler({
    topic: 'posts',
    intervalMinutes: 1,
    kafka,
    store,
    limits: { intervals: 48, endMs: 30_000, archiveMs: 10_000, ...limits },
    report: (step, values) => reports.push({ step, ...values }),
    now: () => kafka.now,
    sleep: async (ms) => {
      kafka.now += ms;
      if (archiving) archive();
    },
  });
  const run = (event: SealEvent) => handle(event);
  /** What `publish` writes to the lake. */
  const publish = (...minutes: number[]) => {
    for (const each of minutes) store.objects.set(publishedKey(at(each)), Buffer.from('{}'));
  };
  return { kafka, store, reports, handle, run, publish, archive, stopArchiving: () => (archiving = false) };
}

describe('finding due intervals', () => {
  it('finds exactly the non-empty intervals of the monotone rule, oldest first, for any clocks', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 12 * MINUTE }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(times, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 15 }),
        async (raw, last) => {
          // A later record at the end of each partition; times before it may go back, as brokers' clocks do.
          const kafka = new FakeKafka(raw.map((partition) => [...partition.map((time) => START + time), at(20)]));
          const endOf = async (interval: number): Promise<Offsets> =>
            new Map(kafka.partitions.map((_, p) => [p, kafka.offset(p, interval + MINUTE).offset]));
          const lows = new Map(kafka.partitions.map((_, p) => [p, 0]));
          const { due, more } = await dueIntervals({
            after: await beforeFirst(at(last), MINUTE, lows, endOf),
            upTo: at(last),
            length: MINUTE,
            from: new Map(),
            endOf,
            areHeartbeats: (ranges) => ranges.every(({ from, to }) => from === to),
            limit: 100,
          });
          const expected = new Set<number>();
          for (const partition of kafka.partitions) {
            let interval = 0;
            for (const time of partition) expected.add((interval = nextInterval(interval, time, 1)));
          }
          expect(due.map(({ interval }) => interval)).toEqual(
            [...expected].filter((b) => b <= at(last)).sort((a, b) => a - b),
          );
          expect(more).toBe(false);
        },
      ),
    );
  });

  it('finds posts behind any number of intervals of heartbeat records, whatever the limit', async () => {
    const kafka = new FakeKafka([
      [at(8), at(20)],
      [...Array.from({ length: 7 }, (_, i) => at(1 + i)), at(20)],
    ]);
    const { due, more } = await dueIntervals({
      ...{ after: at(0), upTo: at(19), length: MINUTE, from: new Map(), limit: 1 },
      endOf: async (interval) => new Map([0, 1].map((p) => [p, kafka.offset(p, interval + MINUTE).offset])),
      areHeartbeats: (ranges) => ranges.every(({ partition, from, to }) => partition === 1 || from === to),
    });
    expect(due.map(({ interval }) => interval)).toEqual([at(8)]);
    expect(more).toBe(false);
  });

  it('needs few lookups for an outage of days', async () => {
    const { kafka, run } = setUp([[at(0), at(3 * 24 * 60)]], 3 * 24 * 60);
    const { intervals } = await run({ interval: name(3 * 24 * 60 - 1) });
    expect(intervals.map(({ interval }) => interval)).toEqual([name(0)]);
    expect(kafka.lookUps).toBeLessThan(40);
  });
});

describe('a topic that was made anew under the same name', () => {
  const before = () => setUp([[at(0), at(0) + 5, at(1)], [at(1)]], 1);
  const anew = (...partitions: number[][]) => {
    const { kafka, store, run } = before();
    return async () => {
      await run({ interval: name(0) });
      kafka.partitions.splice(0, Infinity, ...partitions);
      kafka.now = at(4);
      const objects = [...store.objects];
      const sealing = run({ interval: name(3) });
      return { sealing, objects, store };
    };
  };

  it.each([
    ['is shorter than what was sealed', [[at(2)], []]],
    ['is as long', [[at(2), at(2)], []]],
    ['is longer', [[at(2), at(2), at(2), at(3), at(4)], [at(4)]]],
    ['has fewer partitions', []],
  ])('is not sealed, and nothing is written, if its log %s', async (_, partitions) => {
    const { sealing, objects, store } = await anew(...partitions)();
    await expect(sealing).rejects.toThrow(
      `topic 'posts' must be the one of interval ${name(0)}, which ends at offset 2 of partition 0, but it was made anew`,
    );
    expect([...store.objects]).toEqual(objects);
  });

  it('is another case than retention, and than a clock that steps back', async () => {
    const { kafka, run } = before();
    await run({ interval: name(0) });
    kafka.partitions[0].push(at(0) + 7, at(4));
    kafka.partitions[1].push(at(4));
    kafka.endOffsets = async () =>
      kafka.partitions.map(({ length }, partition) => ({ partition, low: 1, high: length }));
    kafka.now = at(4);
    const { intervals } = await run({ interval: name(3) });
    expect(intervals.map(({ interval }) => interval)).toEqual([name(0), name(1)]);
  });
});

describe('sealing', () => {
  it('fixes the ranges of every due interval, chained', async () => {
    const { run, store } = setUp(
      [
        [at(0), at(0) + 5, at(2), at(4)],
        [at(0), at(4)],
      ],
      4,
    );
    expect(await run({ interval: name(3) })).toEqual({
      intervals: [
        {
          interval: name(0),
          previous: null,
          partitions: [
            { partition: 0, from: 0, to: 2 },
            { partition: 1, from: 0, to: 1 },
          ],
        },
        {
          interval: name(2),
          previous: name(0),
          partitions: [
            { partition: 0, from: 2, to: 3 },
            { partition: 1, from: 1, to: 1 },
          ],
        },
      ],
    });
    expect(store.keys('seals/')).toEqual([sealKey(at(0)), sealKey(at(2))]);
    expect(store.json(sealKey(at(2)))).toMatchObject({ topic: 'posts', previous: name(0) });
  });

  it('continues where the chain ended, and returns the stored seal of a sealed interval', async () => {
    const { run, kafka, store, publish } = setUp([[at(0), at(1), at(2)]], 2);
    await run({ interval: name(0) });
    publish(0);
    expect((await run({ interval: name(1) })).intervals.map(({ interval }) => interval)).toEqual([name(1)]);
    const stored = store.text(sealKey(at(0)));
    kafka.partitions[0].unshift(at(0));
    expect((await run({ interval: name(0) })).intervals.map(({ interval }) => interval)).toEqual([name(0)]);
    expect(store.text(sealKey(at(0)))).toBe(stored);
  });

  it('returns nothing for an empty interval, before and after the chain has passed it', async () => {
    const { run, publish } = setUp([[at(0), at(3), at(4)]], 4);
    await run({ interval: name(0) });
    publish(0);
    expect(await run({ interval: name(2) })).toEqual({ intervals: [] });
    await run({ interval: name(3) });
    publish(3);
    expect(await run({ interval: name(2) })).toEqual({ intervals: [] });
  });

  it('does nothing, and writes no heartbeat, on a topic without a record', async () => {
    const { run, kafka } = setUp([[], []], 4);
    expect(await run({ interval: name(3) })).toEqual({ intervals: [] });
    expect(kafka.controlRecords).toEqual([]);
  });

  it('returns the oldest intervals if more are due than one run processes, and reports more', async () => {
    const { run, publish } = setUp([[at(0), at(1), at(2), at(3), at(9)]], 9, { intervals: 2 });
    const first = await run({ interval: name(8) });
    expect(first.intervals.map(({ interval }) => interval)).toEqual([name(0), name(1)]);
    expect(first.more).toBe(true);
    publish(0, 1);
    const second = await run({ interval: name(8) });
    expect(second.intervals.map(({ interval }) => interval)).toEqual([name(2), name(3)]);
    expect(second.more).toBeUndefined();
  });

  it('gives a partition that was added later a range from 0', async () => {
    const { run, kafka, publish } = setUp([[at(0), at(1), at(2)]], 2);
    await run({ interval: name(0) });
    publish(0);
    kafka.partitions.push([at(2)]);
    const { intervals } = await run({ interval: name(1) });
    expect(intervals[0].partitions).toContainEqual({ partition: 1, from: 0, to: 0 });
  });

  it('continues from the seal of another run that was faster', async () => {
    const { run, store } = setUp([[at(0), at(1), at(2)]], 2);
    const other: Seal = {
      interval: name(0),
      previous: null,
      topic: 'posts',
      intervalMinutes: 1,
      partitions: [{ partition: 0, from: 0, to: 1 }],
    };
    const putIfAbsent = store.putIfAbsent.bind(store);
    store.putIfAbsent = async (key, body) => {
      if (key === sealKey(at(0))) store.objects.set(key, Buffer.from(JSON.stringify(other)));
      return putIfAbsent(key, body);
    };
    const { intervals } = await run({ interval: name(1) });
    expect(intervals.map(({ interval, previous }) => [interval, previous])).toEqual([
      [name(0), null],
      [name(1), name(0)],
    ]);
  });
});

describe('what an earlier run did not publish', () => {
  const names = async (result: ReturnType<ReturnType<typeof setUp>['run']>) =>
    (await result).intervals.map(({ interval }) => interval);

  it('is returned first, with what is due since, back to the newest published interval', async () => {
    const { run, publish } = setUp([[at(0), at(1), at(2), at(3)]], 3);
    await run({ interval: name(1) });
    publish(0);
    expect(await names(run({ interval: name(2) }))).toEqual([name(1), name(2)]);
    publish(1, 2);
    expect(await names(run({ interval: name(2) }))).toEqual([name(2)]);
  });

  it('is also returned if nothing is due, or for an empty or a sealed interval', async () => {
    const { run } = setUp([[at(0), at(1), at(4)]], 4);
    await run({ interval: name(1) });
    expect(await names(run({ interval: name(1) }))).toEqual([name(0), name(1)]);
    expect(await names(run({ interval: name(3) }))).toEqual([name(0), name(1)]);
    const quiet = setUp([[at(0)]], 2);
    await quiet.run({ interval: name(0) });
    quiet.kafka.partitions[0].length = 1;
    expect(await names(quiet.run({ interval: name(1) }))).toEqual([name(0)]);
  });

  it('is returned in parts, oldest first, and nothing more is sealed until it is published', async () => {
    const { run, store, publish } = setUp([[at(0), at(1), at(2), at(3)]], 3, { intervals: 2 });
    await run({ interval: name(2) });
    const again = await run({ interval: name(2) });
    expect(again.intervals.map(({ interval }) => interval)).toEqual([name(0), name(1)]);
    expect(again.more).toBe(true);
    expect(store.keys('seals/')).toEqual([sealKey(at(0)), sealKey(at(1))]);
    publish(0);
    const next = await run({ interval: name(2) });
    expect(next.intervals.map(({ interval }) => interval)).toEqual([name(1), name(2)]);
    expect(next.more).toBeUndefined();
  });
});

describe('records past the end of an interval', () => {
  it('writes a heartbeat record to the partitions without a later record, and to no others', async () => {
    const { run, kafka, reports } = setUp([[at(0)], [at(0), at(1)], [at(0)]], 1.5);
    await run({ interval: name(0) });
    expect(kafka.controlRecords).toEqual([0, 2]);
    expect(reports).toEqual([{ step: 'seal', received: 1, written: 1, heartbeats: 2, lag: 4, duration: 0 }]);
  });

  it('waits a short time for the end of the interval, and fails if it is far away', async () => {
    const soon = setUp([[at(0)]], 0.75);
    expect((await soon.run({ interval: name(0) })).intervals).toHaveLength(1);
    expect(soon.kafka.now).toBeGreaterThanOrEqual(at(1));
    const early = setUp([[at(0)]], 0.25);
    await expect(early.run({ interval: name(0) })).rejects.toThrow(
      `interval ${name(0)} is not over yet: the clock is 45000 ms`,
    );
    expect(early.kafka.controlRecords).toEqual([]);
  });

  it("waits for a broker whose clock lags, and uses that broker's clock for the end", async () => {
    const { run, kafka } = setUp([[at(0)]], 1.1);
    kafka.lag = [10_000];
    const { intervals } = await run({ interval: name(0) });
    expect(kafka.controlRecords).toEqual([0, 0]);
    // The heartbeat record that came too early belongs to the interval.
    expect(intervals[0].partitions).toEqual([{ partition: 0, from: 0, to: 2 }]);
  });

  it('names the broker that lags too far', async () => {
    const { run, kafka, store } = setUp([[at(0)]], 1.1);
    kafka.lag = [100_000];
    await expect(run({ interval: name(0) })).rejects.toThrow(
      'the clock of the broker that leads partition 0 is 94000 ms',
    );
    expect(store.keys('seals/')).toEqual([]);
  });
});

describe('an idle topic', () => {
  it('has one interval for the last posts, and a heartbeat record a partition: what is only heartbeats is no interval', async () => {
    const { run, kafka, publish, archive } = setUp([[at(0)], [], []], 1);
    const sealed: string[] = [];
    for (let minute = 0; minute < 60; minute++) {
      kafka.now = at(minute + 1) + 5_000;
      const { intervals } = await run({ interval: name(minute) });
      sealed.push(...intervals.map(({ interval }) => interval));
      publish(minute);
      archive();
    }
    expect(sealed).toEqual([name(0)]);
    expect(kafka.controlRecords).toEqual([0, 1, 2]);
  });

  it('leaves its heartbeat records to the next interval with records', async () => {
    const { run, kafka, publish, archive } = setUp([[at(0)], []], 1);
    await run({ interval: name(0) });
    publish(0);
    kafka.partitions[1].push(at(5));
    kafka.now = at(6.5);
    archive();
    const { intervals } = await run({ interval: name(5) });
    expect(intervals).toEqual([
      {
        interval: name(5),
        previous: name(0),
        partitions: [
          { partition: 0, from: 1, to: 2 },
          { partition: 1, from: 0, to: 2 },
        ],
      },
    ]);
  });

  it('has an interval of a heartbeat record that the function did not get to note', async () => {
    const { run, kafka, publish, store, archive } = setUp([[at(0)]], 1);
    await run({ interval: name(0) });
    publish(0);
    store.objects.delete(heartbeatsKey);
    archive();
    kafka.now = at(2.5);
    await expect(run({ interval: name(1) })).resolves.toMatchObject({ intervals: [{ interval: name(1) }] });
    publish(1);
    archive();
    kafka.now = at(3.5);
    await expect(run({ interval: name(2) })).resolves.toEqual({ intervals: [] });
  });

  it('notes what it wrote although the clock of a broker lags too far', async () => {
    const { run, kafka, store } = setUp([[at(0)]], 1.1);
    kafka.lag = [100_000];
    await expect(run({ interval: name(0) })).rejects.toThrow('the clock of the broker');
    expect(store.json(heartbeatsKey)).toEqual({ version: 1, partitions: { 0: [1] } });
  });
});

describe('completeness', () => {
  it('lacking in a new interval does not keep sealed ones from being processed, even where waiting is a failure', async () => {
    const { handle, kafka, publish, store, stopArchiving } = setUp([[at(0)]], 1.5);
    const ask = (minute: number) => handle({ run: 'run', interval: name(minute), notYet: 'fail' });
    await expect(ask(0)).resolves.toEqual({ state: 'done', due: 1 });
    stopArchiving();
    kafka.partitions[0].push(at(1.9));
    kafka.now = at(2.5);
    await expect(ask(1)).resolves.toMatchObject({ state: 'notYet', reason: expect.stringContaining('lacks'), due: 1 });
    publish(0);
    const plan = parsePlan(planKey, store.objects.get(planKey)!.toString());
    const done = withReconciled(withPublished(withManifests(plan, ['m']), 1), plan.intervals);
    store.objects.set(planKey, Buffer.from(serializePlan(done)));
    await expect(ask(1)).rejects.toThrow('is not complete in the archive');
    // The run of the next interval need not wait for the lease to end.
    expect(store.json(planKey)).toMatchObject({ run: null });
  });

  it('waits for the archive', async () => {
    const { run, store } = setUp([[at(0), at(1)]], 2);
    store.objects.clear();
    expect((await run({ interval: name(0) })).intervals).toHaveLength(1);
  });

  it('fails with an error that names partitions and offsets, and seals nothing', async () => {
    const { run, store, stopArchiving } = setUp([[at(0), at(0), at(0), at(1)], [at(1)]], 2);
    stopArchiving();
    store.objects.clear();
    store.objects.set(rawKey('posts', 0, 1, 1), Buffer.from(''));
    await expect(run({ interval: name(0) })).rejects.toThrow(
      `interval ${name(0)} is not complete in the archive of 'posts': partition 0 lacks offsets 0, 2`,
    );
    expect(store.keys('seals/')).toEqual([]);
  });
});

describe('a range', () => {
  it('returns the sealed intervals of the range and seals what is due', async () => {
    const { run } = setUp([[at(0), at(1), at(2), at(3), at(5)]], 5);
    await run({ interval: name(1) });
    const { intervals } = await run({ from: name(1), interval: name(4) });
    expect(intervals.map(({ interval }) => interval)).toEqual([name(1), name(2), name(3)]);
  });

  it('rejects ranges that end before they start, or contain more intervals than a run processes', async () => {
    const { run, publish } = setUp([[at(0), at(1), at(2), at(3)]], 3, { intervals: 2 });
    await expect(run({ from: name(1), interval: name(0) })).rejects.toThrow('from must not be after interval');
    await run({ interval: name(1) });
    publish(0, 1);
    await expect(run({ from: name(0), interval: name(2) })).rejects.toThrow('at most 2 intervals with records, got 3');
  });

  it('rejects names that are not intervals', async () => {
    const { run } = setUp([[]], 3);
    await expect(run({ interval: '2026-11-22' })).rejects.toThrow('interval must be like 2026-11-22T21-00');
  });
});
