/** Settings of the topic that the pipeline depends on. */
import { type AppTemplates, type Finding, type Located, type Rule } from './rule';

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

export const TOPIC_RULES: readonly Rule[] = [topicReplicas, topicProperties, topicLog];
