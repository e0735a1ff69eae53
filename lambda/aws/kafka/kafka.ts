/**
 * The port to Kafka: all that this project asks of a Kafka client, so that another can replace kafkajs one day.
 * `kafka-producer.ts` and `kafka-admin.ts` implement it.
 */
import { Kafka, logLevel, type KafkaConfig } from 'kafkajs';
import { ENV, requireEnv } from '../../runtime/env';
import { HEARTBEAT_HEADER } from '../../domain/decode';
import { createAdmin } from './kafka-admin';
import { createProducer } from './kafka-producer';
import { credentialsFromEnvironment, mskToken, unsecuredToken } from '../auth/msk-token';

/** The key decides the partition (murmur2, as the Java client does); a record without one names its partition. */
export type OutgoingRecord = {
  readonly value: Buffer | string;
  readonly headers?: Readonly<Record<string, string>>;
} & ({ readonly key: string; readonly partition?: undefined } | { readonly key: null; readonly partition: number });

export type SendResult =
  | {
      readonly ok: true;
      readonly partition: number;
      readonly offset: number;
      /** Milliseconds since the epoch. */
      readonly logAppendTime: number;
    }
  /** Not acknowledged. The broker may have stored it all the same: the sender repeats it, and it is counted once. */
  | { readonly ok: false; readonly error: string };

export interface Producer {
  /** Never rejects: one result a record, in the order of `records`. Resolves within about ten seconds, whatever the broker does. */
  send(records: readonly OutgoingRecord[]): Promise<readonly SendResult[]>;
  close(): Promise<void>;
}

export interface PartitionEnds {
  readonly partition: number;
  /** First offset that is still kept. */
  readonly low: number;
  /** High watermark: the offset that the next record gets. */
  readonly high: number;
}

export interface TimestampOffset {
  readonly partition: number;
  /** The first offset whose record has a timestamp of at least the one asked for; without such a record, a bound below which all are earlier. */
  readonly offset: number;
  /** Whether such a record was certainly there. */
  readonly found: boolean;
}

export interface Admin {
  /** Sorted by partition. */
  endOffsets(topic: string): Promise<readonly PartitionEnds[]>;
  /** Sorted by partition. @param timestampMs milliseconds since the epoch */
  offsetsAt(topic: string, timestampMs: number): Promise<readonly TimestampOffset[]>;
  close(): Promise<void>;
}

export interface KafkaPort extends Admin {
  send(records: readonly OutgoingRecord[]): Promise<readonly SendResult[]>;
  /** Appends a control record, so that the partition has one with a later timestamp. @throws Error if it was not acknowledged */
  writeHeartbeat(topic: string, partition: number): Promise<{ offset: number; logAppendTime: number }>;
}

export type KafkaAuth = 'iam' | 'unsecured';

export interface KafkaOptions {
  /** `host:port`. */
  readonly brokers: readonly string[] | (() => Promise<string[]>);
  readonly auth: KafkaAuth;
  readonly region?: string;
  /** Topic that {@link KafkaPort.send} writes to. */
  readonly topic: string;
}

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
    // Whatever it cannot mend by retrying reaches the caller; in an outage it would log ten lines a second beside that.
    logLevel: logLevel.NOTHING,
  };
}

function regionFromEnvironment(): string {
  const region = process.env.AWS_REGION;
  if (!region) throw new Error('environment variable AWS_REGION is not set');
  return region;
}

/** Opens nothing yet: connections are made by the first call that needs them. */
export function connectKafka(options: KafkaOptions): KafkaPort {
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

/**
 * The brokers' addresses for SASL/IAM. The SDK is loaded only now: most invocations have a connection already.
 * @see https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-bootstrap-brokers.html
 */
export async function lookUpBrokers(clusterArn: string): Promise<string[]> {
  const { GetBootstrapBrokersCommand, KafkaClient } = await import('@aws-sdk/client-kafka');
  const client = new KafkaClient({});
  try {
    const answer = await client.send(new GetBootstrapBrokersCommand({ ClusterArn: clusterArn }));
    const brokers = answer.BootstrapBrokerStringSaslIam?.split(',').filter((broker) => broker !== '') ?? [];
    if (brokers.length === 0) throw new Error(`cluster ${clusterArn} has no brokers with IAM authentication`);
    return brokers;
  } finally {
    client.destroy();
  }
}

/** The port as the environment variables of the function describe it. Brokers are looked up once and kept. */
export function kafkaFromEnvironment(): KafkaPort {
  const clusterArn = requireEnv(ENV.clusterArn);
  const auth = requireEnv(ENV.kafkaAuth);
  if (auth !== 'iam' && auth !== 'unsecured') {
    throw new Error(`environment variable ${ENV.kafkaAuth} must be iam or unsecured, got '${auth}'`);
  }
  let known: Promise<string[]> | undefined;
  const brokers = () => {
    known ??= lookUpBrokers(clusterArn).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
  return connectKafka({ brokers, auth, topic: requireEnv(ENV.topic) });
}
