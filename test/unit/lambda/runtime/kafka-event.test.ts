import { recordsByPartition, type LambdaKafkaRecord } from '../../../../lambda/runtime/kafka-event';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const bytes = (text: string) => [...Buffer.from(text)];

function kafkaRecord(partition: number, offset: number, rest: Partial<LambdaKafkaRecord> = {}): LambdaKafkaRecord {
  return { topic: 'posts', partition, offset, timestamp: 5, timestampType: 'LOG_APPEND_TIME', ...rest };
}

test('records are grouped by partition, sorted by offset, with bytes and headers decoded', () => {
  const partitions = recordsByPartition(
    {
      records: {
        'posts-1': [
          kafkaRecord(1, 12),
          kafkaRecord(1, 11, {
            key: base64('4'),
            value: base64('{"é":1}'),
            headers: [{ section: bytes('pin') }, { note: bytes('é').map((byte) => (byte > 127 ? byte - 256 : byte)) }],
          }),
        ],
        'posts-0': [kafkaRecord(0, 3, { key: null, value: null })],
      },
    },
    'posts',
  );
  expect([...partitions.keys()].sort()).toEqual([0, 1]);
  expect(partitions.get(1)!.map(({ offset }) => offset)).toEqual([11, 12]);
  expect(partitions.get(1)![0]).toEqual({
    partition: 1,
    offset: 11,
    timestamp: 5,
    key: Buffer.from('4'),
    value: Buffer.from('{"é":1}'),
    headers: { section: 'pin', note: 'é' },
  });
  expect(partitions.get(0)![0]).toMatchObject({ key: null, value: null, headers: {} });
});

test('an empty key differs from no key', () => {
  const [empty] = recordsByPartition({ records: { 'posts-0': [kafkaRecord(0, 1, { key: '' })] } }).get(0)!;
  expect(empty.key).toEqual(Buffer.alloc(0));
});

test('records of another topic are an error, because the event source is attached to the wrong topic', () => {
  expect(() => recordsByPartition({ records: { 'posts-0': [kafkaRecord(0, 1)] } }, 'other')).toThrow(
    "event must hold records of topic 'other', got 'posts'",
  );
});
