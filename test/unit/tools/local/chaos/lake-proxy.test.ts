import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type LakeProxy, type Mishap, startLakeProxy } from '../../../../../tools/local/chaos/lake-proxy';
import { seeded } from '../../../../../tools/loadgen/random';

const BODY = 'x'.repeat(200_000);

/** What came through as a whole. */
let stored: string[];
let server: Server;
let proxy: LakeProxy;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('error', () => undefined);
    request.on('end', () => {
      if (request.method === 'PUT') stored.push(body);
      response.writeHead(200, { 'content-length': BODY.length }).end(BODY);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await startLakeProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, seeded(1));
});
afterAll(async () => {
  await proxy.stop();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => (stored = []));

async function ask(method: 'GET' | 'PUT', mishap?: Mishap): Promise<{ status: number; body: string } | 'broken'> {
  proxy.set(mishap ? { [mishap]: 1 } : {});
  try {
    const response = await fetch(`${proxy.url}/bucket/key`, { method, ...(method === 'PUT' && { body: BODY }) });
    return { status: response.status, body: await response.text() };
  } catch {
    return 'broken';
  }
}

test('requests pass as they are while nothing is to go wrong', async () => {
  expect(await ask('PUT')).toEqual({ status: 200, body: BODY });
  expect(stored).toEqual([BODY]);
});

test.each([
  ['rejected', 503, []],
  ['failedLate', 500, [BODY]],
] as const)('a request that is %s gets %i, and is done or not', async (mishap, status, done) => {
  expect(await ask('PUT', mishap)).toMatchObject({ status, body: expect.stringContaining('<Error><Code>') });
  expect(stored).toEqual(done);
});

test('a request that is unanswered is done', async () => {
  expect(await ask('PUT', 'unanswered')).toBe('broken');
  expect(stored).toEqual([BODY]);
});

test('an upload and a download that are torn break in the middle', async () => {
  expect(await ask('PUT', 'torn')).toBe('broken');
  expect(await ask('GET', 'torn')).toBe('broken');
  expect(stored).toEqual([]);
});
