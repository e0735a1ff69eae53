import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { signerFor } from '../../../../../tools/loadgen/sign';
import { bearer, validationErrorOf, startPageProxy } from '../../../../../tools/local/page/proxy';
import { type RunningServer } from '../../../../../tools/local/aws/server';

let api: Server;
let proxy: RunningServer;
const seen: IncomingMessage[] = [];

beforeAll(async () => {
  api = createServer((request, response) => {
    seen.push(request);
    response.writeHead(200, {
      'content-type': 'text/html',
      'content-encoding': 'gzip',
      'content-security-policy': "default-src 'none'",
      'set-cookie': 'a=b',
    });
    response.end(gzipSync('<h1>page</h1>'));
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => void seen.splice(0));
afterEach(() => proxy?.stop());
afterAll(() => new Promise((resolve) => api.close(resolve)));

const apiUrl = (path = '') => new URL(`http://127.0.0.1:${(api.address() as AddressInfo).port}${path}`);
const HOST = { host: '127.0.0.1:8080' };

test('the page is forwarded with its policy, decompressed, and without cookies', async () => {
  proxy = await startPageProxy({ url: apiUrl('/prod'), sign: bearer('t0ken') });
  const response = await fetch(`${proxy.url}/status?layer=batch`, {
    headers: { 'if-none-match': '"x"', cookie: 'c=d' },
  });
  expect([response.status, await response.text()]).toEqual([200, '<h1>page</h1>']);
  expect(response.headers.get('content-security-policy')).toBe("default-src 'none'");
  expect(response.headers.get('set-cookie')).toBeNull();
  expect(seen[0].url).toBe('/prod/status?layer=batch');
  expect(seen[0].headers).toMatchObject({ authorization: 'Bearer t0ken', 'if-none-match': '"x"' });
  expect(seen[0].headers).not.toHaveProperty('cookie');
});

test("requests are signed with the caller's credentials for execute-api", async () => {
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
  try {
    proxy = await startPageProxy({ url: apiUrl(), sign: signerFor(apiUrl()) });
    await fetch(`${proxy.url}/`);
  } finally {
    process.env = before;
  }
  expect(seen[0].headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIATEST\/\d{8}\/eu-west-1\/execute-api\/aws4_request, SignedHeaders=/,
  );
});

test.each([
  ['POST', HOST, 'method must be GET, got POST'],
  ['GET', { host: 'evil.example:8080' }, "host must be 127.0.0.1 or localhost, got 'evil.example:8080'"],
  [
    'GET',
    { host: '127.0.0.1.evil.example:8080' },
    "host must be 127.0.0.1 or localhost, got '127.0.0.1.evil.example:8080'",
  ],
  ['GET', { ...HOST, 'sec-fetch-site': 'cross-site' }, 'only the page itself may send requests, got one of cross-site'],
  ['GET', { ...HOST, 'sec-fetch-site': 'same-site' }, 'only the page itself may send requests, got one of same-site'],
  ['GET', HOST, undefined],
  ['GET', { host: 'localhost:1', 'sec-fetch-site': 'same-origin' }, undefined],
])('%s with %j: the validation error is %p', (method, headers, reason) =>
  expect(validationErrorOf(method, headers)).toBe(reason),
);

test('a rejected request does not reach the API', async () => {
  proxy = await startPageProxy({ url: apiUrl(), sign: bearer('t') });
  expect((await fetch(`${proxy.url}/`, { method: 'POST' })).status).toBe(403);
  expect(seen).toEqual([]);
});

test('an API that cannot be reached is a 502 with the reason', async () => {
  proxy = await startPageProxy({ url: new URL('http://127.0.0.1:1'), sign: bearer('t') });
  const response = await fetch(`${proxy.url}/`);
  expect([response.status, (await response.json()) as object]).toMatchObject([
    502,
    { message: expect.stringMatching(/^the API did not respond/) },
  ]);
});
