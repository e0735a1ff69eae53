/**
 * The clients' examples, as processes, against the handlers of both APIs over HTTP, which check the signature: records go from
 * ingest through the speed layer, in memory, to the query API. Needs Python with botocore, which the engine `s3` has.
 */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { type OutgoingRecord, type SendResult } from '../../lambda/aws/kafka/port';
import { type KafkaRecord } from '../../lambda/domain/decode';
import { makeHandler as makeIngest } from '../../lambda/ingest/handler';
import { makeHandler as makeQuery } from '../../lambda/query/handler';
import { queryReader } from '../../lambda/query/reader';
import { type HttpEvent, type HttpResponse } from '../../lambda/runtime/http';
import { REGION } from '../../tools/assembly/local-account';
import { type HttpApiPlan } from '../../tools/assembly/local-plan';
import { ROOT } from '../../tools/kit/root';
import { startHttpApi } from '../../tools/local/aws/http-api';
import { CREDENTIALS } from '../../tools/local/aws/sigv4';
import { lambdaEvent } from '../support/posts-log';
import { memoryStore } from '../support/memory-store';
import { aggregateOver } from '../support/speed-layer';
import { temporaryFolder } from '../support/temporary';

const run = promisify(execFile);
const TOPIC = 'posts';
const unexpected = () => Promise.reject(new Error('the batch layer has published nothing'));

interface Received {
  readonly coding: string | undefined;
  readonly lines: readonly { readonly pin: { readonly index: number } }[];
}

/** What the next requests get in place of the handler's response, and the keys that Kafka acknowledges at the second attempt only. */
interface Faults {
  readonly responses?: readonly HttpResponse[];
  readonly unacknowledgedOnce?: readonly string[];
}

async function startApis({ responses = [], unacknowledgedOnce = [] }: Faults = {}) {
  const instead = [...responses];
  const failing = new Set(unacknowledgedOnce);
  const requests: Received[] = [];
  const store = memoryStore();
  const aggregate = aggregateOver(store);
  const log: KafkaRecord[] = [];

  async function send(records: readonly OutgoingRecord[]): Promise<readonly SendResult[]> {
    const from = log.length;
    const results = records.map(({ key, value, headers }): SendResult => {
      if (failing.delete(key ?? '')) return { ok: false, error: 'broker is away' };
      const offset = log.length;
      const timestamp = Date.now();
      log.push({
        ...{ partition: 0, offset, timestamp, headers: headers ?? {} },
        ...{ key: Buffer.from(key ?? ''), value: Buffer.from(value ?? '') },
      });
      return { ok: true, partition: 0, offset, logAppendTime: timestamp };
    });
    await aggregate(lambdaEvent(TOPIC, log.slice(from)));
    return results;
  }
  const reader = queryReader(
    { ...store, readBoundary: async () => undefined, readRun: unexpected, readChunk: unexpected },
    { topic: TOPIC, partitions: 1, intervalMinutes: 60 },
  );
  const deps = { report: () => undefined, now: Date.now };
  const ingest = makeIngest({ ...deps, send });
  const query = makeQuery({ ...deps, reader, intervalMinutes: 60, partitions: 1, speedTtl: 72 * 3_600_000 });

  const plan = (name: string, routeKey: string): HttpApiPlan => ({
    ...{ path: `stack/${name}`, logicalId: name, id: name, name },
    routes: [{ routeKey, functionName: name, timeoutMs: 5_000, iam: true }],
  });
  const ingestApi = await startHttpApi(plan('ingest', 'POST /posts'), {
    async invoke(_, text) {
      const event = JSON.parse(text) as HttpEvent;
      const body = gunzipSync(Buffer.from(event.body ?? '', 'base64')).toString('utf8');
      const lines = body.split('\n').map((line) => JSON.parse(line) as Received['lines'][number]);
      requests.push({ coding: event.headers?.['content-encoding'], lines });
      return { payload: JSON.stringify(instead.shift() ?? (await ingest(event))) };
    },
  });
  const queryApi = await startHttpApi(plan('query', 'GET /views/{view}'), {
    invoke: async (_, text) => ({ payload: JSON.stringify(await query(JSON.parse(text) as HttpEvent)) }),
  });
  return {
    requests,
    environment: { INGEST_URL: ingestApi.url, QUERY_URL: queryApi.url },
    stop: () => Promise.all([ingestApi.stop(), queryApi.stop()]),
  };
}

const PYTHON = join(ROOT, '.local', 'engines', 's3', 'bin', 'python');
const PYTHON_CLIENT = join(ROOT, 'clients', 'python');
const SIGNED = {
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
};

/** The folder of a client as its users get it: compiled and packed by npm, with its dependencies beside it. */
function installed(): string {
  const folder = temporaryFolder('client');
  const packed = execFileSync('npm', ['pack', join(ROOT, 'clients', 'typescript')], { cwd: folder, encoding: 'utf8' });
  const tarball = packed.trim().split('\n').at(-1)!;
  execFileSync('tar', ['-xzf', tarball], { cwd: folder });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  cpSync(join(folder, 'package', 'dist'), folder, { recursive: true });
  return folder;
}

interface Client {
  /** The command that runs a file of the client's language, and its environment. */
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly example: string;
  /** Sends posts of these indexes in batches of two, and prints the results as JSON. */
  readonly script: string;
}

const TSX = ['--import', 'tsx'];

const CLIENTS: Readonly<Record<string, Client>> = {
  typescript: {
    command: process.execPath,
    arguments: TSX,
    example: join(ROOT, 'clients', 'typescript', 'example.mts'),
    script: `
      import { PipelineClient } from '${join(ROOT, 'clients', 'typescript', 'client')}';
      const { INGEST_URL: ingestUrl = '', QUERY_URL: queryUrl = '', AWS_REGION: region, SECRET = '' } = process.env;
      const credentials = { accessKeyId: 'test', secretAccessKey: SECRET };
      const options = { ingestUrl, queryUrl, region, credentials, backoffMs: 1, attempts: 3, batchRecords: 2 };
      const posts = [1, 2, 3, 4, 5].map((index) => ({ pin: { index, category: 'art' } }));
      new PipelineClient(options).send(posts).then(
        (results) => console.log(JSON.stringify(results)),
        (error) => console.log(JSON.stringify({ error: error.constructor.name, message: error.message })),
      );`,
  },
  python: {
    command: PYTHON,
    arguments: [],
    environment: { PYTHONPATH: PYTHON_CLIENT, PYTHONDONTWRITEBYTECODE: '1' },
    example: join(PYTHON_CLIENT, 'example.py'),
    script: `
import json, os
from botocore.credentials import Credentials
from pinterest_pipeline import PipelineClient, RequestRejected
keys = Credentials("test", os.environ["SECRET"])
options = {"credentials": keys, "region": os.environ["AWS_REGION"], "backoff": 0.001, "attempts": 3, "batch_records": 2}
client = PipelineClient(os.environ["INGEST_URL"], os.environ["QUERY_URL"], **options)
try:
    print(json.dumps(client.send({"pin": {"index": index, "category": "art"}} for index in range(1, 6))))
except RequestRejected as error:
    print(json.dumps({"error": type(error).__name__, "message": str(error)}))
`,
  },
};

const indexes = ({ lines }: Received) => lines.map(({ pin }) => pin.index);
const answer = (statusCode: number, headers: Record<string, string> = {}): HttpResponse => ({
  ...{ statusCode, body: '{"message":"x"}' },
  headers: { 'content-type': 'application/json', ...headers },
});

describe.each(Object.entries(CLIENTS))('the client for %s', (name, client) => {
  const execute = async (file: string, environment: Readonly<Record<string, string>>) => {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...SIGNED, ...client.environment, ...environment };
    const { stdout } = await run(client.command, [...client.arguments, file], { cwd: ROOT, env });
    return stdout;
  };

  /** The results of sending the posts 1 to 5, two in a request, and the indexes of each request. */
  async function sent(faults: Faults, secret: string = CREDENTIALS.secretAccessKey) {
    const apis = await startApis(faults);
    const file = join(temporaryFolder('client'), name === 'python' ? 'script.py' : 'script.ts');
    writeFileSync(file, client.script);
    try {
      const output = JSON.parse(await execute(file, { ...apis.environment, SECRET: secret })) as unknown;
      return { output, requests: apis.requests.map(indexes) };
    } finally {
      await apis.stop();
    }
  }
  const statuses = (output: unknown) => (output as { status: number }[]).map(({ status }) => status);

  test('has an example of ten lines, which sends posts, signed and compressed, and reads a view that counts them', async () => {
    expect(readFileSync(client.example, 'utf8').trim().split('\n').filter(Boolean).length).toBeLessThanOrEqual(10);
    const apis = await startApis({ unacknowledgedOnce: ['8'] });
    try {
      const output = await execute(client.example, apis.environment);
      expect(output.replace(/\s/g, '')).toMatch(/^\[202,202,202,400\]/);
      expect(output.replace(/['"\s]/g, '')).toContain('{category:art,count:3}');
      expect(apis.requests.map(({ coding }) => coding)).toEqual(['gzip', 'gzip']);
      // Only the record that was not acknowledged goes again.
      expect(apis.requests.map(indexes)).toEqual([[7, 8, 9, -1], [8]]);
    } finally {
      await apis.stop();
    }
  });

  test('sends batches one after another, and again what met an outage or a limit', async () => {
    const { output, requests } = await sent({ responses: [answer(429), answer(503, { 'retry-after': '0' })] });
    expect(statuses(output)).toEqual([202, 202, 202, 202, 202]);
    expect(requests).toEqual([[1, 2], [1, 2], [1, 2], [3, 4], [5]]);
  });

  test('gives up after its attempts, and says which records were not taken', async () => {
    const { output, requests } = await sent({ responses: [answer(500), answer(500), answer(502)] });
    expect(statuses(output)).toEqual([503, 503, 202, 202, 202]);
    expect((output as object[])[0]).toEqual({
      status: 503,
      error: { field: 'request', message: '502: {"message":"x"}' },
    });
    expect(requests).toEqual([[1, 2], [1, 2], [1, 2], [3, 4], [5]]);
  });

  test('ends at the first request that the API rejects as a whole', async () => {
    const { output, requests } = await sent({}, 'wrong');
    expect(output).toEqual({ error: 'RequestRejected', message: '403: {"message":"Forbidden"}' });
    expect(requests).toEqual([]);
  });
});

test('the client for typescript is packed as compiled code that Node runs without further tools', () => {
  const folder = installed();
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['client.js', 'client.d.ts']));
  const script =
    "console.log(typeof new (require('./client.js').PipelineClient)({ ingestUrl: 'http://a', queryUrl: 'http://b' }).query.GET)";
  expect(execFileSync(process.execPath, ['-e', script], { cwd: folder, encoding: 'utf8' })).toBe('function\n');
});

test('the references of the Python types lead somewhere', () => {
  const script = `
import typing
from pinterest_pipeline import types
found = [value for value in vars(types).values() if isinstance(value, type) and value.__module__ == types.__name__]
print(sum(len(typing.get_type_hints(each)) > 0 for each in found) == len(found) > 10)`;
  const env = { ...process.env, PYTHONPATH: PYTHON_CLIENT, PYTHONDONTWRITEBYTECODE: '1' };
  expect(execFileSync(PYTHON, ['-c', script], { env, encoding: 'utf8' })).toBe('True\n');
});

test("the package of the client for typescript names the versions of the project's own", () => {
  const read = (folder: string) =>
    JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;
  const [own, client] = [read('.'), read('clients/typescript')];
  expect({ ...own.dependencies, ...own.devDependencies }).toMatchObject(client.dependencies);
});
