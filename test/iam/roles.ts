/** The roles of the synthesized templates, resolved with generated ARNs and simulated. */
import { runSimulation, type Simulation } from '@cloud-copilot/iam-simulate';
import { resourceType } from '../../lib/rules/resource-types';
import { locate, type Located } from '../../lib/templates';
import { type Stack } from '../../tools/assembly/cloud-assembly';
import { createResolver } from '../../tools/assembly/intrinsics';
import { ACCOUNT, PARTITION, REGION } from '../../tools/assembly/local-account';
import { type Templates } from '../support/synth';
import { type Caller, CALLERS, functionOf, FUNCTIONS, ROLES } from './callers';

/**
 * Actions without a resource in the service authorization reference that do accept one: AWS's own policies for Firehose and MSK
 * Connect, and CDK's for its look-up of brokers, name the cluster. The simulator follows the reference, so they are simulated as
 * another action of the same resource.
 */
const SIMULATED_AS: Readonly<Record<string, string>> = { 'kafka:GetBootstrapBrokers': 'kafka:DescribeCluster' };
const simulatedAs = (action: string) => SIMULATED_AS[action] ?? action;

/** A call of AWS; resources as the templates name them, see `recorded-calls.json`. */
export interface Call {
  readonly caller: Caller;
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
  /** Made by an AWS service with the role. @default - by the program that runs with the role */
  readonly by?: 'service';
}

/** A statement of a role's policies, split into one action and one resource. */
export interface Grant {
  readonly caller: Caller;
  readonly effect: 'Allow' | 'Deny';
  readonly action: string;
  /** The resolved ARN, with the wildcards of the policy. */
  readonly resource: string;
  /** Whether the grant covers everything except `resource`. */
  readonly allBut?: true;
  readonly condition?: unknown;
}

export type Decision = 'Allowed' | 'ImplicitlyDenied' | 'ExplicitlyDenied';

export interface Roles {
  readonly grants: readonly Grant[];
  /** Logical ids, without hash, of all roles, with the services and accounts that may assume each. */
  readonly all: Readonly<Record<string, readonly string[]>>;
  /** Logical ids, without hash, of the role of each function, Airflow's environment or workflow, and Grafana. */
  readonly taken: Readonly<Record<string, string>>;
  /**
   * Roles that are not simulated, for the reason in the table of resource types: those that CDK creates for custom resources, and
   * those without any permission.
   */
  readonly notSimulated: readonly string[];
  /** Roles with inline or AWS-managed policies, which {@link grants} does not contain. */
  readonly elsewhere: readonly string[];
  /** ARNs of the assets that each upload copies and that Grafana's function reads. */
  readonly assets: Readonly<Partial<Record<Caller, readonly string[]>>>;
  /** Services that the policies of the topics let publish. */
  readonly publishers: readonly string[];
  /** The ARN of a call's resource. */
  arn(resource: string): string;
  /** Whether the templates have a call's resource. */
  has(resource: string): boolean;
  /**
   * The decision of IAM, with the templates' policies of bucket, topic and VPC endpoint.
   * @param grants replace those of the templates
   */
  simulate(call: Call, grants?: readonly Grant[]): Promise<Decision>;
  /** The decision on a call of a service on its own behalf: by the policy of the topic or key alone. */
  simulateService(service: string, call: Omit<Call, 'caller'>): Promise<Decision>;
}

/** A reference to a resource of the templates in a call's resource. */
const REFERENCE = /\{(\w+)(?:\.(\w+))?\}/g;

const bare = (logicalId: string) => logicalId.replace(/[0-9A-F]{8}$/, '');
const list = <T>(value: T | readonly T[] | undefined): T[] => (value === undefined ? [] : ([value].flat() as T[]));

const objectArn = (bucket: string, key: string) => `arn:${PARTITION}:s3:::${bucket}/${key}`;

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | string[];
  readonly Resource?: string | string[];
  readonly NotResource?: string | string[];
  readonly Condition?: unknown;
}

export function rolesOf({ config, network, storage, processing, orchestration, observability }: Templates): Roles {
  const stacks: Stack[] = Object.entries({ network, storage, processing, orchestration, observability }).map(
    ([id, template]) => ({
      name: `${config.project}-${config.stage}-${id}`,
      template: template.toJSON() as Stack['template'],
    }),
  );
  const resolver = createResolver(stacks);
  const all = locate(stacks);
  const ofType = (type: string) => all.filter(({ resource }) => resource.Type === type);
  const property = ({ stack, id, properties }: Located<Stack>, name: string) =>
    resolver.resolve(stack, properties[name], id);
  const trusted = (role: Located<Stack>): string[] => {
    const { Statement } = property(role, 'AssumeRolePolicyDocument') as {
      Statement: { Principal: string | Record<string, string | string[]> }[];
    };
    return Statement.flatMap(({ Principal }) =>
      typeof Principal === 'string' ? Principal : Object.values(Principal).flat(),
    );
  };
  const named = (id: string) => {
    const found = all.filter((each) => bare(each.id) === id);
    if (found.length !== 1) throw new Error(`expected one resource called ${id}, found ${found.length}`);
    return found[0];
  };

  const roles = new Map(ofType('AWS::IAM::Role').map((role) => [resolver.ref(role.stack, role.id), role]));
  const roleOfArn = (arn: unknown) => {
    const role = [...roles.values()].find((each) => resolver.attribute(each.stack, each.id, 'Arn') === arn);
    return role ? bare(role.id) : String(arn);
  };
  const callerOf = new Map<string, Caller>(CALLERS.map((caller) => [ROLES[caller], caller]));
  const policies = [...ofType('AWS::IAM::Policy'), ...ofType('AWS::IAM::ManagedPolicy')];
  const rolesWith = (policy: Located<Stack>) =>
    list(property(policy, 'Roles') as string[]).map((name) => bare(roles.get(name)!.id));
  const grants = policies.flatMap((policy) =>
    rolesWith(policy)
      .map((role) => callerOf.get(role))
      .filter((caller) => caller !== undefined)
      .flatMap((caller) =>
        (property(policy, 'PolicyDocument') as { Statement: Statement[] }).Statement.flatMap((statement) =>
          grantsOf(caller, statement),
        ),
      ),
  );
  const elsewhere = [...roles.values()]
    .filter((role) => list(property(role, 'ManagedPolicyArns')).length + list(property(role, 'Policies')).length > 0)
    .map(({ id }) => bare(id));
  const documents = (type: string) =>
    ofType(type)
      .map((each) => ({ each, document: property(each, 'PolicyDocument') }))
      .filter(({ document }) => document !== undefined);
  const bucketPolicies = new Map(
    documents('AWS::S3::BucketPolicy').map(({ each, document }) => [property(each, 'Bucket'), document]),
  );
  const topicPolicies = new Map(
    documents('AWS::SNS::TopicPolicy').flatMap(({ each, document }) =>
      (property(each, 'Topics') as string[]).map((topic) => [topic, document] as const),
    ),
  );
  const keyPolicies = new Map(
    ofType('AWS::KMS::Key').map((key) => [resolver.attribute(key.stack, key.id, 'Arn'), property(key, 'KeyPolicy')]),
  );
  const endpointPolicies = new Map(
    documents('AWS::EC2::VPCEndpoint').map(({ each, document }) => [
      String(property(each, 'ServiceName')).split('.').at(-1)!,
      document,
    ]),
  );

  const arns = new Map<string, string>();
  function arn(resource: string): string {
    const found = arns.get(resource) ?? resolved(resource);
    arns.set(resource, found);
    return found;
  }

  /** `keyspace/…`, or an ARN; in it `{Id.Attribute}`, `{Table}`, `REGION` and `ACCOUNT`. */
  function resolved(resource: string): string {
    if (resource.startsWith('keyspace/')) return `arn:${PARTITION}:cassandra:${REGION}:${ACCOUNT}:/${resource}`;
    return resource
      .replace('REGION', REGION)
      .replace('ACCOUNT', ACCOUNT)
      .replace(REFERENCE, (_, id: string, attribute: string) => referred(id, attribute));
  }

  function referred(id: string, attribute: string): string {
    const { stack, id: logicalId, resource } = named(id);
    if (resource.Type === 'AWS::Cassandra::Table') {
      const [keyspace, table] = resolver.ref(stack, logicalId).split('|');
      return arn(`keyspace/${keyspace}/table/${table}`);
    }
    // The ARN of a log group ends with a wildcard for the stream.
    return resolver.attribute(stack, logicalId, attribute).replace(/:\*$/, '');
  }

  const uploads = ofType('Custom::CDKBucketDeployment');
  const assetsOf = (caller: Caller) =>
    uploads
      .filter(({ id }) => id.startsWith(ROLES[caller].replace(/Role$/, '')))
      .flatMap((upload) => {
        const buckets = property(upload, 'SourceBucketNames') as string[];
        const keys = property(upload, 'SourceObjectKeys') as string[];
        return keys.map((key, at) => objectArn(buckets[at], key));
      });
  const grafanaContent = ofType('Custom::GrafanaContent').map((content) =>
    objectArn(String(property(content, 'ContentBucket')), String(property(content, 'ContentKey'))),
  );

  return {
    grants,
    publishers: [...topicPolicies.values()].flatMap((document) =>
      (document as { Statement: (Statement & { Principal: { Service?: string } })[] }).Statement.flatMap(
        ({ Principal: { Service } }) => list(Service),
      ),
    ),
    arn,
    has: (resource) => [...resource.matchAll(REFERENCE)].every(([, id]) => all.some((each) => bare(each.id) === id)),
    assets: {
      jobFiles: assetsOf('jobFiles'),
      dagFiles: assetsOf('dagFiles'),
      workflowFiles: assetsOf('workflowFiles'),
      grafanaContent,
    },
    all: Object.fromEntries([...roles.values()].map((role) => [bare(role.id), trusted(role)])),
    taken: Object.fromEntries(
      all.flatMap((each) => {
        const role = resourceType(each.resource.Type)?.role;
        return role === undefined ? [] : [[bare(each.id), roleOfArn(property(each, role))]];
      }),
    ),
    notSimulated: all.flatMap((each) => {
      const { notSimulated, role } = resourceType(each.resource.Type) ?? {};
      if (notSimulated === undefined) return [];
      if (role === undefined) return [`${each.resource.Type.replace('::', '')}CustomResourceProviderRole`];
      const taken = roleOfArn(property(each, role));
      return elsewhere.includes(taken) || policies.some((policy) => rolesWith(policy).includes(taken)) ? [] : [taken];
    }),
    elsewhere: elsewhere.filter((role) => callerOf.has(role)),
    async simulate(call, own = grants) {
      const role = named(ROLES[call.caller]);
      const service = call.action.split(':')[0];
      const resource = arn(call.resource);
      const bucket = service === 's3' ? resource.split(':::')[1]?.split('/')[0] : undefined;
      const endpoint = call.caller === 'airflow' ? undefined : endpointPolicies.get(service);
      const byCode = FUNCTIONS.includes(call.caller) && call.by !== 'service';
      const simulation: Simulation = {
        request: {
          principal: resolver.attribute(role.stack, role.id, 'Arn'),
          action: simulatedAs(call.action),
          resource: { resource, accountId: /^\d{12}$/.test(resource.split(':')[4]) ? resource.split(':')[4] : ACCOUNT },
          contextVariables: {
            'aws:SecureTransport': 'true',
            ...(byCode ? { 'lambda:SourceFunctionArn': arn(`{${functionOf(call.caller)}.Arn}`) } : {}),
            ...call.context,
          },
        },
        identityPolicies: policiesOf(call, own),
        serviceControlPolicies: [],
        resourceControlPolicies: [],
        resourcePolicy:
          bucketPolicies.get(bucket) ??
          topicPolicies.get(resource) ??
          keyPolicies.get(resource) ??
          (FOREIGN.includes(service) ? TRUSTS_ACCOUNT : undefined),
        vpcEndpointPolicies: endpoint === undefined ? undefined : [{ name: service, policy: endpoint }],
      };
      return decisionOf(call.caller, simulation);
    },
    simulateService(service, { action, resource: named, context }) {
      const resource = arn(named);
      return decisionOf(service, {
        request: {
          principal: service,
          action,
          resource: { resource, accountId: ACCOUNT },
          contextVariables: { 'aws:SecureTransport': 'true', ...context },
        },
        identityPolicies: [],
        serviceControlPolicies: [],
        resourceControlPolicies: [],
        resourcePolicy: topicPolicies.get(resource) ?? keyPolicies.get(resource),
      });
    },
  };
}

async function decisionOf(who: string, simulation: Simulation): Promise<Decision> {
  const result = await runSimulation(simulation, {});
  if (result.resultType === 'error') {
    const { action, resource } = simulation.request;
    throw new Error(`${who}: ${action} on ${resource.resource}: ${JSON.stringify(result.errors)}`);
  }
  return result.overallResult;
}

function grantsOf(caller: Caller, statement: Statement): Grant[] {
  const { Effect: effect, Condition: condition, Resource, NotResource } = statement;
  return list(statement.Action).flatMap((action) => [
    ...list(Resource).map((resource): Grant => ({ caller, effect, action, resource, condition })),
    ...list(NotResource).map((resource): Grant => ({ caller, effect, action, resource, allBut: true, condition })),
  ]);
}

/** The role's policy without statements on other actions: they decide nothing, and the simulator reads all of them each time. */
function policiesOf({ caller, action }: Call, grants: readonly Grant[]): Simulation['identityPolicies'] {
  const statements = grants
    .filter((grant) => grant.caller === caller && fits(action.toLowerCase(), grant.action.toLowerCase()))
    .map(({ effect, action: granted, resource, allBut, condition }) => ({
      Effect: effect,
      Action: simulatedAs(granted),
      [allBut ? 'NotResource' : 'Resource']: resource,
      ...(condition === undefined ? {} : { Condition: condition }),
    }));
  if (statements.length === 0) return [];
  return [{ name: ROLES[caller], policy: { Version: '2012-10-17', Statement: statements } }];
}

/** The resource policy of another account or of a key. It delegates the decision to the caller's policies. */
const TRUSTS_ACCOUNT = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: `arn:${PARTITION}:iam::${ACCOUNT}:root` }, Action: '*', Resource: '*' },
  ],
};
/** Services whose resources the pipeline uses in AWS's own accounts. */
const FOREIGN: readonly string[] = ['kms', 'sqs'];

/** Whether a text matches an IAM pattern with `*` and `?`. */
export function fits(text: string, pattern: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(text);
}

/** Whether a grant covers a call, without regard to its condition. */
export function covers(grant: Grant, call: Call, arn: string): boolean {
  return (
    grant.caller === call.caller &&
    fits(call.action.toLowerCase(), grant.action.toLowerCase()) &&
    fits(arn, grant.resource) !== (grant.allBut ?? false)
  );
}
