/** Settings of the topic that the pipeline depends on. */
import { type AppTemplates, type Finding, type Located, property, type Rule } from './rule';

const TOPIC = 'AWS::MSK::Topic';

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

const propertiesOf = (text: string) => new Map(text.split('\n').map((line) => line.split('=', 2) as [string, string]));
const clusterOf = (app: AppTemplates, topic: Located) => app.target(topic.properties['ClusterArn'], topic.stack);

/** CloudFormation accepts these; the cluster then lacks brokers for the replicas, or rejects every write with acks=all. */
const topicReplicas: Rule = {
  name: 'topic-replicas',
  check: (app) =>
    app.resources(TOPIC).flatMap((at) => {
      const findings: Finding[] = [];
      const brokers = clusterOf(app, at)?.properties['NumberOfBrokerNodes'];
      const replicas = Number(at.properties['ReplicationFactor']);
      if (brokers !== undefined && replicas > Number(brokers)) {
        findings.push({
          at,
          location: 'Properties.ReplicationFactor',
          message: `ReplicationFactor must be at most the number of brokers (${Number(brokers)}), got ${replicas}`,
        });
      }
      const configs = Buffer.from(String(at.properties['Configs'] ?? ''), 'base64').toString();
      const insync = Number(/^min\.insync\.replicas=(\d+)$/m.exec(configs)?.[1] ?? 1);
      if (insync > replicas) {
        findings.push({
          at,
          location: 'Properties.Configs',
          message: `min.insync.replicas must be at most ReplicationFactor (${replicas}), got ${insync}: nothing could be written`,
        });
      }
      return findings;
    }),
};

/** The template holds them as base64, which no other check decodes. */
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

/** Settings that the pipeline depends on: the value, and the consequence of another one. */
const LOG: readonly { name: string; must: string; default?: string; why: string }[] = [
  { name: 'message.timestamp.type', must: 'LogAppendTime', why: 'intervals are cut by it' },
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
    why: 'an election may lose acknowledged records',
  },
];

const topicLog: Rule = {
  name: 'topic-log',
  check: (app) =>
    app.resources(TOPIC).flatMap((at) => {
      const configs = propertiesOf(Buffer.from(String(at.properties['Configs'] ?? ''), 'base64').toString());
      return LOG.filter((each) => (configs.get(each.name) ?? each.default) !== each.must).map(
        ({ name, must, why }) => ({
          at,
          location: 'Properties.Configs',
          message: `${name} must be ${must}, got ${configs.get(name) ?? 'nothing'}: ${why}`,
        }),
      );
    }),
};

/** Replicas of the topics that Kafka creates itself, and Kafka's default where the configuration is silent. */
const REPLICATION: Readonly<Record<string, number>> = {
  'offsets.topic.replication.factor': 3,
  'transaction.state.log.replication.factor': 3,
  'default.replication.factor': 1,
};
/** Replicas in sync without which no write is accepted, Kafka's default, and the factor that they belong to. */
const IN_SYNC: readonly (readonly [name: string, byDefault: number, of: string])[] = [
  ['transaction.state.log.min.isr', 2, 'transaction.state.log.replication.factor'],
  ['min.insync.replicas', 1, 'default.replication.factor'],
  ['min.insync.replicas', 1, 'offsets.topic.replication.factor'],
];

/**
 * Kafka creates them at first use and fails for ever if it lacks brokers: without the topic of offsets no consumer works.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-default-configuration.html
 */
const internalTopics: Rule = {
  name: 'internal-topics',
  check: (app) =>
    app.resources('AWS::MSK::Cluster').flatMap((cluster): Finding[] => {
      const configuration = app.target(property(cluster, 'ConfigurationInfo.Arn'), cluster.stack);
      const at = configuration ?? cluster;
      const set = propertiesOf(String(configuration?.properties['ServerProperties'] ?? ''));
      const value = (name: string, byDefault: number) => Number(set.get(name) ?? byDefault);
      const got = (name: string, found: number) => `got ${found}${set.has(name) ? '' : ", Kafka's default"}`;
      const brokers = Number(cluster.properties['NumberOfBrokerNodes']);
      const finding = (message: string) => ({ at, location: 'Properties.ServerProperties', message });
      return [
        ...Object.entries(REPLICATION)
          .map(([name, byDefault]) => ({ name, factor: value(name, byDefault) }))
          .filter(({ factor }) => !(factor >= 1 && factor <= brokers))
          .map(({ name, factor }) =>
            finding(`${name} must be from 1 to the number of brokers (${brokers}), ${got(name, factor)}`),
          ),
        ...IN_SYNC.map(([name, byDefault, of]) => ({
          name,
          of,
          least: value(name, byDefault),
          factor: value(of, REPLICATION[of]),
        }))
          .filter(({ least, factor }) => !(least <= factor))
          .map(({ name, of, least, factor }) =>
            finding(`${name} must be at most ${of} (${factor}), ${got(name, least)}`),
          ),
      ];
    }),
};

export const TOPIC_RULES: readonly Rule[] = [topicReplicas, topicProperties, topicLog, internalTopics];
