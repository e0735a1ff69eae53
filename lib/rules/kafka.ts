/** What goes wrong with Kafka after CloudFormation has taken the template. */
import { ENV } from '../../lambda/shared/env';
import { type AppTemplates, type Finding, listOf, type Located, property, type Rule, type StackTemplate } from './rule';

const CLUSTER = 'AWS::MSK::Cluster';
const TOPIC = 'AWS::MSK::Topic';
const SOURCE = 'AWS::Lambda::EventSourceMapping';
const FUNCTION = 'AWS::Lambda::Function';
const IAM_PORT = 9098;

/** Seconds that Lambda lets a function run that is fed from Kafka. */
const MAX_TIMEOUT = 14 * 60;

/** What can be said about failed batches of a Kafka source in provisioned mode only. */
const RETRY_CONTROLS = [
  'MaximumRetryAttempts',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'FunctionResponseTypes',
];

/**
 * What a broker takes by IAM.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/limits.html
 */
const CONNECTIONS_PER_BROKER = 3_000;
const NEW_CONNECTIONS_PER_SECOND = 100;
const NEW_CONNECTIONS_PER_SECOND_T3 = 4;
/** What an instance of a function has at a broker: its own connection, and one more where it began to look for the cluster. */
const CONNECTIONS_PER_INSTANCE = 2;
/** Seconds within which all instances must have been let in when they start at once: an API waits 29 s for the answer. */
const CONNECT_WITHIN = 10;

/** @see https://kafka.apache.org/documentation/#topicconfigs */
const TOPIC_PROPERTIES = [
  'cleanup.policy',
  'compression.type',
  'delete.retention.ms',
  'flush.messages',
  'flush.ms',
  'local.retention.bytes',
  'local.retention.ms',
  'max.compaction.lag.ms',
  'max.message.bytes',
  'message.timestamp.after.max.ms',
  'message.timestamp.before.max.ms',
  'message.timestamp.type',
  'min.cleanable.dirty.ratio',
  'min.compaction.lag.ms',
  'min.insync.replicas',
  'remote.storage.enable',
  'retention.bytes',
  'retention.ms',
  'segment.bytes',
  'segment.ms',
  'unclean.leader.election.enable',
];

const clusterOf = (app: AppTemplates, topic: Located) => app.target(topic.properties['ClusterArn'], topic.stack);
const kafkaSources = (app: AppTemplates) =>
  app
    .resources(SOURCE)
    .filter(
      ({ properties }) =>
        'AmazonManagedKafkaEventSourceConfig' in properties || 'SelfManagedKafkaEventSourceConfig' in properties,
    );

/** @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html */
const eventSourcePollers: Rule = {
  name: 'event-source-pollers',
  check: (app) =>
    kafkaSources(app)
      .filter(({ properties }) => !('ProvisionedPollerConfig' in properties))
      .flatMap((at) =>
        RETRY_CONTROLS.filter((name) => name in at.properties).map((name) => ({
          at,
          location: `Properties.${name}`,
          message: `${name} of a Kafka source works with ProvisionedPollerConfig only, which is missing`,
        })),
      ),
};

/** A source that is off, or whose function may not run, stands still without an error; one that starts late leaves a gap. */
const eventSourceWhole: Rule = {
  name: 'event-source-whole',
  check: (app) =>
    kafkaSources(app).flatMap((at) => {
      const { StartingPosition: start, Enabled: enabled, FunctionName: name } = at.properties;
      const fn = app.target(name, at.stack);
      return [
        ...(start === 'LATEST'
          ? [
              {
                at,
                location: 'Properties.StartingPosition',
                message: 'StartingPosition must not be LATEST: records of before are lost',
              },
            ]
          : []),
        ...(String(enabled) === 'false'
          ? [
              {
                at,
                location: 'Properties.Enabled',
                message: 'Enabled must be true, got false: nothing is read, and Kafka forgets',
              },
            ]
          : []),
        ...(fn && Number(fn.properties['ReservedConcurrentExecutions'] ?? 1) === 0
          ? [
              {
                at: fn,
                location: 'Properties.ReservedConcurrentExecutions',
                message: 'ReservedConcurrentExecutions of a function with a Kafka source must be at least 1, got 0',
              },
            ]
          : []),
      ];
    }),
};

/** @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html */
const eventSourceTimeout: Rule = {
  name: 'event-source-timeout',
  check: (app) =>
    kafkaSources(app)
      .map((source) => app.target(source.properties['FunctionName'], source.stack))
      .filter((fn) => fn !== undefined)
      .filter(({ properties }) => Number(properties['Timeout']) > MAX_TIMEOUT)
      .map((at) => ({
        at,
        location: 'Properties.Timeout',
        message: `Timeout of a function with a Kafka source must be at most ${MAX_TIMEOUT} s, got ${String(at.properties['Timeout'])}`,
      })),
};

/** CloudFormation takes these; the cluster then has no room for the copies, or takes no write with acks=all. */
const topicReplicas: Rule = {
  name: 'topic-replicas',
  check: (app) =>
    app.resources(TOPIC).flatMap((at) => {
      const findings: Finding[] = [];
      const brokers = clusterOf(app, at)?.properties['NumberOfBrokerNodes'];
      const copies = Number(at.properties['ReplicationFactor']);
      if (brokers !== undefined && copies > Number(brokers)) {
        findings.push({
          at,
          location: 'Properties.ReplicationFactor',
          message: `ReplicationFactor must be at most the number of brokers (${Number(brokers)}), got ${copies}`,
        });
      }
      const configs = Buffer.from(String(at.properties['Configs'] ?? ''), 'base64').toString();
      const insync = Number(/^min\.insync\.replicas=(\d+)$/m.exec(configs)?.[1] ?? 1);
      if (insync > copies) {
        findings.push({
          at,
          location: 'Properties.Configs',
          message: `min.insync.replicas must be at most ReplicationFactor (${copies}), got ${insync}: nothing could be written`,
        });
      }
      return findings;
    }),
};

/** The template holds them as base64, into which nobody looks. */
const topicProperties: Rule = {
  name: 'topic-properties',
  check: (app) =>
    app.resources(TOPIC).flatMap((at) =>
      Buffer.from(String(at.properties['Configs'] ?? ''), 'base64')
        .toString()
        .split('\n')
        .filter((line) => line !== '' && !TOPIC_PROPERTIES.includes(/^([a-z.]+)=\S+$/.exec(line)?.[1] ?? ''))
        .map((line) => ({
          at,
          location: 'Properties.Configs',
          message: `Configs must be lines name=value in base64, with a name that topics have, got '${line.slice(0, 60)}'`,
        })),
    ),
};

/** What the pipeline stands on and Kafka can do otherwise: value, and what happens with another. */
const LOG: readonly { name: string; must: string; default?: string; why: string }[] = [
  { name: 'message.timestamp.type', must: 'LogAppendTime', why: 'buckets are cut by it' },
  {
    name: 'cleanup.policy',
    must: 'delete',
    default: 'delete',
    why: 'compaction drops records that are not archived yet',
  },
  {
    name: 'unclean.leader.election.enable',
    must: 'false',
    default: 'false',
    why: 'an election may drop what was acknowledged',
  },
];

const topicLog: Rule = {
  name: 'topic-log',
  check: (app) =>
    app.resources(TOPIC).flatMap((at) => {
      const lines = Buffer.from(String(at.properties['Configs'] ?? ''), 'base64')
        .toString()
        .split('\n');
      const configs = new Map(lines.map((line) => line.split('=', 2) as [string, string]));
      return LOG.filter((each) => (configs.get(each.name) ?? each.default) !== each.must).map(
        ({ name, must, why }) => ({
          at,
          location: 'Properties.Configs',
          message: `${name} must be ${must}, got ${configs.get(name) ?? 'nothing'}: ${why}`,
        }),
      );
    }),
};

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

/** The alpha construct hands on any name. */
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

/** Pollers take the brokers' place in the network, functions come from their own: brokers must let in both. */
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

/** The security groups from which one of `groups` takes connections on the IAM port. */
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

/** Functions behind an API start as often at once as callers like, and each instance connects to every broker. */
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
            `ReservedConcurrentExecutions must be at most ${limit}, got ${Number(instances)}: a broker takes ` +
            `${CONNECTIONS_PER_BROKER} connections and ${rate} new ones a second, and each instance makes ${CONNECTIONS_PER_INSTANCE}`,
        },
      ]
    : [];
}

export const KAFKA_RULES: readonly Rule[] = [
  eventSourcePollers,
  eventSourceWhole,
  eventSourceTimeout,
  topicReplicas,
  topicProperties,
  topicLog,
  brokersPerZone,
  kafkaNames,
  brokerIngress,
  connectionBudget,
];
