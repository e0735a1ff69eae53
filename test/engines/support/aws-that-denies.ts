/**
 * A fake for AWS that lets functions read objects and denies everything else. Kafka and Keyspaces accept connections over TLS, ask for
 * the login that AWS asks for, and deny it. Tests can look at what clients sent to log in.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { findJava } from '../../../tools/engines';

/** The host of CloudFormation's answer addresses. */
export const ANSWERS_HOST = 'cloudformation-custom-resource-response.s3.amazonaws.com';

export interface CustomResourceAnswer {
  readonly Status: string;
  readonly Reason?: string;
  readonly LogicalResourceId: string;
}

export interface AwsThatDenies {
  /** For functions, beside their own. */
  readonly environment: Readonly<Record<string, string>>;
  /** Presigned URLs with which clients logged in to Kafka. */
  readonly kafkaTokens: string[];
  /** What clients answered to the nonce of Keyspaces. */
  readonly keyspacesAnswers: string[];
  /** What custom resources answered. */
  readonly answers: CustomResourceAnswer[];
  stop(): Promise<void>;
}

/** What Keyspaces lets clients sign. */
const NONCE = '91703fdc2ef562e19fbdab0f58e42fe5';

const PASSWORD = 'throw-away';

/** A throw-away key with its certificate, made by the Java of the engines. */
function certificate(directory: string, names: readonly string[]) {
  const store = join(directory, 'key.p12');
  const keytool = (...args: readonly string[]) =>
    execFileSync(
      findJava().command,
      [
        ...['-m', 'java.base/sun.security.tools.keytool.Main', ...args, '-alias', 'key'],
        ...['-keystore', store, '-storetype', 'PKCS12', '-storepass', PASSWORD],
      ],
      { stdio: ['ignore', 'ignore', 'ignore'] },
    );
  const alternatives = names.map((name) => `dns:${name}`).join();
  const about = ['-dname', 'CN=fake', '-validity', '2', '-ext', `san=${alternatives}`, '-ext', 'bc=ca:true'];
  keytool('-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', ...about);
  const trusted = join(directory, 'trusted.pem');
  keytool('-exportcert', '-rfc', '-file', trusted);
  return { pfx: readFileSync(store), passphrase: PASSWORD, trusted };
}

/** Calls `take` with each frame. `length` returns a frame's bytes, or undefined until the head is complete. */
function onFrames(socket: Socket, length: (head: Buffer) => number | undefined, take: (frame: Buffer) => void): void {
  let held = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const bytes = length(held);
      if (bytes === undefined || held.length < bytes) return;
      take(held.subarray(0, bytes));
      held = held.subarray(bytes);
    }
  });
}

const int16 = (value: number) => Buffer.from([(value >> 8) & 0xff, value & 0xff]);
const int32 = (value: number) => Buffer.concat([int16(value >>> 16), int16(value)]);
/** As both protocols have it: two bytes of length, then the text. */
const text = (value: string) => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);

const API_VERSIONS = 18;
const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;
const SASL_AUTHENTICATION_FAILED = 58;

/** @see https://kafka.apache.org/protocol.html#protocol_messages */
function serveKafka(socket: Socket, tokens: string[]): void {
  const answer = (api: number, version: number, body: Buffer): Buffer => {
    if (api === API_VERSIONS) {
      const known = [API_VERSIONS, SASL_HANDSHAKE, SASL_AUTHENTICATE];
      const list = known.flatMap((key) => [int16(key), int16(0), int16(1)]);
      return Buffer.concat([int16(0), int32(known.length), ...list, ...(version > 0 ? [int32(0)] : [])]);
    }
    if (api === SASL_HANDSHAKE) return Buffer.concat([int16(0), int32(1), text('OAUTHBEARER')]);
    if (api !== SASL_AUTHENTICATE) throw new Error(`a client that is not logged in sent api ${api}`);
    const sent = body.subarray(4).toString();
    tokens.push(Buffer.from(/auth=Bearer ([\w-]+)/.exec(sent)?.[1] ?? '', 'base64url').toString());
    const denial = [int16(SASL_AUTHENTICATION_FAILED), text('Access denied'), int32(0)];
    return Buffer.concat([...denial, ...(version > 0 ? [int32(0), int32(0)] : [])]);
  };
  const length = (head: Buffer) => (head.length < 4 ? undefined : 4 + head.readInt32BE(0));
  onFrames(socket, length, (frame) => {
    const client = Math.max(0, frame.readInt16BE(12));
    const payload = answer(frame.readInt16BE(4), frame.readInt16BE(6), frame.subarray(14 + client));
    socket.write(Buffer.concat([int32(4 + payload.length), frame.subarray(8, 12), payload]));
  });
}

const CQL = {
  error: 0x00,
  authenticate: 0x03,
  options: 0x05,
  supported: 0x06,
  challenge: 0x0e,
  response: 0x0f,
} as const;
const PROTOCOL_ERROR = 0x0a;
const BAD_CREDENTIALS = 0x0100;
const VERSION = 4;

/** @see https://github.com/apache/cassandra/blob/trunk/doc/native_protocol_v4.spec */
function serveKeyspaces(socket: Socket, answers: string[]): void {
  const length = (head: Buffer) => (head.length < 9 ? undefined : 9 + head.readInt32BE(5));
  onFrames(socket, length, (frame) => {
    const send = (opcode: number, body: Buffer) => {
      const head = Buffer.from([0x80 | VERSION, 0, frame[2], frame[3], opcode]);
      socket.write(Buffer.concat([head, int32(body.length), body]));
    };
    if (frame[0] !== VERSION) {
      send(CQL.error, Buffer.concat([int32(PROTOCOL_ERROR), text('Invalid or unsupported protocol version')]));
    } else if (frame[4] === CQL.options) {
      send(CQL.supported, int16(0));
    } else if (frame[4] !== CQL.response) {
      send(CQL.authenticate, text('org.apache.cassandra.auth.PasswordAuthenticator'));
    } else {
      const sent = frame.subarray(13).toString();
      if (sent === 'SigV4\0\0') {
        const challenge = Buffer.from(`nonce=${NONCE}`);
        send(CQL.challenge, Buffer.concat([int32(challenge.length), challenge]));
      } else {
        answers.push(sent);
        send(CQL.error, Buffer.concat([int32(BAD_CREDENTIALS), text('Authentication failure')]));
      }
    }
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const listen = (server: Server) =>
  new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );

/** The message of whatever is denied. */
export const DENIED = 'the fake lets nobody do that';

const xml = (code: string) => `<Error><Code>${code}</Code><Message>${DENIED}</Message></Error>`;

/** In the shape of the protocol that the client speaks, which its user agent names. */
function deny({ headers }: IncomingMessage, response: ServerResponse): void {
  const [, api] = /api\/([\w-]+)#/.exec(String(headers['user-agent'])) ?? [];
  if (api === 's3') {
    response.writeHead(403).end(xml('AccessDenied'));
  } else if (api === 'ec2') {
    response.writeHead(403).end(`<Response><Errors>${xml('UnauthorizedOperation')}</Errors></Response>`);
  } else {
    response.writeHead(403, { 'content-type': 'application/json', 'x-amzn-errortype': 'AccessDeniedException' });
    response.end(JSON.stringify({ message: DENIED }));
  }
}

/**
 * @param directory for what is made on disk
 * @param objects S3's, by key, whatever the bucket
 */
export async function startAwsThatDenies(
  directory: string,
  objects: Readonly<Record<string, string>>,
): Promise<AwsThatDenies> {
  const region = 'us-east-1';
  const { pfx, passphrase, trusted } = certificate(directory, [
    'localhost',
    ANSWERS_HOST,
    `cassandra.${region}.amazonaws.com`,
  ]);
  const kafkaTokens: string[] = [];
  const keyspacesAnswers: string[] = [];
  const answers: CustomResourceAnswer[] = [];
  const kafka = createTlsServer({ pfx, passphrase }, (socket) => serveKafka(socket, kafkaTokens));
  const keyspaces = createTlsServer({ pfx, passphrase }, (socket) => serveKeyspaces(socket, keyspacesAnswers));
  const cloudFormation = createHttpsServer({ pfx, passphrase }, (request, response) => {
    void bodyOf(request).then((body) => {
      answers.push(JSON.parse(body) as CustomResourceAnswer);
      response.end();
    });
  });
  const kafkaPort = await listen(kafka);
  const aws = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
    const [, bucket, ...key] = decodeURIComponent(pathname).split('/');
    if (request.method === 'GET' && pathname.endsWith('/bootstrap-brokers')) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ bootstrapBrokerStringSaslIam: `localhost:${kafkaPort}` }));
    } else if (request.method === 'GET' && searchParams.get('list-type') === '2') {
      response.end(`<ListBucketResult><Name>${bucket}</Name><KeyCount>0</KeyCount></ListBucketResult>`);
    } else if (request.method === 'GET' && objects[key.join('/')] !== undefined) {
      response.end(objects[key.join('/')]);
    } else if (request.method === 'GET' && searchParams.get('x-id') === 'GetObject') {
      response.writeHead(404).end(xml('NoSuchKey'));
    } else {
      deny(request, response);
    }
  });
  const endpoint = `http://127.0.0.1:${await listen(aws)}`;
  const servers = [kafka, keyspaces, cloudFormation, aws];
  return {
    kafkaTokens,
    keyspacesAnswers,
    answers,
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ENDPOINT_URL_CLOUDWATCH: endpoint,
      NODE_EXTRA_CA_CERTS: trusted,
      NODE_OPTIONS: `--require ${JSON.stringify(join(__dirname, 'redirect.cjs'))}`,
      KEYSPACES_PORT: String(await listen(keyspaces)),
      ANSWERS_PORT: String(await listen(cloudFormation)),
      ANSWERS_HOST,
    },
    stop: async () => {
      aws.closeAllConnections();
      cloudFormation.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
