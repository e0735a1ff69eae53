/** What IAM decides about a call: action, resource and the condition keys that policies of this project use. */
import { GET_METRIC_DATA } from '../../../lambda/query/cloudwatch';
import { locate } from '../../../lib/templates';
import { type CloudAssembly } from '../../assembly/cloud-assembly';
import { createResolver } from '../../assembly/intrinsics';
import { type SeenCall } from './recorder';

/** One line of the recorded list. */
export interface RecordedCall {
  /** The step (`compact`), `spark` or `airflow`. */
  readonly caller: string;
  readonly action: string;
  /**
   * As in the template: `{LakeBucket.Arn}/raw/…`, logical ids without the hash at their end, digits of keys replaced by 0. A
   * table that is not in a template is `keyspace/system/table/local`.
   */
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** Maps names in calls to names in templates: bucket, function and application names, ARNs, `keyspace|table`. */
export interface TemplateNames {
  /** @throws Error if it is not in a template */
  of(physical: string): string;
  /** The only resource of a type. */
  only(type: string): string;
}

const bare = (logicalId: string) => logicalId.replace(/[0-9A-F]{8}$/, '');

const NAMED = [
  'AWS::S3::Bucket',
  'AWS::Lambda::Function',
  'AWS::MSK::Cluster',
  'AWS::MSK::Topic',
  'AWS::Cassandra::Table',
  'AWS::EMRServerless::Application',
  'AWS::IAM::Role',
];

export function templateNames({ stacks }: Pick<CloudAssembly, 'stacks'>): TemplateNames {
  const resolver = createResolver(stacks);
  const names = new Map<string, string>();
  const byType = new Map<string, string[]>();
  for (const { stack, id, resource } of locate(stacks)) {
    const { Type } = resource;
    if (!NAMED.includes(Type)) continue;
    const name = bare(id);
    byType.set(Type, [...(byType.get(Type) ?? []), name]);
    names.set(resolver.ref(stack, id), name);
    if (Type === 'AWS::IAM::Role') names.set(resolver.attribute(stack, id, 'Arn'), name);
  }
  return {
    of(physical) {
      const name = names.get(physical);
      if (name === undefined) throw new Error(`'${physical}' is called, but is not in a template`);
      return name;
    },
    only(type) {
      const [name, ...others] = byType.get(type) ?? [];
      if (name === undefined || others.length > 0) throw new Error(`expected one ${type}, got ${byType.get(type)}`);
      return name;
    },
  };
}

type IamCall = Omit<RecordedCall, 'caller'>;

/** @throws Error for a call whose action is unknown: it must be added here, not ignored */
export function recordedCalls(seen: readonly SeenCall[], names: TemplateNames): RecordedCall[] {
  const lines = new Map<string, RecordedCall>();
  for (const call of seen) {
    const caller = callerOf(call.caller, names);
    for (const iamCall of actionsOf(call, names)) {
      const recorded = { caller, ...iamCall };
      lines.set(JSON.stringify(recorded), recorded);
    }
  }
  return [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, recorded]) => recorded);
}

/** `StepsIngestFunction` → `ingest`, `CanaryFunction` → `canary` */
function callerOf(caller: string, names: TemplateNames): string {
  if (caller === 'spark' || caller === 'airflow') return caller;
  return names
    .of(caller)
    .replace(/^(?:Steps)?(.*)Function$/, '$1')
    .toLowerCase();
}

function actionsOf(call: SeenCall, names: TemplateNames): IamCall[] {
  switch (call.plane) {
    case 'kafka':
      return kafkaActions(call.api, names);
    case 'cql':
      return cqlActions(call.statement, names);
    case 'http':
      return call.service === 's3' ? s3Actions(call, names) : controlActions(call, names);
  }
}

type HttpCall = SeenCall & { readonly plane: 'http' };

const steady = (key: string) =>
  key
    .replace(/\d/g, '0')
    // All views are equivalent here.
    .replace(/^(views\/interval=[^/]+\/)[a-z0_]+\.json/, '$1view.json');

/**
 * For a missing key S3 returns 404 only if the caller may list the bucket, otherwise 403: such a read needs both permissions.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_RequestSyntax
 */
function s3Actions({ method, path, status, body = '' }: HttpCall, names: TemplateNames): IamCall[] {
  const url = new URL(path, 'http://s3');
  const [bucket, ...rest] = url.pathname.slice(1).split('/');
  const key = rest.map(decodeURIComponent).join('/');
  const arn = `{${names.of(bucket)}.Arn}`;
  const query = url.searchParams;
  const object = (action: string, name = key): IamCall => ({ action, resource: `${arn}/${steady(name)}` });
  const list: IamCall = { action: 's3:ListBucket', resource: arn };
  if (key !== '') {
    const upload = query.has('uploadId');
    switch (method) {
      case 'GET':
      case 'HEAD':
        if (query.has('tagging') || query.has('acl')) break;
        return status === 404 ? [object('s3:GetObject'), list] : [object('s3:GetObject')];
      case 'PUT':
        return [object('s3:PutObject')];
      case 'POST':
        if (upload || query.has('uploads')) return [object('s3:PutObject')];
        break;
      case 'DELETE':
        return [object(upload ? 's3:AbortMultipartUpload' : 's3:DeleteObject')];
    }
  } else if (method === 'GET' && query.has('list-type')) {
    return [{ ...list, context: { 's3:prefix': steady(query.get('prefix') ?? '') } }];
  } else if (method === 'HEAD') {
    return [list];
  } else if (method === 'POST' && query.has('delete')) {
    return [...body.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, name]) => object('s3:DeleteObject', name));
  }
  throw new Error(`no IAM action is known for S3's ${method} ${path}`);
}

function controlActions({ method, path, target, body }: HttpCall, names: TemplateNames): IamCall[] {
  // It has no resource-level permissions.
  if (target === GET_METRIC_DATA) return [{ action: 'cloudwatch:GetMetricData', resource: '*' }];
  const parts = new URL(path, 'http://aws').pathname.split('/').filter(Boolean).map(decodeURIComponent);
  if (parts[1] === 'functions' && parts[3] === 'invocations') {
    return [{ action: 'lambda:InvokeFunction', resource: `{${names.of(parts[2])}.Arn}` }];
  }
  if (parts[1] === 'clusters' && parts.at(-1) === 'bootstrap-brokers') {
    const arn = parts.slice(2, -1).join('/');
    return [{ action: 'kafka:GetBootstrapBrokers', resource: `{${names.of(arn)}.Arn}` }];
  }
  if (parts[0] === 'applications') {
    const application = `{${names.of(parts[1])}.Arn}`;
    const run = `${application}/jobruns/0`;
    switch (`${method} ${parts[2] ?? ''}${parts.length > 3 ? '/run' : ''}`) {
      case 'GET ':
        return [{ action: 'emr-serverless:GetApplication', resource: application }];
      case 'POST start':
        return [{ action: 'emr-serverless:StartApplication', resource: application }];
      case 'POST jobruns': {
        const { executionRoleArn } = JSON.parse(body ?? '{}') as { executionRoleArn: string };
        return [
          { action: 'emr-serverless:StartJobRun', resource: application },
          {
            action: 'iam:PassRole',
            resource: `{${names.of(executionRoleArn)}.Arn}`,
            context: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' },
          },
        ];
      }
      case 'GET jobruns/run':
        return [{ action: 'emr-serverless:GetJobRun', resource: run }];
      case 'DELETE jobruns/run':
        return [{ action: 'emr-serverless:CancelJobRun', resource: run }];
    }
  }
  throw new Error(`no IAM action is known for the control API's ${method} ${path}`);
}

/** @see https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html */
function kafkaActions(api: number, names: TemplateNames): IamCall[] {
  const cluster = `{${names.only('AWS::MSK::Cluster')}.Arn}`;
  const topic = `{${names.only('AWS::MSK::Topic')}.TopicArn}`;
  switch (api) {
    case 0: // Produce
      return [{ action: 'kafka-cluster:WriteData', resource: topic }];
    case 2: // ListOffsets
    case 3: // Metadata
      return [{ action: 'kafka-cluster:DescribeTopic', resource: topic }];
    case 1: // Fetch
      return [{ action: 'kafka-cluster:ReadData', resource: topic }];
    case 22: // InitProducerId
      return [{ action: 'kafka-cluster:WriteDataIdempotently', resource: cluster }];
    case 17: // SaslHandshake
    case 36: // SaslAuthenticate
      return [{ action: 'kafka-cluster:Connect', resource: cluster }];
    case 18: // ApiVersions precedes authentication.
      return [];
    default:
      throw new Error(`no IAM action is known for Kafka's API ${api}`);
  }
}

/** A conditional write also reads. @see https://docs.aws.amazon.com/keyspaces/latest/devguide/security_iam_service-with-iam.html */
function cqlActions(statement: string, names: TemplateNames): IamCall[] {
  const [, keyspace, table] =
    /\b(?:FROM|INTO|UPDATE)\s+"?(\w+)"?\."?(\w+)"?/i.exec(statement) ??
    (() => {
      throw new Error(`no table is known in the statement '${statement}'`);
    })();
  const resource = keyspace.startsWith('system')
    ? `keyspace/${keyspace}/table/${table}`
    : `{${names.of(`${keyspace}|${table}`)}}`;
  const select = { action: 'cassandra:Select', resource };
  if (/^\s*SELECT\b/i.test(statement)) return [select];
  const modify = { action: 'cassandra:Modify', resource };
  return /\bIF\b/i.test(statement) ? [modify, select] : [modify];
}
