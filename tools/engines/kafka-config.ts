/** Configuration of Kafka nodes: what a cluster must agree on, and the properties that follow from it. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOST, freePort } from './ports';

/** What is the same for all nodes of a cluster. */
export interface Quorum {
  readonly clusterId: string;
  /** Port of each controller by its node id. */
  readonly voters: Readonly<Record<number, number>>;
}

export interface NodeConfig {
  readonly id: number;
  readonly quorum: Quorum;
  /** Absolute folder of the log. */
  readonly data: string;
  /** Ports for clients. @default - none: the node is only a controller */
  readonly listeners?: { readonly sasl: number; readonly plain: number };
}

export const LOG4J = `status=warn
appender.c.type=Console
appender.c.name=C
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=warn
rootLogger.appenderRef.c.ref=C
`;

/** @param ids node ids of the controllers */
export async function newQuorum(ids: readonly number[], clusterId = newClusterId()): Promise<Quorum> {
  const voters: Record<number, number> = {};
  for (const id of ids) voters[id] = await freePort();
  return { clusterId, voters };
}

const newClusterId = () => randomBytes(16).toString('base64url');

const META = 'meta.properties';

export const isFormatted = (data: string): boolean => existsSync(join(data, META));

/** The cluster id of a formatted folder; otherwise a new one. */
export function clusterIdOf(data: string): string {
  if (!isFormatted(data)) return newClusterId();
  const [, id] = /^cluster\.id=(.+)$/m.exec(readFileSync(join(data, META), 'utf8'))!;
  return id;
}

/**
 * Auto-creation is off, as on a cluster whose topics are CloudFormation resources: a wrong topic name must fail. The session
 * timeout is short because a start after kill -9 waits until the old registration expires.
 */
const BROKER = `inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=OAUTHBEARER
listener.name.sasl.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker" unsecuredValidatorAllowableClockSkewMs="3000";
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=16777216
`;

const COMMON = `controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
num.network.threads=2
num.io.threads=4
log.segment.bytes=67108864
log.segment.delete.delay.ms=1000
`;

/** Properties of a broker, of a controller, or of both in one, as in a cluster of one node. */
export function serverProperties({ id, quorum, data, listeners }: NodeConfig): string {
  const own = quorum.voters[id] as number | undefined;
  const advertised = listeners && `SASL://${HOST}:${listeners.sasl},PLAINTEXT://${HOST}:${listeners.plain}`;
  const controller = own && `CONTROLLER://${HOST}:${own}`;
  const voters = Object.entries(quorum.voters).map(([voter, port]) => `${voter}@${HOST}:${port}`);
  const roles = [...(listeners ? ['broker'] : []), ...(own === undefined ? [] : ['controller'])];
  return `process.roles=${roles.join(',')}
node.id=${id}
controller.quorum.voters=${voters.join(',')}
listeners=${[advertised, controller].filter((each) => each !== undefined).join(',')}
log.dirs=${data}
${advertised === undefined ? '' : `advertised.listeners=${advertised}\n${BROKER}`}${COMMON}`;
}
