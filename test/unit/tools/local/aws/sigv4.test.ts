import { REGION } from '../../../../../tools/assembly/local-account';
import { type HttpApiPlan } from '../../../../../tools/assembly/local-plan';
import { startHttpApi } from '../../../../../tools/local/aws/http-api';
import { type RunningServer } from '../../../../../tools/local/aws/server';
import { CREDENTIALS, isSigned } from '../../../../../tools/local/aws/sigv4';
import { signerFor } from '../../../../../tools/loadgen/sign';

const PATH = '/topics/a%20b.pin?layer=batch&cursor=%2Fx%3D%27&layer=speed';
const BODY = '{"café":1}';

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: Record<string, string>;
}

const api: HttpApiPlan = {
  ...{ path: 'stack/Api', logicalId: 'Api', id: 'api1', name: 'ingest' },
  routes: [{ routeKey: 'ANY /{proxy+}', functionName: 'ingest', timeoutMs: 300, iam: true }],
};

const before = process.env.AWS_REGION;
let server: RunningServer;
beforeAll(async () => {
  process.env.AWS_REGION = REGION;
  server = await startHttpApi(api, { invoke: async () => ({ payload: '{"statusCode":202}' }) });
});
afterAll(async () => {
  process.env.AWS_REGION = before;
  await server.stop();
});

async function signed(credentials: { accessKeyId: string; secretAccessKey: string } = CREDENTIALS): Promise<Sent> {
  const url = new URL(server.url + PATH);
  const headers = await signerFor(url, credentials)(url, 'POST', { 'content-type': 'application/json' }, BODY);
  return { method: 'POST', path: PATH, body: BODY, headers };
}

async function statusOf({ method, path, headers, body }: Sent): Promise<number> {
  return (await fetch(server.url + path, { method, headers, body })).status;
}

test('an API with IAM passes on what the load generator signs', async () => {
  expect(await statusOf(await signed())).toBe(202);
});

test.each<[string, (sent: Sent) => Sent]>([
  ['another body', (sent) => ({ ...sent, body: '{"cafe":1}' })],
  ['another path', (sent) => ({ ...sent, path: PATH.replace('a%20b', 'ab') })],
  ['another query', (sent) => ({ ...sent, path: PATH.replace('batch', 'merged') })],
  ['another method', (sent) => ({ ...sent, method: 'PUT' })],
  ['another header', (sent) => ({ ...sent, headers: { ...sent.headers, 'content-type': 'text/plain' } })],
  ['no signature', (sent) => ({ ...sent, headers: { 'content-type': 'application/json' } })],
])('and answers 403 to %s than was signed', async (_, change) => {
  expect(await statusOf(change(await signed()))).toBe(403);
});

test.each([{ accessKeyId: 'other' }, { secretAccessKey: 'other' }])('and to %j', async (other) => {
  expect(await statusOf(await signed({ ...CREDENTIALS, ...other }))).toBe(403);
});

test('a signature is valid for five minutes', async () => {
  const { method, headers, body } = await signed();
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const request = { method, url: PATH, headers: lower, body: Buffer.from(body) };
  expect(isSigned(request, Date.now() + 4 * 60_000)).toBe(true);
  expect(isSigned(request, Date.now() + 6 * 60_000)).toBe(false);
});
