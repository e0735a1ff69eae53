import {
  type Acknowledgement,
  type BatchEntry,
  createBatchingProducer,
  type ProducerLimits,
} from '../../../../../lambda/aws/kafka/batching-producer';
import { type OutgoingRecord } from '../../../../../lambda/aws/kafka/port';

type Send = (entries: readonly BatchEntry[], session: number) => Promise<readonly Acknowledgement[]>;

/** A leader for each even and each odd partition. */
const leaderOf = (partition: number) => (partition % 2 === 0 ? 'even' : 'odd');

/** A client whose key is the partition. Its sessions do with a batch what the test says, and what happens is noted. */
function fakeClient(send: Send, limits: ProducerLimits = {}) {
  const calls: string[] = [];
  let opened = 0;
  const producer = createBatchingProducer(
    {
      openSession: async () => {
        const id = ++opened;
        calls.push(`open ${id}`);
        return {
          sendBatch: (entries) => {
            calls.push(`send ${id}: ${entries.map(({ record }) => record.value).join(' ')}`);
            return send(entries, id);
          },
          close: async () => void calls.push(`close ${id}`),
        };
      },
      partitionOf: Number,
      leaderOf: (partition) => (partition === undefined ? undefined : partition % 2),
    },
    limits,
  );
  return { producer, calls };
}

const record = (key: string, value: string): OutgoingRecord => ({ key, value });
const RECORD = record('7', '{}');
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
const never = () => new Promise<never>(() => undefined);
/** Each partition's first record is at 100 times its number. */
const accept: Send = async (entries) =>
  [...new Set(entries.map(({ partition }) => partition!))].map((partition) => ({
    partition,
    baseOffset: 100 * partition,
    logAppendTime: 34,
  }));

describe('a batch', () => {
  test('carries what concurrent senders hand over in one turn, and each gets its own results', async () => {
    const { producer, calls } = fakeClient(accept);
    const results = await Promise.all([
      producer.send([record('0', 'a'), record('2', 'b')]),
      producer.send([record('0', 'c')]),
    ]);
    expect(results).toEqual([
      [
        { ok: true, partition: 0, offset: 0, logAppendTime: 34 },
        { ok: true, partition: 2, offset: 200, logAppendTime: 34 },
      ],
      [{ ok: true, partition: 0, offset: 1, logAppendTime: 34 }],
    ]);
    expect(calls).toEqual(['open 1', 'send 1: a b c']);
  });

  test('is alone in flight: records that come later wait and go together', async () => {
    let end = (): void => undefined;
    const { producer, calls } = fakeClient(async (entries, session) => {
      if (calls.length === 2) await new Promise<void>((resolve) => (end = resolve));
      return accept(entries, session);
    });
    const first = producer.send([record('0', 'a')]);
    await turn();
    const second = producer.send([record('0', 'b')]);
    const third = producer.send([record('2', 'c')]);
    await turn();
    expect(calls).toEqual(['open 1', 'send 1: a']);
    end();
    await Promise.all([first, second, third]);
    expect(calls).toEqual(['open 1', 'send 1: a', 'send 1: b c']);
  });

  test('ends before the bytes of a partition exceed what a broker accepts', async () => {
    const { producer, calls } = fakeClient(accept, { partitionBytes: 250 });
    await producer.send([record('0', 'a'), record('2', 'b'), record('0', 'c'), record('0', 'd'), record('2', 'e')]);
    expect(calls).toEqual(['open 1', 'send 1: a b c', 'send 1: d e']);
  });

  test('carries a record larger than the limit alone in its partition', async () => {
    const { producer, calls } = fakeClient(accept, { partitionBytes: 50 });
    await producer.send([record('0', 'a'), record('2', 'b'), record('0', 'c')]);
    expect(calls).toEqual(['open 1', 'send 1: a b', 'send 1: c']);
  });

  test('has a limit of records', async () => {
    const { producer, calls } = fakeClient(accept, { batchRecords: 2 });
    await producer.send([record('0', 'a'), record('2', 'b'), record('0', 'c')]);
    expect(calls).toEqual(['open 1', 'send 1: a b', 'send 1: c']);
  });

  test('has no records whose senders were given their result while they waited', async () => {
    const { producer, calls } = fakeClient(never, { sendTimeout: 20, batchTimeout: 40 });
    await Promise.all([producer.send([record('0', 'a')]), turn().then(() => producer.send([record('0', 'b')]))]);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(calls.filter((call) => call.startsWith('send'))).toEqual(['send 1: a']);
  });

  test('holds no records at all for a sender without any', async () => {
    const { producer, calls } = fakeClient(accept);
    expect(await producer.send([])).toEqual([]);
    await turn();
    expect(calls).toEqual([]);
  });
});

describe('leaders', () => {
  test('get a batch each, and one that fails fails its own records only', async () => {
    const { producer, calls } = fakeClient(async (entries, session) => {
      if (leaderOf(entries[0].partition!) === 'odd') throw new Error('the broker is gone');
      return accept(entries, session);
    });
    expect(await producer.send([record('0', 'a'), record('1', 'b'), record('2', 'c'), record('3', 'd')])).toEqual([
      { ok: true, partition: 0, offset: 0, logAppendTime: 34 },
      { ok: false, error: 'the broker is gone' },
      { ok: true, partition: 2, offset: 200, logAppendTime: 34 },
      { ok: false, error: 'the broker is gone' },
    ]);
    await turn();
    await producer.send([record('0', 'e')]);
    expect(calls.filter((call) => !call.startsWith('close'))).toEqual([
      'open 1',
      'send 1: a c',
      'send 1: b d',
      'open 2',
      'send 2: e',
    ]);
    expect(calls).toContain('close 1');
  });

  test('that acknowledge one partition only leave the others unacknowledged', async () => {
    const { producer } = fakeClient(async () => [{ partition: 0, baseOffset: 12, logAppendTime: 34 }]);
    expect(await producer.send([record('0', 'a'), record('2', 'b')])).toEqual([
      { ok: true, partition: 0, offset: 12, logAppendTime: 34 },
      { ok: false, error: 'no acknowledgement from partition 2' },
    ]);
  });

  test('are not asked for the partition of a record that names one', async () => {
    const { producer } = fakeClient(accept);
    expect(await producer.send([{ key: null, value: '{}', partition: 5 }])).toEqual([
      { ok: true, partition: 5, offset: 500, logAppendTime: 34 },
    ]);
  });
});

describe('a session', () => {
  test('that was given up is closed again when its batch ends: until then kafkajs connects it anew', async () => {
    let end = (_error: Error): void => undefined;
    const { producer, calls } = fakeClient(() => new Promise((_, reject) => (end = reject)), {
      batchTimeout: 20,
      sendTimeout: 1_000,
    });
    expect(await producer.send([RECORD])).toEqual([{ ok: false, error: 'kafka took longer than 20 ms' }]);
    await turn();
    expect(calls).toEqual(['open 1', 'send 1: {}', 'close 1']);
    end(new Error('the broker is gone'));
    await turn();
    expect(calls).toEqual(['open 1', 'send 1: {}', 'close 1', 'close 1']);
  });

  test('that was given up is followed by another, though it still tries', async () => {
    const { producer, calls } = fakeClient((entries, session) => (session === 1 ? never() : accept(entries, session)), {
      batchTimeout: 20,
      sendTimeout: 1_000,
    });
    await producer.send([RECORD]);
    expect(await producer.send([RECORD])).toEqual([{ ok: true, partition: 7, offset: 700, logAppendTime: 34 }]);
    await turn();
    await producer.close();
    expect(calls).toEqual(['open 1', 'send 1: {}', 'close 1', 'open 2', 'send 2: {}', 'close 2']);
  });

  test('is opened anew after a pause in which its sockets may have died', async () => {
    const { producer, calls } = fakeClient(accept, { idle: 20 });
    await producer.send([RECORD]);
    await producer.send([RECORD]);
    await new Promise((resolve) => setTimeout(resolve, 40));
    await producer.send([RECORD]);
    expect(calls).toEqual(['open 1', 'send 1: {}', 'send 1: {}', 'open 2', 'close 1', 'send 2: {}']);
  });

  test('that does not open fails its records, and the next send opens another', async () => {
    let opened = 0;
    const producer = createBatchingProducer({
      openSession: async () => {
        if (++opened === 1) throw new Error('no broker');
        return { sendBatch: (entries) => accept(entries, opened), close: async () => undefined };
      },
      partitionOf: Number,
      leaderOf: () => 1,
    });
    expect(await producer.send([RECORD])).toEqual([{ ok: false, error: 'no broker' }]);
    expect(await producer.send([RECORD])).toMatchObject([{ ok: true }]);
  });

  test('that opens too late sends nothing of what was given up meanwhile', async () => {
    const sent: unknown[] = [];
    let open = (): void => undefined;
    const producer = createBatchingProducer(
      {
        openSession: async () => {
          await new Promise<void>((resolve) => (open = resolve));
          return {
            sendBatch: async (entries) => (sent.push(...entries), accept(entries, 1)),
            close: async () => undefined,
          };
        },
        partitionOf: Number,
        leaderOf: () => 0,
      },
      { sendTimeout: 20 },
    );
    await expect(producer.send([RECORD])).resolves.toEqual([{ ok: false, error: expect.stringContaining('20 ms') }]);
    open();
    await turn();
    expect(sent).toEqual([]);
    await producer.close();
  });

  test('that fills in partitions gets the first batch whole, as the client does not know them before', async () => {
    let known = false;
    const sent: (number | undefined)[][] = [];
    const producer = createBatchingProducer({
      openSession: async () => ({
        sendBatch: async (entries) => {
          sent.push(entries.map(({ partition }) => partition));
          known = true;
          for (const entry of entries) entry.partition ??= Number(entry.record.key);
          return accept(entries, 1);
        },
        close: async () => undefined,
      }),
      partitionOf: (key) => (known ? Number(key) : undefined),
      leaderOf: (partition) => partition,
    });
    const records = [record('0', 'a'), record('1', 'b')];
    const stored = [
      { ok: true, partition: 0, offset: 0, logAppendTime: 34 },
      { ok: true, partition: 1, offset: 100, logAppendTime: 34 },
    ];
    expect(await producer.send(records)).toEqual(stored);
    expect(await producer.send(records)).toEqual(stored);
    expect(sent).toEqual([[undefined, undefined], [0], [1]]);
  });
});

describe('a sender', () => {
  test('waits no longer than its limit, and a late acknowledgement changes nothing', async () => {
    let end = (_acknowledged: readonly Acknowledgement[]): void => undefined;
    const { producer } = fakeClient(() => new Promise((resolve) => (end = resolve)), { sendTimeout: 20 });
    const results = await producer.send([RECORD]);
    end([{ partition: 7, baseOffset: 1, logAppendTime: 34 }]);
    await turn();
    expect(results).toEqual([{ ok: false, error: 'kafka did not acknowledge within 20 ms' }]);
  });

  test('that still waits when the producer is closed is not acknowledged, and no session is opened for it', async () => {
    const { producer, calls } = fakeClient(never, { batchTimeout: 20 });
    const first = producer.send([record('0', 'a')]);
    await turn();
    const second = producer.send([record('0', 'b')]);
    await producer.close();
    expect(await second).toEqual([{ ok: false, error: 'the producer was closed' }]);
    expect(await first).toEqual([{ ok: false, error: 'kafka took longer than 20 ms' }]);
    await turn();
    expect(calls).toEqual(['open 1', 'send 1: a', 'close 1']);
  });
});
