import { type Kafka } from 'kafkajs';
import { createProducer } from '../../../../../lambda/aws/kafka/kafkajs';

test('a producer that connects but gets no id is disconnected, and the next send has another', async () => {
  const calls: string[] = [];
  let created = 0;
  const kafka = {
    producer: () => {
      const id = ++created;
      return {
        connect: () => (calls.push(`connect ${id}`), Promise.reject(new Error('no producer id'))),
        disconnect: async () => void calls.push(`disconnect ${id}`),
      };
    },
  } as unknown as Kafka;
  const producer = createProducer(kafka, 'posts');
  const records = [{ key: '7', value: '{}' }];
  expect(await producer.send(records)).toEqual([{ ok: false, error: 'no producer id' }]);
  expect(await producer.send(records)).toEqual([{ ok: false, error: 'no producer id' }]);
  expect(calls).toEqual(['connect 1', 'disconnect 1', 'connect 2', 'disconnect 2']);
});
