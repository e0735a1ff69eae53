import { connectKafka } from '../../../lambda/aws/kafka/connect';
import { type KafkaOptions, type KafkaPort } from '../../../lambda/aws/kafka/port';
import { connectPlatformatic } from './platformatic-kafka';

/** The clients that fulfil the port's contract. The first is the one in use. */
export const KAFKA_CLIENTS: Readonly<Record<string, (options: KafkaOptions) => KafkaPort>> = {
  kafkajs: connectKafka,
  '@platformatic/kafka': connectPlatformatic,
};
