/** The adapter over kafkajs: with its producer and admin the only files that know this client. */
import { Kafka, logLevel, type KafkaConfig } from 'kafkajs';
import { HEARTBEAT_HEADER } from '../../domain/decode';
import { credentialsFromEnvironment, regionFromEnvironment } from '../auth/credentials';
import { mskToken, unsecuredToken } from '../auth/msk-token';
import { createAdmin } from './kafkajs-admin';
import { createProducer } from './kafkajs-producer';
import { type KafkaOptions, type KafkaPort } from './port';

const RETRY = { initialRetryTime: 100, multiplier: 1.6, maxRetryTime: 1_000, retries: 8 };

function clientConfig(options: KafkaOptions): KafkaConfig {
  const { brokers, auth, region } = options;
  const provider =
    auth === 'iam'
      ? async () => mskToken(region ?? regionFromEnvironment(), credentialsFromEnvironment())
      : async () => unsecuredToken();
  return {
    clientId: 'pinterest-data-pipeline',
    brokers: typeof brokers === 'function' ? brokers : [...brokers],
    ssl: auth === 'iam',
    sasl: { mechanism: 'oauthbearer', oauthBearerProvider: provider },
    // An outage is to be told within ten seconds, as API Gateway hangs up after 29.
    connectionTimeout: 2_500,
    authenticationTimeout: 4_000,
    requestTimeout: 4_000,
    retry: RETRY,
    // Whatever it cannot fix by retrying reaches the caller; in an outage it would log ten lines a second beside that.
    logLevel: logLevel.NOTHING,
  };
}

/** Opens nothing yet: connections are made by the first call that needs them. */
export function connectKafkajs(options: KafkaOptions): KafkaPort {
  const kafka = new Kafka(clientConfig(options));
  const producer = createProducer(kafka, options.topic);
  const admin = createAdmin(kafka);
  return {
    send: (records) => producer.send(records),
    endOffsets: (topic) => admin.endOffsets(topic),
    offsetsAt: (topic, timestampMs) => admin.offsetsAt(topic, timestampMs),
    writeHeartbeat: async (topic, partition) => {
      if (topic !== options.topic) throw new Error(`topic must be '${options.topic}', got '${topic}'`);
      const [result] = await producer.send([
        { key: null, value: '{}', headers: { [HEARTBEAT_HEADER]: '1' }, partition },
      ]);
      if (!result.ok) throw new Error(`heartbeat of partition ${partition} was not acknowledged: ${result.error}`);
      return { offset: result.offset, logAppendTime: result.logAppendTime };
    },
    close: async () => {
      await Promise.all([producer.close(), admin.close()]);
    },
  };
}
