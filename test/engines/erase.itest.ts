/**
 * `npm run erase` as it is run, on a real S3 with the real compaction: archived, sealed, compacted, erased, compacted again.
 * The function that compacts is called over HTTP, as Lambda is.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdDecompressSync } from 'node:zlib';
import { type S3Client } from '@aws-sdk/client-s3';
import { type KafkaRecord } from '../../lambda/domain/decode';
import { connectS3, type ObjectStore } from '../../lambda/aws/s3';
import { s3Client, type S3Engine, startS3 } from '../../tools/engines';
import { type Compact } from '../../tools/operate/erase/erase';
import { openDuckdb } from '../support/duckdb';
import { compaction, sealedLog } from '../support/sealed-log';
import { ROOT } from '../../tools/kit/root';

const HOUR = 3_600_000;
const START = Date.parse('2026-11-22T00:00:00Z');
const LAKE = 'lake';
const CLI = join(ROOT, 'tools', 'pipeline.ts');

let dir: string;
let s3: S3Engine;
let client: S3Client;
let store: ObjectStore;
let compact: Compact;
let lambda: Server;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'erase-'));
  s3 = await startS3({ dir: join(dir, 's3'), persistent: false });
  await s3.createBucket(LAKE);
  client = s3Client(s3.endpoint);
  store = connectS3(LAKE, client);
  compact = compaction(store, dir, 24);
  lambda = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url !== '/2015-03-31/functions/compact/invocations') return response.writeHead(404).end('{}');
      compact(JSON.parse(Buffer.concat(chunks).toString('utf8'))).then(
        (answer) => response.end(JSON.stringify(answer)),
        (error: Error) =>
          response.setHeader('X-Amz-Function-Error', 'Unhandled').end(JSON.stringify({ errorMessage: error.message })),
      );
    });
  });
  await new Promise<void>((resolve) => lambda.listen(0, '127.0.0.1', resolve));
}, 60_000);

afterAll(async () => {
  lambda?.closeAllConnections();
  lambda?.close();
  client?.destroy();
  await s3?.kill9();
  rmSync(dir, { recursive: true, force: true });
});

const user = (ind: number, first_name: string) => ({
  ind,
  first_name,
  last_name: 'Quillfeather',
  age: 36,
  date_joined: '2016-01-02 03:04:05',
});

/** Posts of Zenobia and of Hilda, who share the rest; their sections in one record, in three over two intervals, and none at all. */
function logOf(): KafkaRecord[] {
  const log: KafkaRecord[] = [];
  const send = (hour: number, key: number, value: unknown, section?: string) =>
    log.push({
      partition: 0,
      offset: log.length,
      timestamp: START + hour * HOUR,
      key: Buffer.from(String(key)),
      value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
      headers: section ? { section } : {},
    });
  const people = ['Zenobia', 'Hilda'];
  people.forEach((name, i) => {
    const pin = { index: i, category: 'art', poster_name: `${name} Q.` };
    send(0, i, { pin, geo: { ind: i, country: 'Fiji' }, user: user(i, name) });
    send(0, 10 + i, { index: 10 + i, category: 'art', description: `by ${name}` }, 'pin');
    send(0, 20 + i, { user: { ...user(20 + i, name), age: 900 } });
  });
  people.forEach((name, i) => {
    send(1, 10 + i, user(10 + i, name), 'user');
    send(1, 10 + i, { ind: 10 + i, country: 'Fiji' }, 'geo');
    send(1, 30 + i, `{"user": {"first_name": "${name}", "last_name": "Quillfeather"`);
  });
  // An interval of nobody but her.
  send(2, 40, user(40, 'Zenobia'), 'user');
  return log;
}

/** Every object as text, by key: of what is compressed, its content. */
async function contents(): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const instance = await openDuckdb();
  const connection = await instance.connect();
  const file = join(dir, 'look.parquet');
  for await (const { key } of store.list({ prefix: '' })) {
    const body = await store.get(key);
    if (key.endsWith('.zst')) texts.set(key, zstdDecompressSync(body).toString('utf8'));
    else if (key.endsWith('.parquet')) {
      writeFileSync(file, body);
      const rows = (await connection.runAndReadAll(`FROM read_parquet('${file}')`)).getRowObjectsJson();
      texts.set(key, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    } else if (key.startsWith('quarantine/')) {
      const { payload } = JSON.parse(body.toString('utf8')) as { payload: string };
      texts.set(key, body.toString('utf8') + Buffer.from(payload, 'base64').toString('utf8'));
    } else texts.set(key, body.toString('utf8'));
  }
  connection.closeSync();
  instance.closeSync();
  return texts;
}

const PERSON = ['--first-name', 'Zenobia', '--last-name', 'Quillfeather', '--age', '36'];

async function run(...args: string[]): Promise<string[]> {
  const { port } = lambda.address() as AddressInfo;
  const { stdout } = await promisify(execFile)(
    join(ROOT, 'node_modules', '.bin', 'tsx'),
    [CLI, 'erase', '--lake', LAKE, ...PERSON, '--date-joined', '2016-01-02T03:04:05Z', ...args],
    {
      env: {
        PATH: process.env.PATH,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_ENDPOINT_URL_S3: s3.endpoint,
        AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${port}`,
      },
    },
  );
  expect(stdout).not.toMatch(/Zenobia|Quillfeather/);
  return stdout.trimEnd().split('\n');
}

test('a person is in no current object any more, and everybody else in all that they were in', async () => {
  const intervals = await sealedLog(store, compact, 0, logOf());
  const before = await contents();
  const named = [...before].filter(([, text]) => text.includes('Zenobia')).map(([key]) => key);
  const kinds = [...new Set(named.map((key) => key.replace(/\/.*/, '')))];
  expect(kinds.sort()).toEqual(['incomplete-posts', 'posts', 'quarantine', 'raw']);

  const searched = await run();
  expect(searched.at(-1)).toMatch(/^1\d left$/);
  expect(await contents()).toEqual(before);

  const erased = await run('--yes', '--compact', 'compact');
  expect(erased.at(-1)).toBe('0 left');
  expect(erased.join('\n')).toContain(`"conf":{"from":"${intervals[0]}","to":"${intervals[2]}"}`);
  const after = await contents();
  for (const [key, text] of after) expect({ key, named: text.includes('Zenobia') }).toEqual({ key, named: false });

  // What is not hers is as it was, row for row and line for line.
  const lines = (texts: Map<string, string>, prefix: string) =>
    [...texts]
      .filter(([key]) => key.startsWith(prefix))
      .flatMap(([key, text]) => text.split('\n').map((line) => `${key} ${line}`))
      .filter((line) => line.includes('Hilda'));
  for (const prefix of ['raw/', 'posts/', 'incomplete-posts/', 'quarantine/']) {
    expect(lines(before, prefix).length).toBeGreaterThan(0);
    expect(lines(after, prefix)).toEqual(lines(before, prefix));
  }

  // Compaction takes the log as it is now, and finds all offsets.
  await compact({ step: 'compact', partition: 0, intervals });
  await compact({ step: 'commit', intervals });
  expect(await contents()).toEqual(after);
  expect((await run()).at(-1)).toBe('0 left');
}, 120_000);
