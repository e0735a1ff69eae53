/** Settings of a cluster that CloudFormation accepts and that fail later. */
import { ENV } from '../../lambda/runtime/env';
import { kafkaSources } from './event-sources';
import { type AppTemplates, type Finding, listOf, type Located, property, type Rule, type StackTemplate } from './rule';

const CLUSTER = 'AWS::MSK::Cluster';
const TOPIC = 'AWS::MSK::Topic';
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

/** @see https://docs.aws.amazon.com/msk/1.0/apireference/clusters.html */
const brokersPerZone: Rule = {
  name: 'brokers-per-zone',
  check: (app) =>
    app
      .resources(CLUSTER)
      .map((at) => ({ at, zones: listOf(property(at, 'BrokerNodeGroupInfo.ClientSubnets')).length }))
      .filter(({ at, zones }) => zones === 0 || Number(at.properties['NumberOfBrokerNodes']) % zones !== 0)
      .map(({ at, zones }) => ({
        at,
        location: 'Properties.NumberOfBrokerNodes',
        message: `NumberOfBrokerNodes must be a multiple of the number of subnets (${zones}), got ${String(at.properties['NumberOfBrokerNodes'])}`,
      })),
};

/** The alpha construct accepts any name. */
const kafkaNames: Rule = {
  name: 'kafka-names',
  check: (app) => [
    ...named(app, CLUSTER, 'ClusterName', /^[a-zA-Z0-9][a-zA-Z0-9-]{0,63}$/, '1 to 64 letters, digits and hyphens'),
    ...named(
      app,
      TOPIC,
      'TopicName',
      /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/,
      "1 to 249 letters, digits, '.', '_' and '-', and not '.' or '..'",
    ),
  ],
};

function named(app: AppTemplates, type: string, key: string, pattern: RegExp, allowed: string): Finding[] {
  return app
    .resources(type)
    .filter(({ properties }) => typeof properties[key] === 'string' && !pattern.test(properties[key]))
    .map((at) => ({
      at,
      location: `Properties.${key}`,
      message: `${key} must be ${allowed}, got '${String(at.properties[key]).slice(0, 60)}'`,
    }));
}

/** Pollers use the brokers' security groups, functions their own: brokers need ingress for both. */
const brokerIngress: Rule = {
  name: 'broker-ingress',
  check: (app) =>
    app.resources(CLUSTER).flatMap((at) => {
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
        .map(({ who }) => ({
          at,
          location: 'Properties.BrokerNodeGroupInfo.SecurityGroups',
          message: `the brokers' security group has no ingress on ${IAM_PORT} for ${who}`,
        }));
    }),
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
const connectionBudget: Rule = {
  name: 'connection-budget',
  check: (app) =>
    app
      .resources('AWS::ApiGatewayV2::Integration')
      .map((each) => app.target(each.properties['IntegrationUri'], each.stack))
      .filter((fn, i, all) => fn !== undefined && all.indexOf(fn) === i)
      .flatMap((at) => (at ? budgetOf(app, at) : [])),
};

function budgetOf(app: AppTemplates, at: Located): Finding[] {
  const cluster = app.target(property(at, `Environment.Variables.${ENV.clusterArn}`), at.stack);
  if (!cluster) {
    return [];
  }
  const location = 'Properties.ReservedConcurrentExecutions';
  const instances = at.properties['ReservedConcurrentExecutions'];
  const small = String(property(cluster, 'BrokerNodeGroupInfo.InstanceType')).startsWith('kafka.t3.');
  const rate = small ? NEW_CONNECTIONS_PER_SECOND_T3 : NEW_CONNECTIONS_PER_SECOND;
  const limit = Math.floor(Math.min(CONNECTIONS_PER_BROKER, rate * CONNECT_WITHIN) / CONNECTIONS_PER_INSTANCE);
  if (instances === undefined) {
    return [
      { at, location, message: `a function behind an API that connects to Kafka must have reserved concurrency` },
    ];
  }
  return Number(instances) > limit
    ? [
        {
          at,
          location,
          message:
            `ReservedConcurrentExecutions must be at most ${limit}, got ${Number(instances)}: a broker accepts ` +
            `${CONNECTIONS_PER_BROKER} connections and ${rate} new ones a second, and each instance opens ${CONNECTIONS_PER_INSTANCE}`,
        },
      ]
    : [];
}

const GIB = 1024 ** 3;

/** Share of a volume that the topic may fill: the alarm is at 80 %. */
const VOLUME_SHARE = 0.8;

const propertyOf = (configs: string, name: string): number | undefined => {
  const found = configs.split('\n').find((line) => line.startsWith(`${name}=`));
  return found === undefined ? undefined : Number(found.slice(name.length + 1));
};
const configsOf = ({ properties }: Located): string =>
  Buffer.from(String(properties['Configs'] ?? ''), 'base64').toString();

/**
 * Kafka deletes by time alone if no size is set: at a higher rate the volumes fill up, and a broker with a full volume stops.
 * A partition holds its retention and the segment that is being written.
 */
const topicFitsVolume: Rule = {
  name: 'topic-fits-volume',
  check: (app) =>
    app.resources(TOPIC).flatMap((at): Finding[] => {
      const location = 'Properties.Configs';
      const [retention, segment] = ['retention.bytes', 'segment.bytes'].map((name) => propertyOf(configsOf(at), name));
      if (retention === undefined || segment === undefined) {
        const message =
          'Configs must have retention.bytes and segment.bytes: without them the volumes of the brokers fill up';
        return [{ at, location, message }];
      }
      const cluster = app.target(at.properties['ClusterArn'], at.stack);
      if (!cluster) return [];
      const replicas = Number(at.properties['PartitionCount']) * Number(at.properties['ReplicationFactor']);
      const perBroker = Math.ceil(replicas / Number(cluster.properties['NumberOfBrokerNodes']));
      const volume = Number(property(cluster, 'BrokerNodeGroupInfo.StorageInfo.EBSStorageInfo.VolumeSize')) * GIB;
      const filled = perBroker * (retention + segment);
      const most = Math.floor(VOLUME_SHARE * volume);
      const message = `retention.bytes and segment.bytes of a broker's replicas must be at most ${most}, got ${filled}`;
      return filled > most ? [{ at, location, message }] : [];
    }),
};

/** A topic without partitions is another rule's. */
const topicsOfRecords = (app: AppTemplates) =>
  app.resources(TOPIC).filter(({ properties }) => Number(properties['PartitionCount']) > 0);

/** Records that an outage of the configured length leaves unread must still be there at its end. */
const topicCoversOutage: Rule = {
  name: 'topic-covers-outage',
  check: (app, config) => {
    const seconds = config.outageHours * 3_600 + 60 * (config.intervalMinutes + config.publishDelayMinutes);
    const bytes = seconds * config.postsPerSecond * config.postBytes;
    return topicsOfRecords(app).flatMap((at): Finding[] => {
      const [ms, retention] = ['retention.ms', 'retention.bytes'].map((name) => propertyOf(configsOf(at), name));
      const least = Math.ceil(bytes / Number(at.properties['PartitionCount']));
      const location = 'Properties.Configs';
      const cause = `for an outage of ${config.outageHours} hours`;
      return [
        { name: 'retention.ms', least: seconds * 1_000, got: ms },
        { name: 'retention.bytes', least, got: retention },
      ]
        .filter(({ least: atLeast, got }) => got !== undefined && got < atLeast)
        .map(({ name, least: atLeast, got }) => ({
          ...{ at, location },
          message: `${name} must be at least ${atLeast} ${cause}, got ${got}`,
        }));
    });
  },
};

export const KAFKA_RULES: readonly Rule[] = [
  brokersPerZone,
  kafkaNames,
  brokerIngress,
  connectionBudget,
  topicFitsVolume,
  topicCoversOutage,
];
