import { type Kafka, type ProducerBatch } from 'kafkajs';
import { createProducer } from '../../../../../lambda/aws/kafka/kafkajs-producer';

/** A Kafka whose producers do with a batch what the test says, and note when they are disconnected. */
function fakeKafka(sendBatch: (batch: ProducerBatch, producer: number) => Promise<unknown>) {
  const calls: string[] = [];
  let made = 0;
  const kafka = {
    producer: () => {
      const id = ++made;
      return {
        connect: async () => void calls.push(`connect ${id}`),
        disconnect: async () => void calls.push(`disconnect ${id}`),
        sendBatch: (batch: ProducerBatch) => sendBatch(batch, id),
      };
    },
  } as unknown as Kafka;
  return { kafka, calls };
}

const RECORD = { key: '7', value: '{}' };
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

test('a producer that was given up is disconnected again when its send ends: until then that connects it anew', async () => {
  let end = (_error: Error): void => undefined;
  const { kafka, calls } = fakeKafka(() => new Promise((_, reject) => (end = reject)));
  const producer = createProducer(kafka, 'posts', { batchTimeout: 20, sendTimeout: 1_000 });
  expect(await producer.send([RECORD])).toEqual([{ ok: false, error: expect.stringContaining('kafka') }]);
  await turn();
  expect(calls).toEqual(['connect 1', 'disconnect 1']);
  end(new Error('the broker is gone'));
  await turn();
  expect(calls).toEqual(['connect 1', 'disconnect 1', 'disconnect 1']);
});

test('the next send has a producer of its own, though the one before still tries', async () => {
  const answer = [{ partition: 0, baseOffset: '12', logAppendTime: '34' }];
  const { kafka, calls } = fakeKafka((batch, id) => {
    for (const { messages } of batch.topicMessages!) for (const message of messages) message.partition = 0;
    return id === 1 ? new Promise(() => undefined) : Promise.resolve(answer);
  });
  const producer = createProducer(kafka, 'posts', { batchTimeout: 20, sendTimeout: 1_000 });
  await producer.send([RECORD]);
  expect(await producer.send([RECORD])).toEqual([{ ok: true, partition: 0, offset: 12, logAppendTime: 34 }]);
  await producer.close();
  expect(calls).toEqual(['connect 1', 'disconnect 1', 'connect 2', 'disconnect 2']);
});
