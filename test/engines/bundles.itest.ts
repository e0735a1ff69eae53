/**
 * Every function of stage prod as Lambda runs it: the deployed bundle, the modules that Lambda offers, the template's environment, IAM's
 * logins. Each handler is invoked once, against an AWS that denies every write: it must return the outcome that it documents.
 */
import { readFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { intervalName, intervalOf } from '../../lambda/domain/intervals';
import { sealKey, viewsDoneKey } from '../../lambda/formats/keys';
import { loadConfig } from '../../lib/config';
import { type FunctionPlan } from '../../tools/assembly/local-plan';
import { readNodeFunctions } from '../support/node-functions';
import { resourcesOf } from '../../tools/assembly/read-plan';
import { synthesizeAssembly } from '../../tools/assembly/synthesize';
import { type FunctionHost, type Invocation, startFunctionHost } from '../../tools/local/aws/function-host';
import { temporaryFolder } from '../support/temporary';
import { ANSWERS_HOST, type AwsThatDenies, DENIED, startAwsThatDenies } from './support/aws-that-denies';

jest.setTimeout(120_000);

const CONFIG = loadConfig({
  stage: 'prod',
  page: 'true',
  // The layer is native.
  architecture: arch() === 'arm64' ? 'arm64' : 'x86_64',
});

/** Key of what Grafana is to show. */
const CONTENT = 'content.json';

/** Node's errors for a module that is not there, in either module system. */
const MODULE_ERROR = /Cannot find (module|package)|MODULE_NOT_FOUND|ERR_REQUIRE_ESM|Dynamic require of/;

const hour = intervalOf(Date.now() - 3 * 3_600_000, CONFIG.intervalMinutes);
const interval = intervalName(hour);
const unsealed = intervalName(hour + CONFIG.intervalMinutes * 60_000);
const seal = {
  interval,
  intervalMinutes: CONFIG.intervalMinutes,
  previous: null,
  topic: 'posts',
  partitions: [{ partition: 0, from: 0, to: 0 }],
};

const http = (method: string, rawPath: string, body?: string) => ({
  rawPath,
  body,
  headers: { 'content-type': 'application/json' },
  isBase64Encoded: false,
  requestContext: { http: { method } },
});

const batch = {
  records: {
    'posts-0': [
      {
        topic: 'posts',
        partition: 0,
        offset: 0,
        timestamp: Date.now(),
        timestampType: 'LOG_APPEND_TIME',
        key: Buffer.from('1').toString('base64'),
        value: Buffer.from('{"pin":{"index":1,"category":"art"}}').toString('base64'),
        headers: [],
      },
    ],
  },
};

const change = (LogicalResourceId: string, RequestType: string, ResourceProperties: object) => ({
  RequestType,
  ResponseURL: `https://${ANSWERS_HOST}/${LogicalResourceId}`,
  StackId: 'arn:aws:cloudformation:us-east-1:000000000000:stack/s/1',
  RequestId: '1',
  LogicalResourceId,
  ...(RequestType === 'Create' ? {} : { PhysicalResourceId: 'p' }),
  ResourceProperties,
});

/** What a function logs in to. */
type LogIn = 'kafka' | 'keyspaces';

interface Case {
  /** How the logical id begins. */
  readonly id: string;
  readonly event: unknown;
  readonly logIn?: LogIn;
  /** What the function answers. */
  readonly answers?: unknown;
  /** What it throws, with a part of the message. */
  readonly throws?: readonly [name: string, message: string];
  /** A part of the reason that it gives CloudFormation. */
  readonly reason?: string;
  /** A part of its log. */
  readonly logged?: string;
}

const STORE = ['StoreUnavailableError', 'the view store is not available'] as const;
const DENIED_BY_S3 = ['AccessDenied', DENIED] as const;

const CASES: readonly Case[] = [
  {
    id: 'StepsIngest',
    event: http('POST', '/posts', '{"pin":{"index":1,"category":"art"}}'),
    logIn: 'kafka',
    answers: { statusCode: 503 },
  },
  { id: 'StepsArchive', event: batch, throws: DENIED_BY_S3 },
  { id: 'StepsAggregate', event: batch, logIn: 'keyspaces', throws: STORE },
  {
    id: 'StepsSeal',
    event: { interval: unsealed },
    logIn: 'kafka',
    throws: ['KafkaJSSASLAuthenticationError', 'Access denied'],
  },
  // DuckDB has done its work by then: what is denied is to store it.
  { id: 'StepsCompact', event: { step: 'compact', partition: 0, intervals: [interval] }, throws: DENIED_BY_S3 },
  { id: 'StepsPublish', event: { intervals: [interval] }, logIn: 'keyspaces', throws: STORE },
  { id: 'StepsReconcile', event: { intervals: [interval] }, logIn: 'keyspaces', throws: STORE },
  {
    id: 'StepsQuery',
    event: http('GET', '/views/posts_by_category'),
    logIn: 'keyspaces',
    answers: { statusCode: 503 },
  },
  { id: 'CanaryFunction', event: {}, answers: null, logged: DENIED },
  { id: 'PrometheusMskNodes', event: change('Exporters', 'Create', {}), reason: DENIED },
  {
    id: 'GrafanaContent',
    event: change('Content', 'Create', {
      ...{ WorkspaceId: 'g-1', Endpoint: 'localhost', ContentBucket: 'b', ContentKey: CONTENT, FolderUid: 'f' },
      Deployed: JSON.stringify({ dataSources: [], contactPoints: [], constants: {} }),
    }),
    reason: DENIED,
  },
  { id: 'SparkStopper', event: change('Stopper', 'Delete', { ApplicationId: 'a' }), reason: DENIED },
  {
    id: 'CustomVpcRestrictDefaultSG',
    event: change('Group', 'Create', { DefaultSecurityGroupId: 'sg-1', Account: '000000000000' }),
    reason: DENIED,
  },
  { id: 'CustomS3AutoDelete', event: change('Bucket', 'Delete', { BucketName: 'b' }), reason: DENIED },
];

let aws: AwsThatDenies;
let host: FunctionHost;
let functions: FunctionPlan[];
let logs: string;

beforeAll(async () => {
  const directory = temporaryFolder('bundles');
  logs = join(directory, 'logs');
  const assembly = synthesizeAssembly(CONFIG, { bundled: true, directory: join(directory, 'assembly') });
  functions = readNodeFunctions(resourcesOf(assembly), assembly);
  const content = { folder: { uid: 'f', title: 'F' }, plugins: [], dashboards: [], ruleGroups: [] };
  aws = await startAwsThatDenies(directory, {
    [sealKey(hour)]: JSON.stringify(seal),
    [viewsDoneKey(hour)]: '',
    [CONTENT]: JSON.stringify(content),
  });
  host = startFunctionHost(functions, { logs, environment: aws.environment });
});

afterAll(async () => {
  await host?.stop();
  await aws?.stop();
});

test('the functions below are all that there are', () => {
  const without = functions.filter(({ logicalId }) => !CASES.some(({ id }) => logicalId.startsWith(id)));
  expect(without.map(({ path }) => path)).toEqual([]);
});

/** What a login with the credentials of the function's environment must hold. */
const LOGIN: Readonly<Record<LogIn, (since: number) => void>> = {
  kafka: (since) => {
    const { hostname, searchParams } = new URL(aws.kafkaTokens.slice(since)[0]);
    expect(hostname).toBe('kafka.us-east-1.amazonaws.com');
    expect(Object.fromEntries(searchParams)).toMatchObject({
      Action: 'kafka-cluster:Connect',
      'X-Amz-Credential': expect.stringMatching(/^test\/\d{8}\/us-east-1\/kafka-cluster\/aws4_request$/),
      'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  },
  keyspaces: (since) => {
    expect(aws.keyspacesAnswers.slice(since)[0]).toMatch(
      /^signature=[0-9a-f]{64},access_key=test,amzdate=\d{4}-\d\d-\d\dT[\d:.]+Z$/,
    );
  },
};

const payloadOf = (invocation: Invocation) => ('payload' in invocation ? invocation.payload : '');
const seen = (logIn: LogIn) => (logIn === 'kafka' ? aws.kafkaTokens : aws.keyspacesAnswers).length;

describe.each(CASES)('$id', ({ id, event, logIn, answers, throws, reason, logged }) => {
  let plan: FunctionPlan;
  let invocation: Invocation;
  let before: number;

  beforeAll(async () => {
    plan = functions.find(({ logicalId }) => logicalId.startsWith(id))!;
    before = logIn ? seen(logIn) : 0;
    invocation = await host.invoke(plan.name, JSON.stringify(event));
  });

  const answersToCloudFormation = () => {
    const { LogicalResourceId: asked } = event as { LogicalResourceId?: string };
    return aws.answers.filter(({ LogicalResourceId }) => LogicalResourceId === asked);
  };

  test('has the outcome that its handler documents', () => {
    if (throws) {
      const [errorType, message] = throws;
      expect(invocation.error).toMatchObject({ errorType, errorMessage: expect.stringContaining(message) });
    } else {
      expect(invocation).toEqual({ payload: expect.any(String) });
    }
    if (answers !== undefined) {
      const answer = JSON.parse(payloadOf(invocation)) as unknown;
      if (answers === null) expect(answer).toBeNull();
      else expect(answer).toMatchObject(answers as object);
    }
    if (reason !== undefined) {
      expect(answersToCloudFormation()).toMatchObject([{ Status: 'FAILED', Reason: expect.stringContaining(reason) }]);
    }
  });

  test('finds all its modules', () => {
    const log = readFileSync(join(logs, `${plan.name}.log`), 'utf8');
    expect(JSON.stringify([invocation, answersToCloudFormation()])).not.toMatch(MODULE_ERROR);
    expect(log).not.toMatch(MODULE_ERROR);
    if (logged !== undefined) expect(log).toContain(logged);
  });

  if (logIn) test(`logs in to ${logIn} with what it signed`, () => LOGIN[logIn](before));
});

test('the page lies beside the bundle of the query function', async () => {
  const { name } = functions.find(({ logicalId }) => logicalId.startsWith('StepsQuery'))!;
  const invocation = await host.invoke(name, JSON.stringify(http('GET', '/')));
  expect(JSON.parse(payloadOf(invocation))).toMatchObject({ statusCode: 200, body: expect.stringContaining('<html') });
});
