/** Rules about the retention of data, and the order in which its containers are created. */
import { type PipelineConfig } from '../config';
import { RETAINING } from '../templates';
import { typesWhere } from './resource-types';
import { type AppTemplates, listOf, type Located, type Problem, property, type Rule, ruleOn, when } from './rule';

const POLICIES = ['DeletionPolicy', 'UpdateReplacePolicy'] as const;

/** Types that name their container by text, from which CloudFormation derives no order. */
const CONTAINERS: readonly { type: string; key: string; container: string; name: (at: Located) => unknown }[] = [
  {
    type: 'AWS::Cassandra::Table',
    key: 'KeyspaceName',
    container: 'AWS::Cassandra::Keyspace',
    name: ({ properties }) => properties['KeyspaceName'],
  },
  {
    type: 'AWS::Glue::Table',
    key: 'DatabaseName',
    container: 'AWS::Glue::Database',
    name: ({ properties }) => (properties['DatabaseInput'] as { Name?: unknown } | undefined)?.Name,
  },
];

/** Names that must be unique: the deployment fails at the second resource, after the first was created. */
const UNIQUE: readonly { type: string; keys: readonly string[] }[] = [
  { type: 'AWS::MSK::Topic', keys: ['ClusterArn', 'TopicName'] },
  { type: 'AWS::MSK::Cluster', keys: ['ClusterName'] },
  { type: 'AWS::Cassandra::Keyspace', keys: ['KeyspaceName'] },
  { type: 'AWS::Cassandra::Table', keys: ['KeyspaceName', 'TableName'] },
  { type: 'AWS::Logs::LogGroup', keys: ['LogGroupName'] },
  { type: 'AWS::MWAA::Environment', keys: ['Name'] },
  { type: 'AWS::ApiGatewayV2::Route', keys: ['ApiId', 'RouteKey'] },
  // Two sources in one consumer group share the partitions: each function gets a part of the records.
  {
    type: 'AWS::Lambda::EventSourceMapping',
    keys: ['EventSourceArn', 'AmazonManagedKafkaEventSourceConfig.ConsumerGroupId'],
  },
];

/** The first of the resources that have the same name as this one, if it is another. */
function sameName(app: AppTemplates, at: Located, keys: readonly string[]): Located | undefined {
  const nameOf = (each: Located) => JSON.stringify(keys.map((key) => property(each, key)));
  const first = app.resources(at.resource.Type).find((each) => nameOf(each) === nameOf(at));
  return first === at ? undefined : first;
}

/** The least TTL of speed rows, as a multiple of the time that publishing may take. A check does not import what it checks. */
const TTL_FACTOR = 4;

/** Seconds from the start of an interval to its publication. */
export const secondsToPublish = (config: PipelineConfig) => 60 * (config.intervalMinutes + config.publishDelayMinutes);

/** A table whose rows expire before `least` seconds are over. @param what the limit, for the message */
function expiresBefore({ properties: { DefaultTimeToLive: ttl } }: Located, least: number, what: string) {
  const message = `DefaultTimeToLive must be at least ${what}, got ${String(ttl)}`;
  return when(Number(ttl) < least, 'DefaultTimeToLive', message);
}

export const STORE_RULES: readonly Rule[] = [
  /** CloudFormation's default is Delete. L1 constructs set no policy, L2 constructs set only DeletionPolicy. */
  ruleOn(
    'removal-decided',
    typesWhere(({ state }) => state !== undefined),
    ({ resource }) =>
      POLICIES.filter((policy) => resource[policy] === undefined).map((policy) => [
        policy,
        `${resource.Type} must have ${policy}: without it, CloudFormation deletes the data`,
      ]),
  ),

  /** A stated policy may be the wrong one: data must be retained if the configuration says so. */
  ruleOn(
    'data-retained',
    typesWhere(({ state }) => state === 'data'),
    ({ resource }, _, { removal }) =>
      POLICIES.filter((policy) => removal === 'retain' && !RETAINING.includes(String(resource[policy]))).map(
        (policy) => [
          policy,
          `${policy} must be ${RETAINING.join(' or ')} where removal is retain, got ${String(resource[policy])}`,
        ],
      ),
  ),

  ruleOn('log-retention', 'AWS::Logs::LogGroup', ({ properties }) =>
    when(
      properties['RetentionInDays'] === undefined,
      'RetentionInDays',
      'a log group must have RetentionInDays, got nothing: logs would be stored and billed indefinitely',
    ),
  ),

  ruleOn(
    'container-first',
    CONTAINERS.map(({ type }) => type),
    (at, app): readonly Problem[] => {
      const { type, key, container, name } = CONTAINERS.find((each) => each.type === at.resource.Type)!;
      const named = at.properties[key];
      if (typeof named !== 'string') return [];
      const found = app.resources(container).find((each) => name(each) === named);
      if (!found) return [[key, `${key} must name a ${container} of this app, got '${named}'`]];
      const ordered = found.stack !== at.stack || listOf(at.resource.DependsOn).includes(found.id);
      return when(!ordered, 'DependsOn', `${type} must depend on ${found.id}, which it names by text`);
    },
  ),

  ruleOn(
    'unique-names',
    UNIQUE.map(({ type }) => type),
    (at, app) => {
      const { keys } = UNIQUE.find(({ type }) => type === at.resource.Type)!;
      const last = keys[keys.length - 1];
      const name = property(at, last);
      const before = name === undefined ? undefined : sameName(app, at, keys);
      return before ? [[last, `${last} must be unique, got '${String(name)}' as in ${before.id}`]] : [];
    },
  ),

  /** Rows that expire before their interval is published leave a hole in query results while the batch layer is late. */
  ruleOn('speed-ttl', 'AWS::Cassandra::Table', (at, _, config) => {
    const least = TTL_FACTOR * secondsToPublish(config);
    return expiresBefore(at, least, `${TTL_FACTOR} × (interval + publish delay) = ${least} s`);
  }),

  /** Rows must outlive an outage of the batch layer, and the publishing of its last interval. */
  ruleOn('speed-covers-outage', 'AWS::Cassandra::Table', (at, _, config) => {
    // The local run lives for hours.
    if (config.stage === 'local') return [];
    const least = config.outageHours * 3_600 + secondsToPublish(config);
    return expiresBefore(at, least, `${least} s for an outage of ${config.outageHours} hours`);
  }),

  /**
   * S3 leaves objects under 128 KB where they are unless a rule states a size: a rule without one seems to move what it does not.
   * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
   */
  ruleOn('transition-size', 'AWS::S3::Bucket', (at) =>
    (listOf(property(at, 'LifecycleConfiguration.Rules')) as Readonly<Record<string, unknown>>[])
      .filter((rule) => ['Transition', 'NoncurrentVersionTransition'].some((key) => rule[key] ?? rule[`${key}s`]))
      .filter((rule) => rule['ObjectSizeGreaterThan'] === undefined)
      .map((rule) => [
        'LifecycleConfiguration',
        `rule ${String(rule['Id'])} must have ObjectSizeGreaterThan: without it S3 moves no object under 128 KB`,
      ]),
  ),
];
