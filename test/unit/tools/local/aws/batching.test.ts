import fc from 'fast-check';
import {
  type BatchLimits,
  dueIn,
  envelopeBytes,
  kafkaEvent,
  type Queued,
  takeBatch,
  toQueued,
} from '../../../../../tools/local/aws/batching';

const queued = (partition: number, offset: number, bytes: number, arrived: number): Queued => ({
  topic: 't',
  partition,
  offset: BigInt(offset),
  json: '',
  bytes,
  arrived,
});

/** Queues of several partitions, each in the order of arrival, with records of many sizes. */
const queues = fc
  .array(fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 5 })), { maxLength: 20 }), {
    maxLength: 5,
  })
  .map((partitions) =>
    partitions.map((records, partition) => {
      let arrived = 0;
      return records.map(([bytes, later], offset) => queued(partition, offset, bytes, (arrived += later)));
    }),
  );
const limits: fc.Arbitrary<BatchLimits> = fc.record({
  count: fc.integer({ min: 1, max: 30 }),
  bytes: fc.integer({ min: 1, max: 300 }),
});

const total = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
const bytesOf = (records: readonly Queued[]) => records.reduce((sum, { bytes }) => sum + bytes + 1, 0);
const taken = (from: readonly (readonly Queued[])[], counts: readonly number[]) =>
  from.flatMap((queue, i) => queue.slice(0, counts[i]));

describe('a batch', () => {
  test('never exceeds the limits, except for a single record that alone exceeds them', () => {
    fc.assert(
      fc.property(queues, limits, (from, limit) => {
        const batch = taken(from, takeBatch(from, limit));
        expect(batch.length).toBeLessThanOrEqual(limit.count);
        if (batch.length > 1) expect(bytesOf(batch)).toBeLessThanOrEqual(limit.bytes);
      }),
    );
  });

  test('is never empty while records wait, so that reading ends, with each partition in order and nothing skipped', () => {
    fc.assert(
      fc.property(queues, limits, (from, limit) => {
        const left = from.map((queue) => [...queue]);
        const delivered = from.map((): bigint[] => []);
        while (left.some((queue) => queue.length > 0)) {
          const counts = takeBatch(left, limit);
          expect(total(counts)).toBeGreaterThan(0);
          counts.forEach((count, i) => delivered[i].push(...left[i].splice(0, count).map(({ offset }) => offset)));
        }
        expect(delivered).toEqual(from.map((queue) => queue.map(({ offset }) => offset)));
      }),
    );
  });

  test('is as long as the limits allow', () => {
    fc.assert(
      fc.property(queues, limits, (from, limit) => {
        const counts = takeBatch(from, limit);
        const batch = taken(from, counts);
        const rest = from.map((queue, i) => queue[counts[i]]).filter((record) => record !== undefined);
        if (rest.length === 0 || batch.length === limit.count) return;
        // The oldest remaining record did not fit.
        const next = rest.reduce((a, b) => (b.arrived < a.arrived ? b : a));
        expect(bytesOf([...batch, next])).toBeGreaterThan(limit.bytes);
      }),
    );
  });

  test('takes the oldest records first, across partitions', () => {
    const from = [
      [queued(0, 0, 1, 10), queued(0, 1, 1, 30)],
      [queued(1, 0, 1, 20), queued(1, 1, 1, 40)],
    ];
    expect(takeBatch(from, { count: 3, bytes: 100 })).toEqual([2, 1]);
  });
});

describe('a batch is due', () => {
  const limit = { count: 3, bytes: 100 };
  test('never without a record', () => {
    expect(dueIn([[], []], limit, 1000, 0)).toBeUndefined();
  });
  test('when its oldest record has waited for the window', () => {
    const from = [[queued(0, 0, 1, 500)], [queued(1, 0, 1, 200)]];
    expect(dueIn(from, limit, 1000, 600)).toBe(600);
    expect(dueIn(from, limit, 1000, 1200)).toBe(0);
  });
  test('immediately without a window, or when the count is reached', () => {
    expect(dueIn([[queued(0, 0, 1, 500)]], limit, 0, 500)).toBe(0);
    expect(dueIn([[0, 1, 2].map((offset) => queued(0, offset, 1, 500))], limit, 1000, 500)).toBe(0);
  });
  test('when the bytes are reached before the count', () => {
    expect(dueIn([[queued(0, 0, 60, 500), queued(0, 1, 60, 500)]], limit, 1000, 500)).toBe(0);
    expect(dueIn([[queued(0, 0, 60, 500), queued(0, 1, 30, 500)]], limit, 1000, 500)).toBe(1000);
  });
});

test('an event is the records in their envelope, and not longer than was counted', () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
  const record = fc.record({
    topic: fc.constantFrom('posts', 'ü"x'),
    partition: fc.nat(3),
    offset: fc.nat().map(String),
    timestamp: fc.nat().map(String),
    timestampType: fc.constantFrom('CREATE_TIME' as const, 'LOG_APPEND_TIME' as const),
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.dictionary(
      fc.string({ minLength: 1, maxLength: 5 }).filter((name) => name !== '__proto__'),
      bytes,
    ),
  });
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
      const batch = records.map((one) => toQueued(one, 0));
      const event = kafkaEvent('arn', 'b:1', batch);
      const parts = new Set(batch.map(({ topic, partition }) => `${topic}-${partition}`));
      const parsed = JSON.parse(event) as { records: Record<string, { offset: number; value?: string }[]> };
      expect(new Set(Object.keys(parsed.records))).toEqual(parts);
      expect(Object.values(parsed.records).flat()).toHaveLength(records.length);
      expect(Buffer.byteLength(event)).toBeLessThanOrEqual(envelopeBytes('arn', 'b:1', parts) + bytesOf(batch));
      const first = parsed.records[`${records[0].topic}-${records[0].partition}`][0];
      expect(first.offset).toBe(Number(records[0].offset));
      expect(first.value).toBe(records[0].value?.toString('base64'));
    }),
  );
});
