/**
 * The port over @platformatic/kafka, a second client: what the port asks for, another client can give. It is not deployed; the
 * contract test runs against it as against the one in use.
 *
 * Version 2.12.1 leaves four things to do here, which the contract test asks for:
 * - The result of its `send` has no log-append time. The broker's response has; the client publishes responses to diagnostics.
 * - Its default partitioner does not place keys as Java's does. Its other one, for compatibility, does.
 * - A connection that ends during its login emits an error that nobody handles, which ends the process: see {@link tend}.
 * - A connection that the broker ends leaves a timer for its next login.
 */
import {
  Admin,
  type BaseOptions,
  compatibilityPartitioner,
  connectionsApiChannel,
  type Connection,
  type ConnectionPool,
  MultipleErrors,
  Producer as Client,
  type ProduceResult,
  protocolAPIsByName,
  stringSerializer,
} from '@platformatic/kafka';
import { CLIENT_ID, loginToken, portOf, reopening, RETRY, TIMEOUTS } from '../../../lambda/aws/kafka/adapter-base';
import { createBatchingProducer, type ProducerSession } from '../../../lambda/aws/kafka/batching-producer';
import {
  type Admin as PortAdmin,
  type KafkaOptions,
  type KafkaPort,
  type Producer,
} from '../../../lambda/aws/kafka/port';

/** What `ListOffsets` takes in place of a time. */
const EARLIEST = -2n;
const LATEST = -1n;

type Config = () => Promise<BaseOptions>;

function configOf(options: KafkaOptions): Config {
  const { brokers, auth } = options;
  return async () => ({
    clientId: CLIENT_ID,
    bootstrapBrokers: typeof brokers === 'function' ? await brokers() : [...brokers],
    ...(auth === 'iam' && { tls: {}, tlsServerName: true }),
    sasl: { mechanism: 'OAUTHBEARER', token: async () => (await loginToken(options)).value },
    connectTimeout: TIMEOUTS.connectMs,
    requestTimeout: TIMEOUTS.requestMs,
    timeout: TIMEOUTS.requestMs,
    retries: RETRY.times,
    retryDelay: (_client, _operation, attempt) =>
      Math.min(RETRY.longestMs, RETRY.firstMs * RETRY.factor ** (attempt - 1)),
  });
}

/** Handles errors of connections whose call has failed already, and ends what a closed connection leaves. */
function tend(pool: ConnectionPool): void {
  pool.on('connecting', ({ connection }) => {
    connection.on('error', () => undefined);
    // Closed already: this clears the timer of the next login.
    connection.once('close', () => void connection.close());
  });
}

/** An error of several names none of them: the first is the cause. */
function causeOf(error: unknown): unknown {
  return error instanceof MultipleErrors && error.errors.length > 0 ? causeOf(error.errors[0]) : error;
}

/** The parts of a published request that matter here. */
interface ApiEvent {
  readonly connection: Connection;
  readonly apiKey: number;
  readonly result?: {
    readonly responses: readonly {
      readonly partitionResponses: readonly { readonly index: number; readonly logAppendTimeMs: bigint }[];
    }[];
  };
}

/** Notes the log-append time of each partition's newest batch: batches of one producer follow each other. */
function watchLogAppendTimes(connectionsOf: object) {
  const times = new Map<number, number>();
  const note = (message: unknown) => {
    const { connection, apiKey, result } = message as ApiEvent;
    if (apiKey !== protocolAPIsByName.Produce || connection.context !== connectionsOf) return;
    for (const { partitionResponses } of result?.responses ?? []) {
      for (const { index, logAppendTimeMs } of partitionResponses) times.set(index, Number(logAppendTimeMs));
    }
  };
  connectionsApiChannel.asyncStart.subscribe(note);
  return { times, stop: () => connectionsApiChannel.asyncStart.unsubscribe(note) };
}

function createProducer(config: Config, topic: string): Producer {
  /** Leaders of the topic's partitions; empty before the first session. */
  let leaders: readonly number[] = [];

  async function openSession(): Promise<ProducerSession> {
    const context = {};
    const client = new Client<string, Buffer | string, string, string>({
      ...(await config()),
      context,
      idempotent: true,
      serializers: {
        key: stringSerializer,
        value: (value) => (typeof value === 'string' ? Buffer.from(value) : value),
        headerKey: stringSerializer,
        headerValue: stringSerializer,
      },
    });
    const { times, stop } = watchLogAppendTimes(context);
    tend(client.connections);
    const close = () => {
      stop();
      return client.close();
    };
    try {
      const { topics } = await client.metadata({ topics: [topic] });
      leaders = topics.get(topic)!.partitions.map(({ leader }) => leader);
    } catch (error) {
      await close();
      throw causeOf(error);
    }
    return {
      async sendBatch(entries) {
        for (const entry of entries) entry.partition ??= partitionOf(entry.record.key!);
        const messages = entries.map(({ record, partition }) => ({
          topic,
          partition,
          key: record.key ?? undefined,
          value: record.value,
          headers: { ...record.headers },
        }));
        let sent: ProduceResult;
        try {
          sent = await client.send({ messages });
        } catch (error) {
          throw causeOf(error);
        }
        return sent.offsets!.map(({ partition, offset }) => ({
          partition,
          baseOffset: Number(offset),
          logAppendTime: times.get(partition)!,
        }));
      },
      close,
    };
  }

  const partitionOf = (key: string) => compatibilityPartitioner({ topic }, Buffer.from(key)) % leaders.length;

  return createBatchingProducer({
    openSession,
    partitionOf: (key) => (leaders.length > 0 ? partitionOf(key) : undefined),
    leaderOf: (partition) => (partition === undefined ? undefined : leaders[partition]),
  });
}

function createAdmin(config: Config): PortAdmin {
  const connection = reopening(
    async () => {
      const admin = new Admin(await config());
      tend(admin.connections);
      return admin;
    },
    (admin) => admin.close(),
  );

  /** The offset of each partition, -1 where there is none. */
  const offsets = (topic: string, timestamp: bigint) =>
    connection.use(async (admin) => {
      const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
      const partitions = topics.get(topic)!.partitions.map((_, partitionIndex) => ({ partitionIndex, timestamp }));
      const [found] = await admin.listOffsets({ topics: [{ name: topic, partitions }] });
      return found.partitions
        .map(({ partitionIndex, offset }) => ({ partition: partitionIndex, offset: Number(offset) }))
        .sort((a, b) => a.partition - b.partition);
    });

  return {
    async endOffsets(topic) {
      const lows = await offsets(topic, EARLIEST);
      const highs = await offsets(topic, LATEST);
      return highs.map(({ partition, offset }, i) => ({ partition, low: lows[i].offset, high: offset }));
    },
    async offsetsAt(topic, timestampMs) {
      // Read before the look-up: where that finds no record, all below are earlier.
      const highs = await offsets(topic, LATEST);
      const found = await offsets(topic, BigInt(timestampMs));
      return found.map(({ partition, offset }, i) =>
        offset < 0 ? { partition, offset: highs[i].offset, found: false } : { partition, offset, found: true },
      );
    },
    close: () => connection.close(),
  };
}

export function connectPlatformatic(options: KafkaOptions): KafkaPort {
  const config = configOf(options);
  return portOf(options.topic, createProducer(config, options.topic), createAdmin(config));
}
