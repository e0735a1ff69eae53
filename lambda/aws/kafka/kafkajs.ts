/** The adapter over kafkajs: with its producer and admin the only files that know this client. */
import { Kafka, logLevel } from 'kafkajs';
import { CLIENT_ID, loginToken, portOf, RETRY, TIMEOUTS } from './adapter';
import { createAdmin } from './kafkajs-admin';
import { createProducer } from './kafkajs-producer';
import { type KafkaOptions, type KafkaPort } from './port';

/** Opens nothing yet: connections are made by the first call that needs them. */
export function connectKafkajs(options: KafkaOptions): KafkaPort {
  const { brokers, auth, topic } = options;
  const kafka = new Kafka({
    clientId: CLIENT_ID,
    brokers: typeof brokers === 'function' ? brokers : [...brokers],
    ssl: auth === 'iam',
    sasl: { mechanism: 'oauthbearer', oauthBearerProvider: () => loginToken(options) },
    connectionTimeout: TIMEOUTS.connectMs,
    authenticationTimeout: TIMEOUTS.requestMs,
    requestTimeout: TIMEOUTS.requestMs,
    retry: {
      initialRetryTime: RETRY.firstMs,
      multiplier: RETRY.factor,
      maxRetryTime: RETRY.longestMs,
      retries: RETRY.times,
    },
    // Errors that retries do not fix reach the caller. In an outage the client would log ten lines a second beside that.
    logLevel: logLevel.NOTHING,
  });
  return portOf(topic, createProducer(kafka, topic), createAdmin(kafka));
}
