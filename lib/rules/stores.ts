/** Rules about the retention of data, and the order in which its containers are created. */
import { RETAINING } from '../templates';
import { typesWhere } from './resource-types';
import { type AppTemplates, type Finding, listOf, type Located, property, type Rule } from './rule';

/** CloudFormation's default is Delete. L1 constructs set no policy, L2 constructs set only DeletionPolicy. */
const removalDecided: Rule = {
  name: 'removal-decided',
  check: (app) =>
    app.resources(...typesWhere(({ state }) => state !== undefined)).flatMap((at) =>
      (['DeletionPolicy', 'UpdateReplacePolicy'] as const)
        .filter((policy) => at.resource[policy] === undefined)
        .map((policy) => ({
          at,
          location: policy,
          message: `${at.resource.Type} must have ${policy}: without it, CloudFormation deletes the data`,
        })),
    ),
};

/** A stated policy may be the wrong one: data must be retained if the configuration says so. */
const dataRetained: Rule = {
  name: 'data-retained',
  check: (app, { removal }) =>
    removal !== 'retain'
      ? []
      : app.resources(...typesWhere(({ state }) => state === 'data')).flatMap((at) =>
          (['DeletionPolicy', 'UpdateReplacePolicy'] as const)
            .filter((policy) => !RETAINING.includes(String(at.resource[policy])))
            .map((policy) => ({
              at,
              location: policy,
              message: `${policy} must be ${RETAINING.join(' or ')} where removal is retain, got ${String(at.resource[policy])}`,
            })),
        ),
};

const logRetention: Rule = {
  name: 'log-retention',
  check: (app) =>
    app
      .resources('AWS::Logs::LogGroup')
      .filter(({ properties }) => properties['RetentionInDays'] === undefined)
      .map((at) => ({
        at,
        location: 'Properties.RetentionInDays',
        message: 'a log group must have RetentionInDays, got nothing: logs would be stored and billed indefinitely',
      })),
};

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

const containerFirst: Rule = {
  name: 'container-first',
  check: (app) =>
    CONTAINERS.flatMap(({ type, key, container, name }) =>
      app
        .resources(type)
        .filter(({ properties }) => typeof properties[key] === 'string')
        .flatMap((at): Finding[] => {
          const found = app.resources(container).find((each) => name(each) === at.properties[key]);
          if (!found) {
            return [
              {
                at,
                location: `Properties.${key}`,
                message: `${key} must name a ${container} of this app, got '${String(at.properties[key])}'`,
              },
            ];
          }
          return found.stack !== at.stack || listOf(at.resource.DependsOn).includes(found.id)
            ? []
            : [{ at, location: 'DependsOn', message: `${type} must depend on ${found.id}, which it names by text` }];
        }),
    ),
};

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

const uniqueNames: Rule = {
  name: 'unique-names',
  check: (app) => UNIQUE.flatMap(({ type, keys }) => repeated(app, type, keys)),
};

function repeated(app: AppTemplates, type: string, keys: readonly string[]): Finding[] {
  const last = keys[keys.length - 1];
  const seen = new Map<string, Located>();
  return app
    .resources(type)
    .filter((at) => property(at, last) !== undefined)
    .flatMap((at) => {
      const name = JSON.stringify(keys.map((key) => property(at, key)));
      const before = seen.get(name);
      seen.set(name, at);
      return before
        ? [
            {
              at,
              location: `Properties.${last}`,
              message: `${last} must be unique, got '${String(property(at, last))}' as in ${before.id}`,
            },
          ]
        : [];
    });
}

/** The least TTL of speed rows, as a multiple of the time that publishing may take. A check does not import what it checks. */
const TTL_FACTOR = 4;

/** The tables whose rows expire before `least` seconds are over. @param what the limit, for the message */
function expiringBefore(app: Parameters<Rule['check']>[0], least: number, what: string): ReturnType<Rule['check']> {
  return app
    .resources('AWS::Cassandra::Table')
    .filter(({ properties: { DefaultTimeToLive: ttl } }) => ttl !== undefined && Number(ttl) < least)
    .map((at) => ({
      at,
      location: 'Properties.DefaultTimeToLive',
      message: `DefaultTimeToLive must be at least ${what}, got ${String(at.properties['DefaultTimeToLive'])}`,
    }));
}

/** Rows that expire before their interval is published leave a hole in query results while the batch layer is late. */
const speedTtl: Rule = {
  name: 'speed-ttl',
  check: (app, config) => {
    const least = TTL_FACTOR * 60 * (config.intervalMinutes + config.publishDelayMinutes);
    return expiringBefore(app, least, `${TTL_FACTOR} × (interval + publish delay) = ${least} s`);
  },
};

/** Rows must outlive an outage of the batch layer, and the publishing of its last interval. */
const speedCoversOutage: Rule = {
  name: 'speed-covers-outage',
  check: (app, config) => {
    // The local run lives for hours.
    if (config.stage === 'local') return [];
    const least = config.outageHours * 3_600 + 60 * (config.intervalMinutes + config.publishDelayMinutes);
    return expiringBefore(app, least, `${least} s for an outage of ${config.outageHours} hours`);
  },
};

/**
 * S3 leaves objects under 128 KB where they are unless a rule states a size: a rule without one seems to move what it does not.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
 */
const transitionSize: Rule = {
  name: 'transition-size',
  check: (app) =>
    app.resources('AWS::S3::Bucket').flatMap((at) =>
      (listOf(property(at, 'LifecycleConfiguration.Rules')) as Readonly<Record<string, unknown>>[])
        .filter((rule) => ['Transition', 'NoncurrentVersionTransition'].some((key) => rule[key] ?? rule[`${key}s`]))
        .filter((rule) => rule['ObjectSizeGreaterThan'] === undefined)
        .map((rule) => ({
          at,
          location: 'Properties.LifecycleConfiguration',
          message: `rule ${String(rule['Id'])} must have ObjectSizeGreaterThan: without it S3 moves no object under 128 KB`,
        })),
    ),
};

export const STORE_RULES: readonly Rule[] = [
  removalDecided,
  dataRetained,
  logRetention,
  containerFirst,
  uniqueNames,
  speedTtl,
  speedCoversOutage,
  transitionSize,
];
