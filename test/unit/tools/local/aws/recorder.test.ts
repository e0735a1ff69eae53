import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CallRecorder, startRecorder } from '../../../../../tools/local/aws/recorder';

let directory: string;
let recorder: CallRecorder;
const servers: Server[] = [];

const portOf = async (server: Server): Promise<number> => {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

/** Returns what it received, and 404 under /missing. */
const echo = () =>
  portOf(
    createHttpServer((request, response) => {
      response.statusCode = request.url!.startsWith('/missing') ? 404 : 200;
      request.pipe(response);
    }),
  );

/** Accepts everything and sends nothing. */
const sink = () => portOf(createServer((socket) => socket.resume()));

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recorder-'));
  recorder = startRecorder(directory);
});

afterEach(async () => {
  await recorder.stop();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  rmSync(directory, { recursive: true });
});

test('an endpoint of the recorder forwards, and records method, path, status and the body of a POST', async () => {
  const url = await recorder.before('spark', 's3', `http://127.0.0.1:${await echo()}`);
  const answer = await fetch(`${url}/lake/?delete`, { method: 'POST', body: 'keys' });
  expect(await answer.text()).toBe('keys');
  expect((await fetch(`${url}/missing`)).status).toBe(404);
  const put = async () => (await fetch(`${url}/lake/a`, { method: 'PUT', body: 'secret' })).text();
  expect([await put(), await put()]).toEqual(['secret', 'secret']);
  const common = { caller: 'spark', plane: 'http', service: 's3' };
  expect(recorder.calls()).toEqual([
    { ...common, method: 'POST', path: '/lake/?delete', status: 200, body: 'keys' },
    { ...common, method: 'GET', path: '/missing', status: 404 },
    { ...common, method: 'PUT', path: '/lake/a', status: 200 },
  ]);
});

test('a function is observed inside its process: HTTP, Kafka and CQL, in whole and split frames', async () => {
  const [http, kafka, cql] = [await echo(), await sink(), await sink()];
  const program = `
    const net = require('node:net');
    const send = (port, ...chunks) => new Promise((done) => {
      const socket = net.connect(port, '127.0.0.1', () => {
        chunks.forEach((chunk) => socket.write(chunk));
        socket.end(done);
      });
    });
    const kafka = (api) => { const f = Buffer.alloc(12); f.writeInt32BE(8); f.writeInt16BE(api, 4); return f; };
    const cql = (opcode, text) => {
      const f = Buffer.alloc(13 + text.length); f[0] = 4; f[4] = opcode;
      f.writeInt32BE(4 + text.length, 5); f.writeInt32BE(text.length, 9); f.write(text, 13); return f;
    };
    (async () => {
      const get = require('node:http').get(process.env.AWS_ENDPOINT_URL_S3 + '/lake/a?x=1', (answer) => answer.resume());
      await new Promise((done) => get.once('close', done));
      const frame = kafka(22);
      await send(${kafka}, frame.subarray(0, 5), frame.subarray(5), Buffer.concat([kafka(0), kafka(3), kafka(0)]));
      await send(${cql}, Buffer.concat([cql(9, 'SELECT a'), cql(10, 'executed'), cql(7, 'SELECT b')]));
    })();`;
  await promisify(execFile)(process.execPath, ['-e', program], {
    env: {
      ...recorder.functionEnvironment,
      AWS_LAMBDA_FUNCTION_NAME: 'fn',
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${http}`,
      AWS_ENDPOINT_URL_KAFKA: 'http://127.0.0.1:1',
      AWS_ENDPOINT_URL_KEYSPACES: `cassandra://app:app@127.0.0.1:${cql}`,
    },
  });
  expect(recorder.calls()).toEqual([
    { caller: 'fn', plane: 'http', service: 's3', method: 'GET', path: '/lake/a?x=1', status: 200 },
    ...[22, 0, 3].map((api) => ({ caller: 'fn', plane: 'kafka', api })),
    ...['SELECT a', 'SELECT b'].map((statement) => ({ caller: 'fn', plane: 'cql', statement })),
  ]);
});
