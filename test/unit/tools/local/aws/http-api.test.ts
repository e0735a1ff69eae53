import { type HttpApiPlan } from '../../../../../tools/assembly/local-plan';
import { type Invocation } from '../../../../../tools/local/aws/function-host';
import { type Invoke, startHttpApi } from '../../../../../tools/local/aws/http-api';
import { type RunningServer } from '../../../../../tools/local/aws/server';

const api: HttpApiPlan = {
  path: 'stack/Api',
  logicalId: 'Api',
  id: 'api1',
  name: 'ingest',
  routes: [{ routeKey: 'POST /posts', functionName: 'ingest', timeoutMs: 300, iam: false }],
};

let server: RunningServer | undefined;
afterEach(async () => server?.stop());

async function post(invoke: Invoke, body = '{}', path = '/posts') {
  server = await startHttpApi(api, { invoke });
  const response = await fetch(server.url + path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

const never: Invoke = () => {
  throw new Error('must not be invoked');
};

test('reports each response, including its own ones', async () => {
  const statuses: number[] = [];
  const payload = '{"statusCode":202,"body":"taken"}';
  server = await startHttpApi(api, {
    invoke: async () => ({ payload }),
    onResponse: (status) => statuses.push(status),
  });
  await fetch(`${server.url}/posts`, { method: 'POST', body: '{}' });
  await fetch(`${server.url}/unknown`);
  expect(statuses).toEqual([202, 404]);
});

test('passes the request to the function of its route, and the response to the client', async () => {
  const calls: [string, unknown][] = [];
  const answer = await post(async (name, event) => {
    calls.push([name, JSON.parse(event)]);
    return { payload: '{"statusCode":202,"headers":{"x-a":"1"},"body":"taken"}' };
  }, '{"index":1}');
  expect(calls).toEqual([['ingest', expect.objectContaining({ routeKey: 'POST /posts', body: '{"index":1}' })]]);
  expect([answer.status, answer.body, answer.headers.get('x-a')]).toEqual([202, 'taken', '1']);
});

test('returns 404 where there is no route', async () => {
  expect(await post(never, '{}', '/other')).toMatchObject({ status: 404, body: '{"message":"Not Found"}' });
});

test.each([
  ['over 10 MB', 10 * 1024 * 1024 + 1],
  ['over what an invocation takes', 6 * 1024 * 1024],
])('answers 413 to a body %s', async (_, size) => {
  expect(await post(never, 'x'.repeat(size))).toMatchObject({
    status: 413,
    body: '{"message":"Request Entity Too Large"}',
  });
});

test.each([
  ['answers 431 to', 10_241, 431, 0],
  ['passes on', 9_000, 202, 1],
])('%s a request line and headers of %i bytes', async (_, size, status, calls) => {
  const invoke = jest.fn(async () => ({ payload: '{"statusCode":202}' }));
  server = await startHttpApi(api, { invoke });
  const response = await fetch(`${server.url}/posts?cursor=${'x'.repeat(size)}`, { method: 'POST' });
  expect([response.status, invoke.mock.calls.length]).toEqual([status, calls]);
});

test('returns 429 beyond what the route may take at once', async () => {
  const routes = [{ ...api.routes[0], throttle: { rate: 0.001, burst: 2 } }];
  const invoke = jest.fn(async () => ({ payload: '{"statusCode":202}' }));
  server = await startHttpApi({ ...api, routes }, { invoke });
  const responses = [];
  for (let i = 0; i < 3; i++) responses.push(await fetch(`${server.url}/posts`, { method: 'POST' }));
  expect(responses.map(({ status }) => status)).toEqual([202, 202, 429]);
  expect(await responses[2].json()).toEqual({ message: 'Too Many Requests' });
  expect(invoke).toHaveBeenCalledTimes(2);
});

test('returns 500 if the function fails, without its message', async () => {
  const failed: Invocation = { error: { errorType: 'Error', errorMessage: 'secret', trace: [] }, timedOut: false };
  expect(await post(async () => failed)).toMatchObject({ status: 500, body: '{"message":"Internal Server Error"}' });
});

test('returns 503 if the function is throttled', async () => {
  const error = { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.', trace: [] };
  expect(await post(async () => ({ error, timedOut: false, throttled: true }))).toMatchObject({
    status: 503,
    body: '{"message":"Service Unavailable"}',
  });
});

test('returns 500 if the function cannot be reached', async () => {
  expect(await post(() => Promise.reject(new Error('away')))).toMatchObject({
    status: 500,
    body: '{"message":"Internal Server Error"}',
  });
});

test('returns 503 when the integration has timed out', async () => {
  expect(await post(() => new Promise(() => undefined))).toMatchObject({
    status: 503,
    body: '{"message":"Service Unavailable"}',
  });
});

test('a port in use is an error of one line with the port', async () => {
  server = await startHttpApi(api, { invoke: never });
  await expect(startHttpApi(api, { invoke: never, port: server.port })).rejects.toThrow(
    `API ingest: port ${server.port} is in use`,
  );
});

test('passes validators on in both directions, and a 304 without a body', async () => {
  const { etag, ...rest } = { etag: 'W/"a"', 'cache-control': 'private, no-cache' };
  const invoke: Invoke = async (_, payload) => {
    const { headers } = JSON.parse(payload) as { headers: Record<string, string> };
    return {
      payload: JSON.stringify({ statusCode: 304, headers: { etag: headers['if-none-match'], ...rest }, body: '' }),
    };
  };
  server = await startHttpApi(api, { invoke });
  const response = await fetch(`${server.url}/posts`, { method: 'POST', headers: { 'if-none-match': etag } });
  expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([304, etag, '']);
  expect(response.headers.get('cache-control')).toBe('private, no-cache');
});

describe('CORS', () => {
  const cors = {
    origins: ['https://a.example'],
    methods: ['POST'],
    headers: ['content-type'],
    exposed: ['etag'],
    maxAgeSeconds: 60,
  };
  const payload = JSON.stringify({ statusCode: 202, headers: { 'Access-Control-Allow-Origin': 'https://b.example' } });

  async function sent(method: string, origin: string, headers: Record<string, string> = {}, from = cors) {
    const invoke = jest.fn(async () => ({ payload }));
    const routes = [{ ...api.routes[0], iam: method === 'OPTIONS' }];
    server = await startHttpApi({ ...api, routes, cors: from }, { invoke });
    const response = await fetch(`${server.url}/posts`, { method, headers: { origin, ...headers } });
    const set = [...response.headers].filter(([name]) => name.startsWith('access-control-'));
    return { status: response.status, headers: Object.fromEntries(set), calls: invoke.mock.calls.length };
  }
  const asked = { 'access-control-request-method': 'POST' };

  test('answers a preflight request without the function and without a signature', async () => {
    expect(await sent('OPTIONS', 'https://a.example', asked)).toEqual({
      status: 204,
      headers: {
        'access-control-allow-origin': 'https://a.example',
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': 'content-type',
        'access-control-max-age': '60',
      },
      calls: 0,
    });
  });

  test('allows other origins nothing', async () => {
    expect(await sent('OPTIONS', 'https://b.example', asked)).toEqual({ status: 204, headers: {}, calls: 0 });
  });

  test('takes an OPTIONS request that asks for nothing as any other', async () => {
    expect(await sent('OPTIONS', 'https://a.example')).toMatchObject({ status: 404, calls: 0 });
  });

  test("sets a response's headers in place of the function's own", async () => {
    expect((await sent('POST', 'https://a.example')).headers).toEqual({
      'access-control-allow-origin': 'https://a.example',
      'access-control-expose-headers': 'etag',
    });
  });

  test('may allow every origin', async () => {
    const response = await sent('POST', 'https://c.example', {}, { ...cors, origins: ['*'] });
    expect(response.headers).toMatchObject({ 'access-control-allow-origin': '*' });
  });
});
