/** Faults of delivery: records come again. */
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { findFunction } from '../../../assembly/local-plan';
import { startEventSource } from '../../aws/event-source';
import { type Fault, type Target } from '../fault';

const CONSUMERS = ['archive', 'aggregate'] as const;
/** Records of a partition that come again at most: more than a batch. */
const MOST_AGAIN = 6_000;
/** No divisor of any batch size. */
const OTHER_BATCH_SIZE = 37;

function sourceOf({ plan }: Target, consumer: string) {
  const { name } = findFunction(plan.functions, consumer);
  return plan.eventSources.find(({ functionName }) => findFunction(plan.functions, functionName).name === name)!;
}

/** Takes back what a consumer's group has committed of each partition, by a random number of records. */
async function takeBack(admin: Admin, { random }: Target, groupId: string, topics: readonly string[]): Promise<void> {
  for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics: [...topics] })) {
    const back = partitions
      .filter(({ offset }) => Number(offset) > 0)
      .map(({ partition, offset }) => ({
        partition,
        offset: String(Math.max(0, Number(offset) - random.integer(1, MOST_AGAIN))),
      }));
    if (back.length > 0) await admin.setOffsets({ groupId, topic, partitions: back });
  }
}

export const TOPIC_FAULTS: readonly Fault[] = [
  {
    name: 'redelivery',
    what: 'both consumers get up to 6,000 records of each partition again, in batches with other borders',
    seconds: 0,
    recovered: 'published',
    strike: async (target) => {
      const { cloud, kafka } = target;
      const client = new Kafka({ clientId: 'chaos', brokers: [kafka.plainBrokers], logLevel: logLevel.NOTHING });
      const admin = client.admin();
      await admin.connect();
      try {
        for (const consumer of CONSUMERS) {
          const { consumerGroup, topics } = sourceOf(target, consumer);
          await cloud.enableEventSource(consumer, false);
          // Also where it fails: the consumer goes on.
          await takeBack(admin, target, consumerGroup, topics).finally(() => cloud.enableEventSource(consumer, true));
        }
      } finally {
        await admin.disconnect();
      }
      return async () => undefined;
    },
  },
  {
    name: 'second-consumers',
    what: 'a second group of each consumer delivers the same records at the same time, in batches of 37',
    seconds: 15,
    strike: async (target) => {
      const { cloud, kafka, random } = target;
      const sources = CONSUMERS.map((consumer) =>
        startEventSource(
          {
            ...sourceOf(target, consumer),
            consumerGroup: `chaos-${consumer}-${random.integer(0, 1e9)}`,
            startingPosition: 'LATEST',
            batchSize: OTHER_BATCH_SIZE,
          },
          {
            brokers: kafka.brokers,
            invoke: async (event) => ({ payload: JSON.stringify(await cloud.invoke(consumer, JSON.parse(event))) }),
          },
        ),
      );
      return () => Promise.all(sources.map((source) => source.stop()));
    },
  },
];
