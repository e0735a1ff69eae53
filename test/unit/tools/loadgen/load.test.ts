import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeHandler } from '../../../../lambda/ingest/handler';
import { type OutgoingRecord } from '../../../../lambda/aws/kafka/port';
import { parseOptions, summary } from '../../../../tools/loadgen/cli';
import { generateLoad } from '../../../../tools/loadgen/load';
import { readPosts } from '../../../../tools/loadgen/input';
import { signerFor } from '../../../../tools/loadgen/sign';

/** The real ingest handler behind a real server, with a Kafka that rejects every third record of some requests. */
async function serve(
  faults: ('drop' | 'partial' | 'error')[],
): Promise<{ url: string; sent: OutgoingRecord[]; server: Server }> {
  const sent: OutgoingRecord[] = [];
  let partial = false;
  const handler = makeHandler({
    send: (records) =>
      Promise.resolve(
        records.map((record, i) => {
          if (partial && i % 3 === 1) return { ok: false as const, error: 'away' };
          return { ok: true as const, partition: 0, offset: sent.push(record) - 1, logAppendTime: 0 };
        }),
      ),
    report: () => undefined,
    now: () => 0,
  });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const fault = faults.shift();
      if (fault === 'drop') return void request.socket.destroy();
      if (fault === 'error') return void response.writeHead(500).end('{"message":"Internal Server Error"}');
      partial = fault === 'partial';
      void handler({
        rawPath: request.url!,
        headers: request.headers as Record<string, string>,
        body: Buffer.concat(chunks).toString('base64'),
        isBase64Encoded: true,
        requestContext: { http: { method: request.method! } },
      }).then(({ statusCode, headers, body }) =>
        response.writeHead(statusCode, { ...headers, 'retry-after': '0' }).end(body),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent, server };
}

let running: Server | undefined;
let folder: string | undefined;
beforeEach(() => jest.spyOn(process.stdout, 'write').mockReturnValue(true));
afterEach(async () => {
  jest.restoreAllMocks();
  await new Promise((resolve) => (running ? running.close(resolve) : resolve(undefined)));
  running?.closeAllConnections();
  running = undefined;
  if (folder) rmSync(folder, { recursive: true });
  folder = undefined;
});

async function start(faults: ('drop' | 'partial' | 'error')[] = []) {
  const served = await serve(faults);
  running = served.server;
  return served;
}

const sectionsSent = (sent: readonly OutgoingRecord[]) => sent.map(({ headers }) => headers?.section ?? 'envelope');

test('native clients send whole posts in batches, arrays and NDJSON in turn', async () => {
  const { url, sent } = await start();
  const tally = await generateLoad({ url, posts: 95, seed: 3, batch: 10, concurrency: 3 });
  expect(tally).toMatchObject({ sent: 95, accepted: 95, requests: 10, retries: 0, rejected: [], quarantined: [] });
  expect([...tally.acknowledged.keys()].map(Number).sort((a, b) => a - b)).toEqual([...Array(95).keys()]);
  expect(new Set(sectionsSent(sent))).toEqual(new Set(['envelope']));
});

test.each([
  ['2022', ['pin']],
  ['2023', ['pin', 'geo', 'user']],
  ['2023-stream', ['pin', 'geo', 'user']],
] as const)('clients of %s send sections one by one', async (generation, sections) => {
  const { url, sent } = await start();
  const tally = await generateLoad({ url, posts: 20, seed: 3, generation });
  expect(tally.rejected).toEqual([]);
  expect(tally.requests).toBe(sent.length);
  expect(new Set(sectionsSent(sent))).toEqual(new Set(sections));
});

test('only records that were not accepted are sent again', async () => {
  const { url, sent } = await start(['drop', 'partial', 'error', 'partial']);
  const tally = await generateLoad({ url, posts: 40, seed: 1, batch: 20, concurrency: 1 });
  expect(tally).toMatchObject({ sent: 40, accepted: 40, retries: 4 });
  expect(sent.map(({ key }) => key).sort()).toEqual([...Array(40).keys()].map(String).sort());
});

test('a record that is never accepted ends in an error that names it', async () => {
  const { url, server } = await start();
  await new Promise((resolve) => server.close(resolve));
  running = undefined;
  await expect(generateLoad({ url, posts: 1, giveUpAfter: 50 })).rejects.toThrow(
    /did not accept 1 records within 50 ms, first '0': connect ECONNREFUSED/,
  );
});

test('an address where nothing listens is reported within seconds', async () => {
  const { url, server } = await start();
  await new Promise((resolve) => server.close(resolve));
  running = undefined;
  const began = Date.now();
  await expect(generateLoad({ url, posts: 1 })).rejects.toThrow(/nothing answers at .*: connect ECONNREFUSED/);
  expect(Date.now() - began).toBeLessThan(20_000);
});

test('the load does not exceed the rate', async () => {
  const { url } = await start();
  const tally = await generateLoad({ url, posts: 30, batch: 1, rate: 100 });
  expect(tally.duration).toBeGreaterThanOrEqual(280);
});

describe('posts from files', () => {
  function files(all: Record<string, string>): string {
    folder = mkdtempSync(join(tmpdir(), 'posts-'));
    for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text);
    return folder;
  }

  test('sections are joined by their key; a key that a file repeats makes another post', () => {
    const dir = files({
      'pin.jsonl': '{"index":1,"category":"a"}\n\n{"index": 2,"category":"b"}\r\n{"index":1,"category":"c"}\n',
      'user.jsonl': '{"ind":"1","age":20}\n{"ind":3}\n',
    });
    expect(readPosts(dir)).toEqual([
      { key: '1', sections: { pin: '{"index":1,"category":"a"}', user: '{"ind":"1","age":20}' } },
      { key: '2', sections: { pin: '{"index": 2,"category":"b"}' } },
      { key: '1', sections: { pin: '{"index":1,"category":"c"}' } },
      { key: '3', sections: { user: '{"ind":3}' } },
    ]);
  });

  test('a line without a key is rejected by the API, its neighbours are accepted', async () => {
    const { url } = await start();
    const dir = files({ 'geo.jsonl': '{"ind":1}\n{"country":"x"}\nnot json\n{"ind":2,"latitude":95}\n' });
    const tally = await generateLoad({ url, input: dir, batch: 2 });
    expect(tally.acknowledged).toEqual(new Map([['1', new Set(['geo'])]]));
    expect(tally.quarantined).toEqual([{ key: '2', reason: 'geo.latitude 95' }]);
    expect(tally.rejected.map(({ key }) => key)).toEqual(['geo.jsonl:2', 'geo.jsonl:3']);
    expect(summary(tally)).toContain('2 rejected, 1 bound for quarantine');
  });

  test('a folder without any of the files is an error', () => {
    expect(() => readPosts(files({}))).toThrow('input folder must hold pin.jsonl, geo.jsonl or user.jsonl');
  });
});

describe('options', () => {
  test('are read', () => {
    const args =
      '--url http://127.0.0.1:1 --generation 2023 --posts 5 --rate 2 --seed 9 --batch 3 --concurrency 4 --sign';
    expect(parseOptions(args.split(' '))).toMatchObject({
      url: 'http://127.0.0.1:1',
      generation: '2023',
      posts: 5,
      rate: 2,
      seed: 9,
      batch: 3,
      concurrency: 4,
      sign: true,
    });
  });

  test.each([
    [[], '--url must be the http address of the ingest API'],
    [['--url', 'x'], "--url must be the http address of the ingest API, got 'x'"],
    [
      ['--url', 'http://a', '--generation', '2021'],
      "--generation must be one of native, 2022, 2023, 2023-stream, got '2021'",
    ],
    [['--url', 'http://a', '--posts', '-1'], '--posts'],
    [['--url', 'http://a', '--batch', '0'], "--batch must be an integer from 1 to 999999999999999, got '0'"],
    [['--url', 'http://a', '--speed', '1'], '--speed'],
  ])('%p is rejected in one line', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});

test('requests to AWS are signed for the API’s region', async () => {
  const before = { ...process.env };
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' });
  try {
    const url = new URL('https://abc.execute-api.eu-west-3.amazonaws.com/posts');
    const headers = await signerFor(url)(url, 'POST', { 'content-type': 'application/json' }, '{}');
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-3\/execute-api\/aws4_request, SignedHeaders=content-type;host;/,
    );
  } finally {
    process.env = before;
  }
});
