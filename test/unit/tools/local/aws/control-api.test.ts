import { InvokeCommand, LambdaClient, TooManyRequestsException } from '@aws-sdk/client-lambda';
import { KafkaClient, GetBootstrapBrokersCommand } from '@aws-sdk/client-kafka';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startControlApi } from '../../../../../tools/local/aws/control-api';
import { type FunctionHost, type Invocation } from '../../../../../tools/local/aws/function-host';
import { type RunningServer } from '../../../../../tools/local/aws/server';

const CLUSTER = 'arn:aws:kafka:us-east-1:000000000000:cluster/c/0-1';
const ROLE = 'arn:aws:iam::000000000000:role/job';

let directory: string;
let server: RunningServer;
let invoke: jest.Mock<Promise<Invocation>, [string, string]>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'control-'));
  invoke = jest.fn((_name: string, _event: string) => Promise.reject(new Error('unexpected invocation')));
  const functions: Pick<FunctionHost, 'invoke' | 'has'> = { invoke, has: (name) => name === 'seal' };
  server = await startControlApi({
    plan: {
      clusters: [{ path: 'S/C', arn: CLUSTER }],
      applications: [{ path: 'S/A', id: '00f1', arn: 'arn:app', name: 'spark', releaseLabel: 'emr-7.13.0' }],
      jobRoles: [ROLE],
    },
    functions,
    metrics: async (request) => ({
      MetricDataResults: [{ Id: 'a', Timestamps: [request.StartTime], Values: [request.EndTime] }],
    }),
    brokers: '127.0.0.1:9098',
    sparkCommand: { command: 'sh', args: ['-c', 'echo "$@"; eval "$1"', 'sh'], env: { PATH: process.env.PATH } },
    logs: directory,
  });
});

afterEach(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(server.url + path, { method, body: text as string, headers });
  const received = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: received === '' ? undefined : JSON.parse(received),
  };
}

const INVOKE = '/2015-03-31/functions/seal/invocations';

describe('Invoke', () => {
  test('returns what the function returns', async () => {
    invoke.mockResolvedValue({ payload: '{"intervals":[]}' });
    const response = await call('POST', INVOKE, { interval: 'b' });
    expect([response.status, response.body, response.headers.get('x-amz-function-error')]).toEqual([
      200,
      { intervals: [] },
      null,
    ]);
    expect(invoke).toHaveBeenCalledWith('seal', '{"interval":"b"}');
  });

  test('returns 200 with the error and a header if the function fails', async () => {
    const error = { errorType: 'Error', errorMessage: 'gap in partition 2', trace: [] };
    invoke.mockResolvedValue({ error, timedOut: false });
    const response = await call('POST', INVOKE, {});
    expect([response.status, response.body, response.headers.get('x-amz-function-error')]).toEqual([
      200,
      error,
      'Unhandled',
    ]);
  });

  test('returns 429 if the function is throttled, which the SDK throws as TooManyRequestsException', async () => {
    const error = { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.', trace: [] };
    invoke.mockResolvedValue({ error, timedOut: false, throttled: true });
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new LambdaClient({ endpoint: server.url, region: 'us-east-1', credentials, maxAttempts: 1 });
    const calling = client.send(new InvokeCommand({ FunctionName: 'seal' }));
    await expect(calling).rejects.toBeInstanceOf(TooManyRequestsException);
    await expect(calling).rejects.toMatchObject({
      message: 'Rate Exceeded.',
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
      $metadata: { httpStatusCode: 429 },
    });
    client.destroy();
  });

  test('as an event returns 202 immediately', async () => {
    invoke.mockReturnValue(new Promise(() => undefined));
    expect((await call('POST', INVOKE, {}, { 'x-amz-invocation-type': 'Event' })).status).toBe(202);
    expect(invoke).toHaveBeenCalledTimes(1);
  });

  test.each([
    ['RequestResponse', 6 * 1024 * 1024],
    ['Event', 1024 * 1024],
  ])('with more than its limit of payload as %s returns 413', async (type, limit) => {
    invoke.mockResolvedValue({ payload: 'null' });
    const quotes = 2;
    const send = (bytes: number) =>
      call('POST', INVOKE, JSON.stringify('x'.repeat(bytes - quotes)), { 'x-amz-invocation-type': type });
    expect((await send(limit)).status).toBeLessThan(300);
    const over = await send(limit + 1);
    expect([over.status, over.headers.get('x-amzn-errortype')]).toEqual([413, 'RequestTooLargeException']);
    expect(invoke).toHaveBeenCalledTimes(1);
  });

  test('of an unknown function is ResourceNotFoundException, of invalid JSON a 400', async () => {
    const gone = await call('POST', INVOKE.replace('seal', 'gone'), {});
    expect([gone.status, gone.headers.get('x-amzn-errortype')]).toEqual([404, 'ResourceNotFoundException']);
    expect((await call('POST', INVOKE, '{')).status).toBe(400);
  });
});

test('GetMetricData is recognized by the header with the operation', async () => {
  const request = { MetricDataQueries: [], StartTime: 1, EndTime: 2 };
  const target = { 'x-amz-target': 'GraniteServiceVersion20100801.GetMetricData' };
  const response = await call('POST', '/', request, target);
  expect(response.body).toEqual({ MetricDataResults: [{ Id: 'a', Timestamps: [1], Values: [2] }] });
  expect((await call('POST', '/', request)).status).toBe(404);
});

test("GetBootstrapBrokers serves AWS's own client, only for the clusters of the plan", async () => {
  const client = new KafkaClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const { BootstrapBrokerStringSaslIam } = await client.send(new GetBootstrapBrokersCommand({ ClusterArn: CLUSTER }));
  expect(BootstrapBrokerStringSaslIam).toBe('127.0.0.1:9098');
  await expect(client.send(new GetBootstrapBrokersCommand({ ClusterArn: `${CLUSTER}0` }))).rejects.toThrow(
    'does not exist',
  );
  client.destroy();
});

describe('job runs', () => {
  const submission = (entryPoint: string, overrides: Record<string, unknown> = {}) => ({
    clientToken: 'token-1',
    executionRoleArn: ROLE,
    name: 'views',
    jobDriver: { sparkSubmit: { entryPoint, entryPointArguments: ['--intervals', 'a b'] } },
    ...overrides,
  });
  const start = (entryPoint: string, overrides = {}) =>
    call('POST', '/applications/00f1/jobruns', submission(entryPoint, overrides));
  async function finished(jobRunId: string) {
    for (;;) {
      const { body } = await call('GET', `/applications/00f1/jobruns/${jobRunId}`);
      if (!['SUBMITTED', 'RUNNING'].includes(body.jobRun.state)) return body.jobRun;
      await sleep(20);
    }
  }

  test('the application exists and is started', async () => {
    expect((await call('GET', '/applications/00f1')).body.application).toMatchObject({
      applicationId: '00f1',
      state: 'STARTED',
    });
    expect((await call('GET', '/applications/00f2')).status).toBe(404);
  });

  test('run the command with parameters, entry point and arguments, in this order', async () => {
    const sparkSubmit = { entryPoint: 'exit 0', entryPointArguments: ['x y'], sparkSubmitParameters: '' };
    const { status, body } = await start('', { jobDriver: { sparkSubmit } });
    expect(status).toBe(200);
    expect(await finished(body.jobRunId)).toMatchObject({
      applicationId: '00f1',
      name: 'views',
      executionRole: ROLE,
      releaseLabel: 'emr-7.13.0',
      state: 'SUCCESS',
      jobDriver: { sparkSubmit },
    });
    expect(readFileSync(join(directory, `${body.jobRunId}.log`), 'utf8')).toBe('exit 0 x y\n');
    const second = await start('last', {
      clientToken: 'two',
      jobDriver: { sparkSubmit: { entryPoint: 'last', sparkSubmitParameters: `"exit 0" --conf 'a=b c'` } },
    });
    await finished(second.body.jobRunId);
    expect(readFileSync(join(directory, `${second.body.jobRunId}.log`), 'utf8')).toBe('exit 0 --conf a=b c last\n');
  });

  test('that fail report their exit status', async () => {
    const { body } = await start('exit 3');
    expect(await finished(body.jobRunId)).toMatchObject({ state: 'FAILED', stateDetails: 'spark-submit exit code 3' });
  });

  test('are started once per client token', async () => {
    const [first, again, other] = [
      await start('exit 0'),
      await start('exit 0'),
      await start('exit 0', { clientToken: 'two' }),
    ];
    expect(again.body.jobRunId).toBe(first.body.jobRunId);
    expect(other.body.jobRunId).not.toBe(first.body.jobRunId);
  });

  test('end with all their processes when they are cancelled', async () => {
    const marker = join(directory, 'alive');
    const { body } = await start(`(sleep 1; touch ${marker}) & wait`);
    await sleep(200);
    expect((await call('DELETE', `/applications/00f1/jobruns/${body.jobRunId}`)).body).toMatchObject({
      jobRunId: body.jobRunId,
    });
    expect((await finished(body.jobRunId)).state).toBe('CANCELLED');
    await sleep(1200);
    expect(() => readFileSync(marker)).toThrow('ENOENT');
  });

  test.each([
    [{ clientToken: 'with space' }, 'clientToken must be 1-64 of'],
    [{ executionRoleArn: 'arn:other' }, `executionRoleArn must be one of ${ROLE}, got 'arn:other'`],
    [{ jobDriver: {} }, 'jobDriver.sparkSubmit.entryPoint must be text'],
    [
      { jobDriver: { sparkSubmit: { entryPoint: 'a', sparkSubmitParameters: '"' } } },
      'sparkSubmitParameters: unclosed quote',
    ],
  ])('are rejected with %j', async (overrides, message) => {
    const { status, headers, body } = await start('exit 0', overrides);
    expect([status, headers.get('x-amzn-errortype')]).toEqual([400, 'ValidationException']);
    expect(body.message).toContain(message);
  });
});

test('an unsupported path is a 404', async () => {
  expect((await call('GET', '/v1/other')).status).toBe(404);
});
