import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { type Archived, archiveFlags, archivingWithin } from './class-archive';
import { findJava } from './java.cjs';
import { type Engine, startEngine } from './engine';
import { jmxAgent } from './jmx-exporter';
import {
  clusterIdOf,
  isFormatted,
  LOG4J,
  newQuorum,
  type NodeConfig,
  type Quorum,
  serverProperties,
} from './kafka-config';
import { installed } from './paths';
import { HOST, claimPort, freePort, isOpen } from './ports';
import { supervise, type Supervised } from './supervise';

interface NodeOptions extends Archived {
  /** Absolute folder for data, configuration and log. */
  readonly dir: string;
  /** Whether it runs the JMX exporter. @default false */
  readonly exporter?: boolean;
  /** Prefix of the command, to run it in another namespace: `nsenter …`. @default - none */
  readonly launcher?: readonly string[];
}

export interface KafkaOptions extends NodeOptions {
  /** Port of the SASL listener. @default - a free one */
  readonly port?: number;
  /** @default 1 */
  readonly id?: number;
  /** The cluster it belongs to; if its id is a voter there, it is a controller as well. @default - a cluster of one node */
  readonly quorum?: Quorum;
}

export interface ControllerOptions extends NodeOptions {
  readonly id: number;
  readonly quorum: Quorum;
}

/** A running node of a cluster. */
export interface KafkaNode extends Engine {
  /** `127.0.0.1:PORT` of the JMX exporter, if it runs. */
  readonly exporter?: string;
}

/** A running Apache Kafka broker (KRaft). */
export interface KafkaEngine extends KafkaNode {
  readonly id: number;
  /** `127.0.0.1:PORT`, SASL OAUTHBEARER with unsecured tokens, no TLS: the local counterpart of MSK's IAM listener. */
  readonly brokers: string;
  /** `127.0.0.1:PORT` without authentication, for set-up and tools. */
  readonly plainBrokers: string;
  readonly port: number;
  /** Folder of its log, absolute. */
  readonly data: string;
  /**
   * Creates a topic, or adds the partitions that an existing one lacks and sets its configs.
   * @param configs topic configs by name, e.g. `message.timestamp.type`
   */
  createTopic(name: string, partitions: number, configs?: Readonly<Record<string, string>>): Promise<void>;
}

const FIRST = 1;

/** Half a minute: a broker is without a controller for nine seconds at most, unless it is frozen. */
const CONTROLLER_TRIES = 120;
const CONTROLLER_POLL_MS = 250;

/** Calls `use` with an admin connection, and ends the connection. */
async function withAdmin<T>(brokers: string, retries: number, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({
    clientId: 'local-setup',
    brokers: [brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries },
  }).admin();
  try {
    await admin.connect();
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

async function createTopic(
  brokers: string,
  name: string,
  partitions: number,
  configs: Readonly<Record<string, string>>,
): Promise<void> {
  const configEntries = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
  await withAdmin(brokers, 5, async (admin) => {
    // On a busy machine a broker misses its heartbeats, and has no controller until the next one: kafkajs does not try again.
    for (let tries = 0; (await admin.describeCluster()).controller === null && tries < CONTROLLER_TRIES; tries++) {
      await sleep(CONTROLLER_POLL_MS);
    }
    if (!(await admin.listTopics()).includes(name)) {
      await admin.createTopics({
        waitForLeaders: true,
        topics: [{ topic: name, numPartitions: partitions, replicationFactor: 1, configEntries }],
      });
      return;
    }
    const metadata = await admin.fetchTopicMetadata({ topics: [name] });
    const existing = metadata.topics[0].partitions.length;
    if (existing > partitions) {
      throw new Error(
        `topic ${name} has ${existing} partitions, ${partitions} are wanted: partitions cannot be removed`,
      );
    }
    if (existing < partitions) {
      await admin.createPartitions({ topicPartitions: [{ topic: name, count: partitions }] });
    }
    if (configEntries.length > 0) {
      await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name, configEntries }] });
    }
  });
}

/** Formats a node's folder if it is new. Returns what starts the node, and the address that its exporter will have. */
async function prepareNode(
  { dir, exporter = false, launcher = [], archiveTo }: NodeOptions,
  config: NodeConfig,
  ready: () => Promise<boolean>,
): Promise<{ start: () => Promise<Supervised>; exporter?: string }> {
  const { data, quorum } = config;
  const properties = join(dir, 'server.properties');
  const log4j = join(dir, 'log4j2.properties');
  mkdirSync(dir, { recursive: true });
  writeFileSync(properties, serverProperties(config));
  writeFileSync(log4j, LOG4J);
  const [command, ...before] = [...launcher, findJava().command];
  const flags = ['-XX:TieredStopAtLevel=1', `-Dlog4j2.configurationFile=file:${log4j}`];
  const archive = archiveFlags('kafka', { archiveTo });
  const classpath = ['-cp', installed('kafka') + '/*'];
  if (!isFormatted(data)) {
    // With `=`: one id in 64 begins with a hyphen, which would be parsed as an option.
    const format = ['kafka.tools.StorageTool', 'format', `--cluster-id=${quorum.clusterId}`, '-c', properties];
    const heap = ['-Xmx128m', '-XX:+UseSerialGC'];
    await promisify(execFile)(command, [
      ...before,
      ...heap,
      ...flags,
      ...archiveFlags('kafka', {}),
      ...classpath,
      ...format,
    ]);
  }
  const port = exporter ? await freePort() : undefined;
  const agent = port === undefined ? [] : [jmxAgent('kafka', dir, port)];
  const heap = ['-Xmx256m', '-Xms64m', '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError'];
  const args = [...before, ...heap, ...flags, ...archive, ...agent, ...classpath, 'kafka.Kafka', properties];
  return {
    start: () => supervise({ name: 'kafka', dir, command, args, ready, stopWithin: archivingWithin({ archiveTo }) }),
    exporter: port === undefined ? undefined : `${HOST}:${port}`,
  };
}

const dataOf = (dir: string) => join(dir, 'data');

/**
 * Starts a broker and waits until it is registered in its cluster.
 * @throws Error of one line (Java missing, port in use, folder in use), or with the end of the log
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaEngine> {
  const { dir, id = FIRST } = options;
  const data = dataOf(dir);
  const listeners = { sasl: await claimPort('kafka', options.port), plain: await freePort() };
  const quorum = options.quorum ?? (await newQuorum([id], clusterIdOf(data)));
  const plainBrokers = `${HOST}:${listeners.plain}`;
  const isRegistered = async () => {
    const { brokers } = await withAdmin(plainBrokers, 0, (admin) => admin.describeCluster());
    return brokers.some(({ nodeId }) => nodeId === id);
  };
  const ready = async () => (await isOpen(listeners.sasl)) && (await isRegistered());
  const { start, exporter } = await prepareNode(options, { id, quorum, data, listeners }, ready);
  return startEngine<KafkaEngine>(start, {
    id,
    data,
    exporter,
    brokers: `${HOST}:${listeners.sasl}`,
    plainBrokers,
    port: listeners.sasl,
    createTopic: (name, partitions, configs = {}) => createTopic(plainBrokers, name, partitions, configs),
  });
}

/** Starts a node that is only a controller; it may wait for others of its quorum. */
export async function startController(options: ControllerOptions): Promise<KafkaNode> {
  const { dir, id, quorum } = options;
  const ready = () => isOpen(quorum.voters[id]);
  const { start, exporter } = await prepareNode(options, { id, quorum, data: dataOf(dir) }, ready);
  return startEngine<KafkaNode>(start, { exporter });
}
