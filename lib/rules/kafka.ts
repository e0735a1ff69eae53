/** Settings of a cluster that CloudFormation accepts and that fail later. */
import { ENV } from '../../lambda/runtime/env';
import { kafkaSources } from './event-sources';
import {
  type AppTemplates,
  listOf,
  type Located,
  type Problem,
  property,
  type Rule,
  ruleOn,
  type StackTemplate,
  when,
} from './rule';
import { secondsToPublish } from './stores';
import { settingsOf, TOPIC } from './topics';

const CLUSTER = 'AWS::MSK::Cluster';
const FUNCTION = 'AWS::Lambda::Function';
const IAM_PORT = 9098;

/**
 * Limits of a broker for IAM clients.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/limits.html
 */
const CONNECTIONS_PER_BROKER = 3_000;
const NEW_CONNECTIONS_PER_SECOND = 100;
const NEW_CONNECTIONS_PER_SECOND_T3 = 4;
/** Connections of a function's instance to a broker: its own, and one more to the broker where it discovered the cluster. */
const CONNECTIONS_PER_INSTANCE = 2;
/** Seconds within which all instances must be connected if they start at once: an API waits 29 s for the response. */
const CONNECT_WITHIN = 10;

/** Names that are allowed. The alpha construct accepts any. */
const NAMES: Readonly<Record<string, { readonly key: string; readonly pattern: RegExp; readonly allowed: string }>> = {
  [CLUSTER]: {
    key: 'ClusterName',
    pattern: /^[a-zA-Z0-9][a-zA-Z0-9-]{0,63}$/,
    allowed: '1 to 64 letters, digits and hyphens',
  },
  [TOPIC]: {
    key: 'TopicName',
    pattern: /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/,
    allowed: "1 to 249 letters, digits, '.', '_' and '-', and not '.' or '..'",
  },
};

const resolved = (app: AppTemplates, values: unknown, from: StackTemplate): Located[] =>
  listOf(values)
    .map((value) => app.target(value, from))
    .filter((found) => found !== undefined);

/** The security groups from which one of `groups` accepts connections on the IAM port. */
function ingress(app: AppTemplates, groups: readonly Located[]): Located[] {
  const inline = groups.flatMap((group) =>
    listOf(group.properties['SecurityGroupIngress']).map((rule) => ({
      rule: rule as Readonly<Record<string, unknown>>,
      stack: group.stack,
    })),
  );
  const apart = app
    .resources('AWS::EC2::SecurityGroupIngress')
    .filter(({ properties, stack }) => groups.includes(app.target(properties['GroupId'], stack) as Located))
    .map(({ properties, stack }) => ({ rule: properties, stack }));
  return [...inline, ...apart]
    .filter(({ rule }) => Number(rule['FromPort']) <= IAM_PORT && Number(rule['ToPort']) >= IAM_PORT)
    .flatMap(({ rule, stack }) => resolved(app, rule['SourceSecurityGroupId'], stack));
}

/** Callers decide how many instances of a function behind an API run, and each instance connects to every broker. */
function budgetProblems(app: AppTemplates, at: Located): readonly Problem[] {
  const cluster = app.target(property(at, `Environment.Variables.${ENV.clusterArn}`), at.stack);
  if (!cluster) return [];
  const key = 'ReservedConcurrentExecutions';
  const instances = at.properties[key];
  const small = String(property(cluster, 'BrokerNodeGroupInfo.InstanceType')).startsWith('kafka.t3.');
  const rate = small ? NEW_CONNECTIONS_PER_SECOND_T3 : NEW_CONNECTIONS_PER_SECOND;
  const limit = Math.floor(Math.min(CONNECTIONS_PER_BROKER, rate * CONNECT_WITHIN) / CONNECTIONS_PER_INSTANCE);
  if (instances === undefined) {
    return [[key, 'a function behind an API that connects to Kafka must have reserved concurrency']];
  }
  const message =
    `${key} must be at most ${limit}, got ${Number(instances)}: a broker accepts ${CONNECTIONS_PER_BROKER} connections ` +
    `and ${rate} new ones a second, and each instance opens ${CONNECTIONS_PER_INSTANCE}`;
  return when(Number(instances) > limit, key, message);
}

const GIB = 1024 ** 3;

/** Share of a volume that the topic may fill: the alarm is at 80 %. */
const VOLUME_SHARE = 0.8;

export const KAFKA_RULES: readonly Rule[] = [
  /** @see https://docs.aws.amazon.com/msk/1.0/apireference/clusters.html */
  ruleOn('brokers-per-zone', CLUSTER, (at) => {
    const zones = listOf(property(at, 'BrokerNodeGroupInfo.ClientSubnets')).length;
    const brokers = at.properties['NumberOfBrokerNodes'];
    return when(
      zones === 0 || Number(brokers) % zones !== 0,
      'NumberOfBrokerNodes',
      `NumberOfBrokerNodes must be a multiple of the number of subnets (${zones}), got ${String(brokers)}`,
    );
  }),

  ruleOn('kafka-names', Object.keys(NAMES), ({ resource, properties }) => {
    const { key, pattern, allowed } = NAMES[resource.Type];
    const name = properties[key];
    const wrong = typeof name === 'string' && !pattern.test(name);
    return when(wrong, key, `${key} must be ${allowed}, got '${String(name).slice(0, 60)}'`);
  }),

  /** Pollers use the brokers' security groups, functions their own: brokers need ingress for both. */
  ruleOn('broker-ingress', CLUSTER, (at, app) => {
    const groups = resolved(app, property(at, 'BrokerNodeGroupInfo.SecurityGroups'), at.stack);
    const sources = ingress(app, groups);
    const clients = app
      .resources(FUNCTION)
      .filter((fn) => app.target(property(fn, `Environment.Variables.${ENV.clusterArn}`), fn.stack) === at)
      .map((fn) => ({
        who: `function ${fn.id}`,
        from: resolved(app, property(fn, 'VpcConfig.SecurityGroupIds'), fn.stack),
      }));
    const pollers = kafkaSources(app)
      .filter((source) => app.target(source.properties['EventSourceArn'], source.stack) === at)
      .map((source) => ({ who: `the pollers of ${source.id}`, from: groups }));
    return [...clients, ...pollers]
      .filter(({ from }) => !from.some((group) => sources.includes(group)))
      .map(({ who }) => [
        'BrokerNodeGroupInfo.SecurityGroups',
        `the brokers' security group has no ingress on ${IAM_PORT} for ${who}`,
      ]);
  }),

  ruleOn('connection-budget', FUNCTION, (at, app) =>
    app
      .resources('AWS::ApiGatewayV2::Integration')
      .some(({ properties, stack }) => app.target(properties['IntegrationUri'], stack) === at)
      ? budgetProblems(app, at)
      : [],
  ),

  /**
   * Kafka deletes by time alone if no size is set: at a higher rate the volumes fill up, and a broker with a full volume stops.
   * A partition holds its retention and the segment that is being written.
   */
  ruleOn('topic-fits-volume', TOPIC, (at, app): readonly Problem[] => {
    const [retention, segment] = ['retention.bytes', 'segment.bytes'].map((name) => settingsOf(at).get(name));
    if (retention === undefined || segment === undefined) {
      const message =
        'Configs must have retention.bytes and segment.bytes: without them the volumes of the brokers fill up';
      return [['Configs', message]];
    }
    const cluster = app.target(at.properties['ClusterArn'], at.stack);
    if (!cluster) return [];
    const replicas = Number(at.properties['PartitionCount']) * Number(at.properties['ReplicationFactor']);
    const perBroker = Math.ceil(replicas / Number(cluster.properties['NumberOfBrokerNodes']));
    const volume = Number(property(cluster, 'BrokerNodeGroupInfo.StorageInfo.EBSStorageInfo.VolumeSize')) * GIB;
    const filled = perBroker * (Number(retention) + Number(segment));
    const most = Math.floor(VOLUME_SHARE * volume);
    const message = `retention.bytes and segment.bytes of a broker's replicas must be at most ${most}, got ${filled}`;
    return when(filled > most, 'Configs', message);
  }),

  /** Records that an outage of the configured length leaves unread must still be there at its end. */
  ruleOn('topic-covers-outage', TOPIC, (at, _, config) => {
    const partitions = Number(at.properties['PartitionCount']);
    // A topic without partitions is another rule's.
    if (!(partitions > 0)) return [];
    const seconds = config.outageHours * 3_600 + secondsToPublish(config);
    const least = {
      'retention.ms': seconds * 1_000,
      'retention.bytes': Math.ceil((seconds * config.postsPerSecond * config.postBytes) / partitions),
    };
    return Object.entries(least).flatMap(([name, atLeast]) => {
      const got = Number(settingsOf(at).get(name));
      const message = `${name} must be at least ${atLeast} for an outage of ${config.outageHours} hours, got ${got}`;
      return when(got < atLeast, 'Configs', message);
    });
  }),
];
