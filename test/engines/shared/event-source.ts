import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { recordsByPartition } from '../../../lambda/runtime/kafka-event';
import { type EventSourcePlan } from '../../../tools/assembly/local-plan';
import { type EventSource, startEventSource } from '../../../tools/local/aws/event-source';
import { type Invocation, PAYLOAD_LIMIT } from '../../../tools/local/aws/function-host';
import { type KafkaEngine } from '../../../tools/engines';
import { sharedKafka } from '../support/shared-engines';

const PARTITIONS = 3;
let kafka: KafkaEngine;
let producer: Producer;
let topics = 0;

/** A topic of its own for each test, and what a function of it was handed. */
async function setUp(overrides: Partial<EventSourcePlan> = {}, partitions = PARTITIONS) {
  const topic = `event-source-${++topics}`;
  await kafka.createTopic(topic, partitions, {
    'message.timestamp.type': 'LogAppendTime',
    'max.message.bytes': '8388608',
  });
  const plan: EventSourcePlan = {
    path: 'stack/Mapping',
    logicalId: 'Mapping',
    functionName: 'consumer',
    clusterArn: 'arn:aws:kafka:us-east-1:000000000000:cluster/c/1',
    topics: [topic],
    consumerGroup: `group-${topic}`,
    enabled: true,
    startingPosition: 'TRIM_HORIZON',
    batchSize: 100,
    windowSeconds: 0,
    ...overrides,
  };
  return { topic, plan, start: (invoke: Invoke) => startEventSource(plan, { brokers: kafka.brokers, invoke }) };
}

type Invoke = (event: string) => Promise<Invocation>;

const send = (topic: string, count: number, partition?: number, value = 'v') =>
  producer.send({
    topic,
    acks: -1,
    messages: Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: `${value}${i}`, partition })),
  });

async function until(what: string, condition: () => boolean | Promise<boolean>, within = 30_000): Promise<void> {
  const deadline = Date.now() + within;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await sleep(10);
  }
}

const ok: Invocation = { payload: 'null' };
const failed: Invocation = { error: { errorType: 'Error', errorMessage: 'no', trace: [] }, timedOut: false };

/** Offsets by partition, in the order in which they were handed over. */
class Received {
  readonly offsets: Record<number, number[]> = {};
  total = 0;
  take(event: string): void {
    for (const [partition, records] of recordsByPartition(JSON.parse(event))) {
      (this.offsets[partition] ??= []).push(...records.map(({ offset }) => offset));
      this.total += records.length;
    }
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const sum = (lag: Readonly<Record<string, number>>) => Object.values(lag).reduce((a, b) => a + b, 0);

async function withSource<T>(source: EventSource, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await source.stop();
  }
}

describe('an event source', () => {
  beforeAll(async () => {
    kafka = sharedKafka();
    producer = new Kafka({
      brokers: [kafka.plainBrokers],
      logLevel: logLevel.NOTHING,
      retry: { retries: 20 },
    }).producer();
    await producer.connect();
  });

  afterAll(() => producer?.disconnect());

  describe('what a function is handed', () => {
    test("has the shape of Lambda's event, with bytes in base64 and headers as lists of bytes", async () => {
      const { topic, plan, start } = await setUp();
      const events: string[] = [];
      const before = Date.now();
      await producer.send({
        topic,
        messages: [
          { key: 'ключ', value: Buffer.from([0, 255]), partition: 1, headers: { section: 'pin' } },
          { value: null, partition: 1 },
        ],
      });
      const source = start(async (event) => (events.push(event), ok));
      await withSource(source, () => until('both records', () => source.metrics().records === 2));
      const { records, ...head } = JSON.parse(events[0]);
      expect(head).toEqual({
        eventSource: 'aws:kafka',
        eventSourceArn: plan.clusterArn,
        bootstrapServers: kafka.brokers,
      });
      expect(Object.keys(records)).toEqual([`${topic}-1`]);
      expect(records[`${topic}-1`]).toEqual([
        {
          topic,
          partition: 1,
          offset: 0,
          timestamp: expect.any(Number),
          timestampType: 'LOG_APPEND_TIME',
          key: Buffer.from('ключ').toString('base64'),
          value: 'AP8=',
          headers: [{ section: [112, 105, 110] }],
        },
        {
          topic,
          partition: 1,
          offset: 1,
          timestamp: expect.any(Number),
          timestampType: 'LOG_APPEND_TIME',
          headers: [],
        },
      ]);
      expect(records[`${topic}-1`][0].timestamp).toBeGreaterThanOrEqual(before);
    });

    test('comes in order within each partition, and every record once while nothing fails', async () => {
      const { topic, start } = await setUp({ batchSize: 7 });
      for (const partition of upTo(PARTITIONS)) await send(topic, 100, partition);
      const received = new Received();
      const batches: number[] = [];
      const source = start(async (event) => {
        const before = received.total;
        received.take(event);
        batches.push(received.total - before);
        return ok;
      });
      await withSource(source, async () => {
        await until('all records', () => received.total >= 300);
        await until('lag 0', async () => sum(await source.lag()) === 0);
      });
      expect(received.offsets).toEqual({ 0: upTo(100), 1: upTo(100), 2: upTo(100) });
      expect(Math.max(...batches)).toBeLessThanOrEqual(7);
    });

    test('is a batch of several partitions where invocations are fewer than partitions', async () => {
      // One poller carries five invocations.
      const { topic, start } = await setUp({ maximumPollers: 1, windowSeconds: 1 }, 10);
      for (const partition of upTo(10)) await send(topic, 2, partition);
      const mixed: number[] = [];
      const received = new Received();
      const source = start(async (event) => {
        mixed.push(Object.keys(JSON.parse(event).records).length);
        received.take(event);
        return ok;
      });
      await withSource(source, () => until('all records', () => received.total === 20));
      expect(mixed).toEqual([2, 2, 2, 2, 2]);
      expect(Object.values(received.offsets)).toEqual(upTo(10).map(() => [0, 1]));
    });

    test('stays under 6 MB with its base64, however much waits', async () => {
      const { topic, start } = await setUp({ batchSize: 10_000 });
      const value = 'x'.repeat(900_000);
      for (let i = 0; i < 4; i++) await send(topic, 5, 0, value);
      const sizes: number[] = [];
      const received = new Received();
      const source = start(async (event) => {
        sizes.push(Buffer.byteLength(event));
        received.take(event);
        return ok;
      });
      await withSource(source, () => until('all records', () => received.total === 20));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(PAYLOAD_LIMIT);
      expect(Math.max(...sizes)).toBeGreaterThan(4 * 1024 * 1024);
      expect(received.offsets[0]).toEqual(upTo(20));
    });

    test('waits for its window, unless the batch is full', async () => {
      const { topic, start } = await setUp({ batchSize: 10, windowSeconds: 2 });
      const at: number[] = [];
      const source = start(async () => (at.push(Date.now()), ok));
      await withSource(source, async () => {
        await send(topic, 1, 0);
        await until('the first batch', () => at.length === 1);
        const sent = Date.now();
        await send(topic, 10, 1);
        await until('the full batch', () => at.length === 2);
        expect(at[1] - sent).toBeLessThan(1_500);
        const alone = Date.now();
        await send(topic, 1, 2);
        await until('the lone record', () => at.length === 3);
        expect(at[2] - alone).toBeGreaterThanOrEqual(1_900);
      });
    });

    test('comes promptly with window 0', async () => {
      const { topic, start } = await setUp();
      const delays: number[] = [];
      const source = start(async (event) => {
        for (const records of recordsByPartition(JSON.parse(event)).values()) {
          delays.push(...records.map(({ timestamp }) => Date.now() - timestamp));
        }
        return ok;
      });
      await withSource(source, async () => {
        await send(topic, 3);
        await until('the first records', () => delays.length === 3);
        delays.length = 0;
        for (const i of upTo(100)) {
          await send(topic, 1, i % PARTITIONS);
          await sleep(5);
        }
        await until('all records', () => delays.length === 100);
      });
      delays.sort((a, b) => a - b);
      // Far from the goal of the whole way (500 ms), so that a busy machine does not fail it.
      expect(delays[50]).toBeLessThan(250);
    });

    test('begins with what comes after the start, if the mapping says LATEST', async () => {
      const { topic, start } = await setUp({ startingPosition: 'LATEST' });
      await send(topic, 5, 0);
      const received = new Received();
      const source = start(async (event) => (received.take(event), ok));
      await withSource(source, async () => {
        await until('new records', async () => {
          await send(topic, 1, 0);
          await sleep(50);
          return received.total > 0;
        });
      });
      expect(received.offsets[0][0]).toBeGreaterThanOrEqual(5);
    });
  });

  describe('failures', () => {
    test('repeat the same batch, in order, until it goes through; other partitions go on', async () => {
      const { topic, start } = await setUp({ batchSize: 5 });
      for (const partition of [0, 1]) await send(topic, 20, partition);
      const attempts: string[] = [];
      const received = new Received();
      let healthy = false;
      const source = start(async (event) => {
        const partition = [...recordsByPartition(JSON.parse(event)).keys()][0];
        if (partition === 0 && !healthy) {
          attempts.push(event);
          return failed;
        }
        received.take(event);
        return ok;
      });
      await withSource(source, async () => {
        await until(
          'three attempts, and the other partition',
          () => attempts.length >= 3 && received.offsets[1]?.length === 20,
        );
        expect(new Set(attempts).size).toBe(1);
        expect(sum(await source.lag())).toBe(20);
        healthy = true;
        await until('all records', () => received.total === 40);
      });
      expect(received.offsets[0]).toEqual(upTo(20));
      expect(source.metrics().retries).toBe(attempts.length);
    });

    test('of the invocation itself count as failures of the function', async () => {
      const { topic, start } = await setUp();
      await send(topic, 3, 0);
      let calls = 0;
      const received = new Received();
      const source = start(async (event) => {
        if (++calls < 3) throw new Error('host away');
        received.take(event);
        return ok;
      });
      await withSource(source, () => until('all records', () => received.total === 3));
      expect(received.offsets[0]).toEqual(upTo(3));
      expect(source.metrics().lastError).toContain('host away');
    });

    test('of the whole poller lead to delivery again of what was not committed, and of nothing else', async () => {
      const { topic, start } = await setUp({ batchSize: 4 });
      await send(topic, 12, 0);
      const first = new Received();
      let batches = 0;
      const source = start(async (event) => {
        if (++batches > 1) return failed;
        first.take(event);
        return ok;
      });
      await until('the first batch and a failure', () => batches > 2);
      await source.stop();
      const second = new Received();
      const again = start(async (event) => (second.take(event), ok));
      await withSource(again, () => until('the rest', () => second.total >= 8));
      expect(first.offsets[0]).toEqual(upTo(4));
      expect(second.offsets[0]).toEqual(upTo(12).slice(4));
    });

    test('of the broker are waited out: nothing is skipped, the order stays', async () => {
      const { topic, start } = await setUp({ batchSize: 10 });
      await send(topic, 30, 0);
      const received = new Received();
      const source = start(async (event) => {
        received.take(event);
        await sleep(20);
        return ok;
      });
      await withSource(source, async () => {
        await until('some records', () => received.total > 0);
        await kafka.kill9();
        await sleep(500);
        await kafka.restart();
        await send(topic, 30, 0);
        await until('all records', () => received.offsets[0]?.includes(59) ?? false, 60_000);
        await until('lag 0', async () => sum(await source.lag()) === 0);
      });
      // At least once: a batch may come again after the outage, but never a later one before an earlier one.
      const firsts = received.offsets[0].filter((offset, i, all) => all.indexOf(offset) === i);
      expect(firsts).toEqual(upTo(60));
    });
  });

  test('a frozen broker is waited for, and the partitions go on where they were', async () => {
    const { topic, start } = await setUp({ batchSize: 10 });
    await send(topic, 20, 0);
    const received = new Received();
    const source = start(async (event) => (received.take(event), ok));
    await withSource(source, async () => {
      await until('the first records', () => received.total === 20);
      kafka.suspend();
      await sleep(2_000);
      kafka.resume();
      await send(topic, 20, 0);
      await until('all records', () => received.offsets[0].includes(39));
    });
    expect(received.offsets[0]).toEqual(upTo(40));
  });

  test('stopping waits for the invocation in flight and commits it', async () => {
    const { topic, start } = await setUp({ batchSize: 2 });
    await send(topic, 2, 0);
    const received = new Received();
    let began = false;
    const source = start(async (event) => {
      began = true;
      await sleep(500);
      received.take(event);
      return ok;
    });
    await until('an invocation', () => began);
    await source.stop();
    expect(received.total).toBe(2);
    await send(topic, 1, 0);
    const next = new Received();
    const again = start(async (event) => (next.take(event), ok));
    await withSource(again, () => until('the new record', () => next.total > 0));
    expect(next.offsets[0]).toEqual([2]);
  });
});
