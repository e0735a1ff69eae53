/** The pipeline as boxes and arrows, read from the templates. */
import { locate, type Located } from '../../../lib/templates';
import { type Stack } from '../../assembly/cloud-assembly';
import { createResolver } from '../../assembly/intrinsics';
import { type Arrow } from './arrow';
import { grantedArrows, type Role } from './grants';

export type Kind = 'people' | 'api' | 'function' | 'topic' | 'bucket' | 'table' | 'spark' | 'airflow' | 'catalog';

export interface Box {
  readonly id: string;
  readonly kind: Kind;
  readonly title: string;
  /** Smaller lines below the title. */
  readonly lines: readonly string[];
  /** It has an interface in the VPC. */
  readonly inVpc?: true;
}

export interface Diagram {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

interface Resolved {
  readonly logicalId: string;
  readonly type: string;
  /** Physical id, as `Ref` gives it. */
  readonly ref: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Types whose properties are read. All others remain unresolved: the diagram does not need them. */
const READ = new Set([
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::Cassandra::Table',
  'AWS::EMRServerless::Application',
  'AWS::Glue::Table',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::MSK::Cluster',
  'AWS::MSK::Topic',
  'AWS::MWAA::Environment',
]);

/** Types whose physical id other resources name. */
const REFERRED = new Set([
  'AWS::ApiGatewayV2::Api',
  'AWS::EMRServerless::Application',
  'AWS::Lambda::Function',
  'AWS::MSK::Cluster',
  'AWS::MWAA::Environment',
]);

const PEOPLE: Readonly<Record<'clients' | 'readers', Box>> = {
  clients: { id: 'clients', kind: 'people', title: 'clients', lines: ['send posts'] },
  readers: { id: 'readers', kind: 'people', title: 'readers', lines: ['query views'] },
};

/** @throws Error if a template refers to something that does not exist */
export function modelOf(stacks: readonly Stack[]): Diagram {
  const all = resolvedResources(stacks);
  const of = (type: string) => all.filter((each) => each.type === type);
  const functions = of('AWS::Lambda::Function').filter((each) => !servesCloudFormation(each, stacks));
  const roles: Role[] = [
    ...functions.map((each) => ({ owner: each.ref, role: nameIn(text(each, 'Role')) })),
    ...of('AWS::MWAA::Environment').map((each) => ({ owner: each.ref, role: nameIn(text(each, 'ExecutionRoleArn')) })),
    ...sparkRoles(stacks, of('AWS::EMRServerless::Application')),
  ];
  const granted = grantedArrows(policiesOf(stacks, roles), roles);
  const apis = of('AWS::ApiGatewayV2::Api').map((api) => apiOf(api, of('AWS::ApiGatewayV2::Route')));
  const arrows: Arrow[] = [
    ...apis.flatMap(({ box, reads }) => apiArrows(box.id, reads, of('AWS::ApiGatewayV2::Integration'), functions)),
    ...of('AWS::Lambda::EventSourceMapping').flatMap(sourceArrows),
    ...of('AWS::Glue::Table').map((table) => catalogArrow(table)),
    ...granted.arrows,
  ];
  const boxes: Box[] = [
    ...Object.values(PEOPLE),
    ...apis.map(({ box }) => box),
    ...functions.map(functionBox),
    ...of('AWS::MSK::Topic').map((topic) => topicBox(topic, of('AWS::MSK::Cluster'))),
    ...of('AWS::Cassandra::Table').map(tableBox),
    ...of('AWS::EMRServerless::Application').map(sparkBox),
    ...of('AWS::MWAA::Environment').map(airflowBox),
    ...of('AWS::Glue::Table').map(catalogBox),
    ...granted.prefixes.map((id): Box => ({ id, kind: 'bucket', title: `S3 ${id.slice('s3:'.length)}`, lines: [] })),
  ];
  const known = new Set(boxes.map(({ id }) => id));
  const drawn = unique(arrows.filter(({ from, to }) => known.has(from) && known.has(to)));
  const touched = new Set(drawn.flatMap(({ from, to }) => [from, to]));
  return { boxes: boxes.filter(({ id }) => touched.has(id)), arrows: drawn };
}

function resolvedResources(stacks: readonly Stack[]): Resolved[] {
  const resolver = createResolver(stacks);
  return locate(stacks)
    .filter(({ resource }) => READ.has(resource.Type))
    .map(({ stack, id, resource: { Type }, properties }) => ({
      ...{ logicalId: id, type: Type },
      // Some types have none before they are deployed.
      ref: REFERRED.has(Type) ? resolver.ref(stack, id) : id,
      properties: resolver.resolve(stack, properties, id) as Resolved['properties'],
    }));
}

/** Policies of the given roles only: the resources in other policies may have no id before they are deployed. */
function policiesOf(stacks: readonly Stack[], roles: readonly Role[]): Resolved['properties'][] {
  const resolver = createResolver(stacks);
  return locate(stacks)
    .filter(({ stack, id, resource, properties }) => {
      if (!['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].includes(resource.Type)) return false;
      const names = resolver.resolve(stack, properties.Roles ?? [], id) as readonly string[];
      return roles.some(({ role }) => names.includes(role));
    })
    .map(({ stack, id, properties }) => resolver.resolve(stack, properties, id) as Resolved['properties']);
}

/** A property by which a resource is placed in subnets. */
const inVpc = ({ properties }: Resolved): { readonly inVpc?: true } =>
  ['VpcConfig', 'NetworkConfiguration', 'BrokerNodeGroupInfo'].some((name) => properties[name] !== undefined)
    ? { inVpc: true }
    : {};

const text = ({ properties }: Resolved, name: string): string => String(properties[name] ?? '');
const nameIn = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);
const unique = (arrows: readonly Arrow[]): Arrow[] => [
  ...new Map(arrows.map((arrow) => [`${arrow.from} ${arrow.to}`, arrow])).values(),
];

/** Custom resources name their function; that function is not a step of the pipeline. */
function servesCloudFormation({ logicalId }: Resolved, stacks: readonly Stack[]): boolean {
  const tokens = locate(stacks).map(({ properties }) => JSON.stringify(properties.ServiceToken ?? null));
  return tokens.some((token) => token.includes(`"${logicalId}"`));
}

/** The application does not name the role of its jobs; the role trusts the service. */
function sparkRoles(stacks: readonly Stack[], applications: readonly Resolved[]): Role[] {
  const resolver = createResolver(stacks);
  const trusts = ({ resource, properties }: Located<Stack>) =>
    resource.Type === 'AWS::IAM::Role' && JSON.stringify(properties).includes('"emr-serverless.amazonaws.com"');
  const found = locate(stacks)
    .filter(trusts)
    .map(({ stack, id }) => resolver.ref(stack, id));
  return applications.flatMap(({ ref }) => found.map((role) => ({ owner: ref, role })));
}

function apiOf(api: Resolved, routes: readonly Resolved[]): { readonly box: Box; readonly reads: boolean } {
  const keys = routes
    .filter((route) => text(route, 'ApiId') === api.ref)
    .map((route) => text(route, 'RouteKey'))
    .filter((key) => key.endsWith(' /') || !key.endsWith('/'));
  const title = text(api, 'Description').split(': ').at(-1) || api.logicalId;
  return {
    box: { id: api.ref, kind: 'api', title: `HTTP API: ${title}`, lines: keys },
    reads: keys.every((key) => key.startsWith('GET ')),
  };
}

/** Arrows follow the data: in through an API that accepts posts, out through one that only reads. */
function apiArrows(
  api: string,
  reads: boolean,
  integrations: readonly Resolved[],
  functions: readonly Resolved[],
): Arrow[] {
  const uris = integrations.filter((each) => text(each, 'ApiId') === api).map((each) => text(each, 'IntegrationUri'));
  const behind = functions.filter(({ ref }) => uris.some((uri) => uri.endsWith(`:function:${ref}`)));
  const data = (from: string, to: string): Arrow => ({ from, to, kind: 'data' });
  return behind.flatMap(({ ref }) =>
    reads ? [data(ref, api), data(api, PEOPLE.readers.id)] : [data(PEOPLE.clients.id, api), data(api, ref)],
  );
}

function sourceArrows(source: Resolved): Arrow[] {
  const topics = source.properties.Topics as readonly string[];
  return topics.map((topic) => ({ from: topicId(topic), to: text(source, 'FunctionName'), kind: 'data' }));
}

const topicId = (name: string) => `topic:${name}`;

function topicBox(topic: Resolved, clusters: readonly Resolved[]): Box {
  const cluster = clusters.find(({ ref }) => ref === text(topic, 'ClusterArn'));
  const nodes = cluster?.properties.BrokerNodeGroupInfo as { InstanceType: string } | undefined;
  return {
    ...{ id: topicId(text(topic, 'TopicName')), kind: 'topic', title: `Kafka topic ${text(topic, 'TopicName')}` },
    ...(cluster && inVpc(cluster)),
    lines: [
      `${text(topic, 'PartitionCount')} partitions, ${text(topic, 'ReplicationFactor')} replicas`,
      `MSK: ${cluster ? text(cluster, 'NumberOfBrokerNodes') : '?'} × ${nodes?.InstanceType ?? '?'}`,
    ],
  };
}

function functionBox(fn: Resolved): Box {
  const name = fn.logicalId.replace(/^Steps/, '').replace(/Function[0-9A-F]{8}$/, '');
  return {
    id: fn.ref,
    kind: 'function',
    title: `${name.toLowerCase()} λ`,
    lines: [text(fn, 'Description')],
    ...inVpc(fn),
  };
}

function tableBox(table: Resolved): Box {
  const name = text(table, 'TableName');
  return { id: `table:${name}`, kind: 'table', title: `Keyspaces ${name}`, lines: [] };
}

function sparkBox(application: Resolved): Box {
  const { Cpu } = application.properties.MaximumCapacity as { Cpu: string };
  return {
    ...{ id: application.ref, kind: 'spark', title: 'Spark' },
    ...inVpc(application),
    lines: [`EMR Serverless, ${text(application, 'ReleaseLabel')}`, `at most ${Cpu}`],
  };
}

function airflowBox(environment: Resolved): Box {
  const lines = [`MWAA, ${text(environment, 'EnvironmentClass')}`, 'runs the steps of each interval'];
  return { id: environment.ref, kind: 'airflow', title: 'Airflow', lines, ...inVpc(environment) };
}

function catalogBox(table: Resolved): Box {
  const { Name } = table.properties.TableInput as { Name: string };
  return { id: `glue:${Name}`, kind: 'catalog', title: `Glue table ${Name}`, lines: ['for Athena'] };
}

/** The first folder of its location: the posts of all intervals are below it. */
function catalogArrow(table: Resolved): Arrow {
  const { Name, StorageDescriptor } = table.properties.TableInput as {
    Name: string;
    StorageDescriptor: { Location: string };
  };
  const prefix = new URL(StorageDescriptor.Location).pathname.split('/')[1];
  return { from: `s3:${prefix}/`, to: `glue:${Name}`, kind: 'data' };
}
