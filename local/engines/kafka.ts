import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { findJava } from './java.cjs';
import { type Engine, startEngine } from './engine';
import { jmxAgent } from './jmx-exporter';
import { installed } from './paths';
import { HOST, claimPort, freePort, isOpen } from './ports';
import { supervise } from './supervise';

export interface KafkaOptions {
  /** Absolute folder for data, configuration and log. */
  readonly dir: string;
  /** Port of the SASL listener. @default - a free one */
  readonly port?: number;
  /** Whether the JMX exporter runs in it. @default false */
  readonly exporter?: boolean;
  /** The broker whose cluster this one joins as the second, for tests of what takes two. @default - a cluster of its own */
  readonly joins?: Pick<KafkaEngine, 'cluster'>;
}

/** What a second broker must know of the first. */
interface Cluster {
  readonly id: string;
  /** `127.0.0.1:PORT` of the only controller. */
  readonly controller: string;
}

/** A running Apache Kafka broker (KRaft; the first of a cluster is its controller, too). */
export interface KafkaEngine extends Engine {
  /** `127.0.0.1:PORT`, SASL OAUTHBEARER with unsecured tokens, no TLS: what functions are given as the IAM listener. */
  readonly brokers: string;
  /** `127.0.0.1:PORT` without authentication, for set-up and tools. */
  readonly plainBrokers: string;
  readonly port: number;
  /** `127.0.0.1:PORT` of the JMX exporter, where it runs. */
  readonly exporter?: string;
  readonly cluster: Cluster;
  /**
   * Creates a topic, or adds the partitions that an existing one lacks and sets its configs.
   * @param configs topic configs by name, e.g. `message.timestamp.type`
   */
  createTopic(name: string, partitions: number, configs?: Readonly<Record<string, string>>): Promise<void>;
}

interface Ports {
  readonly sasl: number;
  readonly plain: number;
  readonly controller: number;
}

const FIRST = 1;
const SECOND = 2;

const LOG4J = `status=warn
appender.c.type=Console
appender.c.name=C
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=warn
rootLogger.appenderRef.c.ref=C
`;

/**
 * Broker configuration. Auto-creation is off, as on a cluster whose topics are CloudFormation resources: a wrong topic
 * name has to fail. The short session timeout is for kill -9: the next start waits until the old registration expires.
 */
export function serverProperties(data: string, ports: Ports, joins?: Cluster): string {
  const own = `${HOST}:${ports.controller}`;
  return `process.roles=${joins ? 'broker' : 'broker,controller'}
node.id=${joins ? SECOND : FIRST}
controller.quorum.voters=${FIRST}@${joins?.controller ?? own}
listeners=SASL://${HOST}:${ports.sasl},PLAINTEXT://${HOST}:${ports.plain}${joins ? '' : `,CONTROLLER://${own}`}
advertised.listeners=SASL://${HOST}:${ports.sasl},PLAINTEXT://${HOST}:${ports.plain}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT
sasl.enabled.mechanisms=OAUTHBEARER
listener.name.sasl.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker" unsecuredValidatorAllowableClockSkewMs="3000";
log.dirs=${data}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
log.segment.bytes=67108864
log.cleaner.dedupe.buffer.size=16777216
`;
}

/** One admin connection for the time of `use`. */
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

/** As it was given when the folder was formatted. */
function clusterId(data: string): string {
  const [, id] = /^cluster\.id=(.+)$/m.exec(readFileSync(join(data, 'meta.properties'), 'utf8'))!;
  return id;
}

/**
 * Starts Apache Kafka and waits until it answers.
 * @throws Error of one line (Java missing, port in use, folder in use), or with the log's last lines
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaEngine> {
  const java = findJava();
  const classpath = installed('kafka') + '/*';
  const data = join(options.dir, 'data');
  const properties = join(options.dir, 'server.properties');
  const log4j = join(options.dir, 'log4j2.properties');
  const ports: Ports = {
    sasl: await claimPort('kafka', options.port),
    plain: await freePort(),
    controller: await freePort(),
  };
  const plainBrokers = `${HOST}:${ports.plain}`;
  mkdirSync(options.dir, { recursive: true });
  writeFileSync(properties, serverProperties(data, ports, options.joins?.cluster));
  writeFileSync(log4j, LOG4J);
  if (!existsSync(join(data, 'meta.properties'))) {
    const id = options.joins?.cluster.id ?? randomBytes(16).toString('base64url');
    // In one piece: one id in 64 begins with a hyphen, which would be taken for an option.
    const format = ['kafka.tools.StorageTool', 'format', `--cluster-id=${id}`, '-c', properties];
    const flags = ['-Xmx128m', '-XX:TieredStopAtLevel=1', `-Dlog4j2.configurationFile=file:${log4j}`, '-cp', classpath];
    await promisify(execFile)(java.command, [...flags, ...format]);
  }
  const exporter = options.exporter === true ? await freePort() : undefined;
  const start = () =>
    supervise({
      name: 'kafka',
      dir: options.dir,
      command: java.command,
      args: [
        '-Xmx256m',
        '-Xms64m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        '-XX:+ExitOnOutOfMemoryError',
        `-Dlog4j2.configurationFile=file:${log4j}`,
        ...(exporter === undefined ? [] : [jmxAgent('kafka', options.dir, exporter)]),
        '-cp',
        classpath,
        'kafka.Kafka',
        properties,
      ],
      ready: async () =>
        (await isOpen(ports.sasl)) &&
        (await withAdmin(plainBrokers, 0, (admin) => admin.describeCluster())).brokers.some(
          ({ nodeId }) => nodeId === (options.joins ? SECOND : FIRST),
        ),
    });
  return startEngine<KafkaEngine>(start, {
    brokers: `${HOST}:${ports.sasl}`,
    plainBrokers,
    port: ports.sasl,
    exporter: exporter === undefined ? undefined : `${HOST}:${exporter}`,
    cluster: { id: clusterId(data), controller: options.joins?.cluster.controller ?? `${HOST}:${ports.controller}` },
    createTopic: (name, partitions, configs = {}) => createTopic(plainBrokers, name, partitions, configs),
  });
}
