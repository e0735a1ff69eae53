import { CLUSTER, TOPIC, set, type Mutate, type Mutations } from './mutation';

/** Sets a property of the topic, or removes it. */
const topicProperty =
  (name: string, value?: number): Mutate =>
  (d) => {
    const before = Buffer.from(String(d.find(TOPIC).Properties.Configs), 'base64').toString();
    const others = before.split('\n').filter((each) => !each.startsWith(`${name}=`));
    const lines = value === undefined ? others : [...others, `${name}=${value}`];
    d.set(TOPIC, '', 'Configs', Buffer.from(lines.join('\n')).toString('base64'));
  };

const VOLUME = 'BrokerNodeGroupInfo.StorageInfo.EBSStorageInfo.VolumeSize';

export const KAFKA: Mutations = [
  ...(
    ['message.timestamp.type=CreateTime', 'cleanup.policy=compact', 'unclean.leader.election.enable=true'] as const
  ).map((line): Mutations[number] => [
    `a topic with ${line}`,
    'topic-log at KafkaPosts',
    (d) => {
      const before = Buffer.from(String(d.find(TOPIC).Properties.Configs), 'base64').toString();
      const others = before.split('\n').filter((each) => !each.startsWith(line.split('=')[0]));
      d.set(TOPIC, '', 'Configs', Buffer.from([...others, line].join('\n')).toString('base64'));
    },
  ]),
  ['a topic that ends by time alone', 'topic-fits-volume at KafkaPosts', topicProperty('retention.bytes')],
  ['segments of a size that is not set', 'topic-fits-volume at KafkaPosts', topicProperty('segment.bytes')],
  // 6 replicas on each broker of 20 GiB.
  ['more bytes than a volume has', 'topic-fits-volume at KafkaPosts', topicProperty('retention.bytes', 3 * 1024 ** 3)],
  ['large segments on a small volume', 'topic-fits-volume at KafkaPosts', topicProperty('segment.bytes', 1024 ** 3)],
  ['volumes smaller than the topic', 'topic-fits-volume at KafkaPosts', set(CLUSTER, '', VOLUME, 10)],
  ['more partitions on the same volumes', 'topic-fits-volume at KafkaPosts', set(TOPIC, '', 'PartitionCount', 12)],
  [
    'two days of an outage of two days',
    'topic-covers-outage at KafkaPosts',
    topicProperty('retention.ms', 172_800_000),
  ],
  ['bytes of a shorter outage', 'topic-covers-outage at KafkaPosts', topicProperty('retention.bytes', 200_000_000)],
  ['no storage', 'F3034 at KafkaCluster, topic-fits-volume at KafkaPosts', set(CLUSTER, '', VOLUME, 0)],
  ['monitoring that does not exist', 'W3030 at KafkaCluster', set(CLUSTER, '', 'EnhancedMonitoring', 'PER_TOPIC')],
  [
    'TLS12 between clients and brokers',
    'W3030 at KafkaCluster',
    set(CLUSTER, '', 'EncryptionInfo.EncryptionInTransit.ClientBroker', 'TLS12'),
  ],
  [
    'properties of a topic as plain text',
    'topic-properties at KafkaPosts, topic-log at KafkaPosts, topic-fits-volume at KafkaPosts',
    set(TOPIC, '', 'Configs', 'retention.ms=1'),
  ],
  ['a topic without partitions', 'F3034 at KafkaPosts', set(TOPIC, '', 'PartitionCount', 0)],
  [
    'a mistyped property of a topic',
    'topic-properties at KafkaPosts, topic-log at KafkaPosts, topic-fits-volume at KafkaPosts',
    set(TOPIC, '', 'Configs', Buffer.from('retention.mss=1').toString('base64')),
  ],
  [
    'a dependency on nothing',
    'E3005 at KafkaPosts',
    (d) => {
      d.find(TOPIC).DependsOn = ['Nothing'];
    },
  ],
  [
    'unauthenticated clients',
    'MSK_STRANGERS at KafkaCluster',
    set(CLUSTER, '', 'ClientAuthentication.Unauthenticated', { Enabled: true }),
  ],
  [
    'brokers without IAM',
    'MSK_IAM at KafkaCluster',
    set(CLUSTER, '', 'ClientAuthentication.Sasl', { Scram: { Enabled: true } }),
  ],
  [
    'brokers on the internet',
    'MSK_PUBLIC at KafkaCluster',
    set(CLUSTER, '', 'BrokerNodeGroupInfo.ConnectivityInfo', { PublicAccess: { Type: 'SERVICE_PROVIDED_EIPS' } }),
  ],
];
