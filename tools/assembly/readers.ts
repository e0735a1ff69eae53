/** One reader for each part of the plan, from resolved properties. A property that the local run does not implement is an error. */
import { type TableProperties } from '../engines';
import { type CloudAssembly } from './cloud-assembly';
import { assetDirectory, type Found, number, rejectSet, type Resources, text } from './found';
import { type DeploymentPlan, type LocalPlan } from './local-plan';
import { readAlarms, readCompositeAlarms, readDashboards } from './read-alarms';
import { readEventSources } from './read-event-sources';
import { readFunctions } from './read-functions';
import { readHttpApis } from './read-http-apis';
import { readSchedules } from './read-schedules';

interface MarkersConfig {
  readonly jsonEscape?: string;
  readonly markerEncodings?: Readonly<Record<string, string>>;
}

/** The replacement of each marker, as in the deployment's handler: literal, or as the inside of a JSON string. */
function replacements(
  found: Found,
  markers: Readonly<Record<string, unknown>> = {},
  config: MarkersConfig = {},
): Record<string, string> {
  const byDefault = config.jsonEscape === 'true' ? 'UNQUOTED_JSON_VALUE' : 'LITERAL';
  return Object.fromEntries(
    Object.entries(markers).map(([marker, value]) => {
      const encoding = config.markerEncodings?.[marker] ?? byDefault;
      if (encoding === 'LITERAL') return [marker, String(value)];
      if (encoding === 'UNQUOTED_JSON_VALUE') {
        const json = JSON.stringify(value);
        return [marker, typeof value === 'string' ? json.slice(1, -1) : json];
      }
      throw new Error(`${found.path}: the local run does not implement the marker encoding '${encoding}'`);
    }),
  );
}

function deployment(found: Found, assembly: CloudAssembly): Omit<DeploymentPlan, 'path'> {
  rejectSet(found, ['Exclude', 'Include']);
  if (String(found.property('Extract') ?? 'true') !== 'true') {
    throw new Error(`${found.path}: the local run only deploys extracted archives, Extract is false`);
  }
  const markers = (found.property('SourceMarkers') ?? []) as Record<string, unknown>[];
  const configs = (found.property('SourceMarkersConfig') ?? []) as MarkersConfig[];
  const keys = (found.property('SourceObjectKeys') ?? []) as unknown[];
  return {
    bucket: text(found, 'DestinationBucketName'),
    prefix: String(found.property('DestinationBucketKeyPrefix') ?? '').replace(/^\/|\/$/g, ''),
    sources: keys.map((key, i) => ({
      directory: assetDirectory(found, assembly, key),
      markers: replacements(found, markers[i], configs[i]),
    })),
  };
}

/** Topic configs in MSK's format: the text of a properties file, base64. */
export function topicConfigs(path: string, encoded: string): Record<string, string> {
  const lines = Buffer.from(encoded, 'base64').toString('utf8').split('\n');
  const entries = lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const match = /^([\w.]+)\s*=\s*(.*)$/.exec(line);
      if (!match) throw new Error(`${path}: Configs must be lines of key=value, got '${line.slice(0, 80)}'`);
      return [match[1], match[2]] as const;
    });
  return Object.fromEntries(entries);
}

function table(found: Found) {
  const [keyspace, name] = found.ref().split('|');
  const given = Object.keys(found.resource.Properties ?? {}).map((key) => [key, found.property(key)]);
  const properties = { ...Object.fromEntries(given), KeyspaceName: keyspace, TableName: name } as TableProperties;
  if (!Array.isArray(properties.PartitionKeyColumns)) throw new Error(`${found.path}: PartitionKeyColumns must be set`);
  return { keyspace, name, properties };
}

interface TrustPolicy {
  readonly Statement?: readonly { readonly Principal?: { readonly Service?: string | readonly string[] } }[];
}

function jobRoles(all: Resources): string[] {
  const trusts = (found: Found) =>
    ((found.property('AssumeRolePolicyDocument') ?? {}) as TrustPolicy).Statement?.some(({ Principal }) =>
      [Principal?.Service ?? []].flat().includes('emr-serverless.amazonaws.com'),
    );
  return all
    .ofType('AWS::IAM::Role')
    .filter(trusts)
    .map((found) => found.attribute('Arn'));
}

type Part = Exclude<keyof LocalPlan, 'outputs' | 'ignored'>;

/** A reader of each resource of a type. */
const each =
  <T>(type: string, read: (found: Found, assembly: CloudAssembly) => T) =>
  (all: Resources, assembly: CloudAssembly) =>
    all.ofType(type).map((found) => ({ path: found.path, ...read(found, assembly) }));

/** The readers by the part of the plan that they fill. */
export const READERS: { readonly [P in Part]: (all: Resources, assembly: CloudAssembly) => LocalPlan[P] } = {
  buckets: each('AWS::S3::Bucket', (found) => ({ name: found.ref() })),
  deployments: each('Custom::CDKBucketDeployment', deployment),
  clusters: each('AWS::MSK::Cluster', (found) => ({ arn: found.attribute('Arn') })),
  topics: each('AWS::MSK::Topic', (found) => ({
    clusterArn: text(found, 'ClusterArn'),
    name: text(found, 'TopicName'),
    partitions: number(found, 'PartitionCount'),
    replicationFactor: number(found, 'ReplicationFactor'),
    configs: topicConfigs(found.path, String(found.property('Configs') ?? '')),
  })),
  keyspaces: each('AWS::Cassandra::Keyspace', (found) => ({ name: found.ref() })),
  tables: each('AWS::Cassandra::Table', table),
  functions: readFunctions,
  eventSources: readEventSources,
  schedules: readSchedules,
  apis: readHttpApis,
  applications: each('AWS::EMRServerless::Application', (found) => ({
    id: found.ref(),
    arn: found.attribute('Arn'),
    name: text(found, 'Name', found.logicalId),
    releaseLabel: text(found, 'ReleaseLabel'),
  })),
  jobRoles,
  environments: each('AWS::MWAA::Environment', (found) => ({
    name: found.ref(),
    bucket: text(found, 'SourceBucketArn').replace(/^arn:[^:]*:s3:::/, ''),
    dagPath: text(found, 'DagS3Path').replace(/^\/|\/$/g, ''),
    configuration: Object.fromEntries(
      Object.entries((found.property('AirflowConfigurationOptions') ?? {}) as Record<string, unknown>).map(
        ([key, value]) => [key, String(value)],
      ),
    ),
    executionRole: text(found, 'ExecutionRoleArn'),
  })),
  alarms: readAlarms,
  compositeAlarms: readCompositeAlarms,
  dashboards: readDashboards,
};
