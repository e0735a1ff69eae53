/**
 * The port to Kafka: all that this project needs of a Kafka client. Types only, so that no step depends on a client.
 * `kafkajs.ts` is the adapter in use, chosen in `connect.ts`. `test/engines/kafka-port.itest.ts` is the contract of each adapter.
 */

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
  /** Leaves nothing that keeps the process alive, even if the broker does not respond. */
  close(): Promise<void>;
}

export interface PartitionEnds {
  readonly partition: number;
  /** First offset that is still retained. */
  readonly low: number;
  /** High watermark: the offset that the next record gets. */
  readonly high: number;
}

export interface TimestampOffset {
  readonly partition: number;
  /** The first offset whose timestamp is at least the one asked for; without such a record, an offset below which all are earlier. */
  readonly offset: number;
  /** Whether such a record certainly exists. */
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
