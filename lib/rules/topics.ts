/** Settings of the topic that the pipeline depends on. */
import { type Located, type Problem, property, type Rule, ruleOn, when } from './rule';

export const TOPIC = 'AWS::MSK::Topic';

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

const linesIn = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** By name, the settings of lines `name=value`. */
const settingsIn = (lines: readonly string[]): ReadonlyMap<string, string> =>
  new Map(lines.map((line) => line.split('=', 2) as [string, string]));

/** The lines of a topic, which the template holds as base64. */
const linesOf = ({ properties }: Located): string[] =>
  linesIn(Buffer.from(String(properties['Configs'] ?? ''), 'base64').toString());

/** The settings of a topic by their names. */
export const settingsOf = (topic: Located) => settingsIn(linesOf(topic));

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

export const TOPIC_RULES: readonly Rule[] = [
  /** CloudFormation accepts these; the cluster then lacks brokers for the replicas, or rejects every write with acks=all. */
  ruleOn('topic-replicas', TOPIC, (at, app) => {
    const brokers = app.target(at.properties['ClusterArn'], at.stack)?.properties['NumberOfBrokerNodes'];
    const replicas = Number(at.properties['ReplicationFactor']);
    const insync = Number(settingsOf(at).get('min.insync.replicas') ?? 1);
    return [
      ...when(
        replicas > Number(brokers),
        'ReplicationFactor',
        `ReplicationFactor must be at most the number of brokers (${Number(brokers)}), got ${replicas}`,
      ),
      ...when(
        insync > replicas,
        'Configs',
        `min.insync.replicas must be at most ReplicationFactor (${replicas}), got ${insync}: nothing could be written`,
      ),
    ];
  }),

  /** The template holds them as base64, which no other check decodes. */
  ruleOn('topic-properties', TOPIC, (at) =>
    linesOf(at)
      .filter((line) => !TOPIC_PROPERTIES.includes(/^([a-z.]+)=\S+$/.exec(line)?.[1] ?? ''))
      .map((line) => [
        'Configs',
        `Configs must be lines name=value in base64, with a name that topics have, got '${line.slice(0, 60)}'`,
      ]),
  ),

  ruleOn('topic-log', TOPIC, (at) => {
    const settings = settingsOf(at);
    return LOG.filter((each) => (settings.get(each.name) ?? each.default) !== each.must).map(({ name, must, why }) => [
      'Configs',
      `${name} must be ${must}, got ${settings.get(name) ?? 'nothing'}: ${why}`,
    ]);
  }),

  /**
   * Kafka creates them at first use and fails for ever if it lacks brokers: without the topic of offsets no consumer works.
   * @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-default-configuration.html
   */
  ruleOn('internal-topics', 'AWS::MSK::Cluster', (cluster, app) => {
    const configuration = app.target(property(cluster, 'ConfigurationInfo.Arn'), cluster.stack);
    const set = settingsIn(linesIn(String(configuration?.properties['ServerProperties'] ?? '')));
    const brokers = Number(cluster.properties['NumberOfBrokerNodes']);
    const value = (name: string, byDefault: number) => Number(set.get(name) ?? byDefault);
    const problem = (name: string, found: number, must: string): Problem => {
      const got = `got ${found}${set.has(name) ? '' : ", Kafka's default"}`;
      return ['ServerProperties', `${name} must be ${must}, ${got}`, configuration];
    };
    return [
      ...Object.entries(REPLICATION).flatMap(([name, byDefault]) => {
        const factor = value(name, byDefault);
        const fits = factor >= 1 && factor <= brokers;
        return fits ? [] : [problem(name, factor, `from 1 to the number of brokers (${brokers})`)];
      }),
      ...IN_SYNC.flatMap(([name, byDefault, of]) => {
        const least = value(name, byDefault);
        const factor = value(of, REPLICATION[of]);
        return least <= factor ? [] : [problem(name, least, `at most ${of} (${factor})`)];
      }),
    ];
  }),
];
