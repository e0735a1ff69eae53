/**
 * Records every AWS call of a local run from the bytes on the wire; the IAM test compares the roles of the templates with these
 * calls. Functions are observed inside their processes (`recorder-tap.mjs`). Spark and Airflow are not Node programs and get
 * endpoints that forward everything.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { listen, type RunningServer } from './server';

/** A recorded call. */
export type SeenCall = {
  /** Name of a function, or the one given to {@link CallRecorder.before}. */
  readonly caller: string;
} & (
  | {
      readonly plane: 'http';
      /** Which endpoint: S3, or the control API (Lambda, EMR Serverless, MSK, CloudWatch). */
      readonly service: 's3' | 'control';
      readonly method: string;
      /** Path and query, as sent. */
      readonly path: string;
      readonly status: number;
      /** The operation, where the protocol has it in a header (`x-amz-target`). */
      readonly target?: string;
      /** Only of a POST with a short body, which may name further resources. */
      readonly body?: string;
    }
  | { readonly plane: 'kafka'; readonly api: number }
  | { readonly plane: 'cql'; readonly statement: string }
);

export interface CallRecorder {
  /** Added to the environment of every function. */
  readonly functionEnvironment: Readonly<Record<string, string>>;
  /** An endpoint for `caller` that forwards requests to `target`. */
  before(caller: string, service: 's3' | 'control', target: string): Promise<string>;
  /** All calls so far, without duplicates. */
  calls(): SeenCall[];
  stop(): Promise<void>;
}

/** A longer body is data. */
const BODY_LIMIT = 64 * 1024;

/** @param directory absolute; an earlier recording there is deleted */
export function startRecorder(directory: string): CallRecorder {
  const file = join(directory, 'calls.jsonl');
  rmSync(file, { force: true });
  mkdirSync(directory, { recursive: true });
  const record = (call: SeenCall) => appendFileSync(file, `${JSON.stringify(call)}\n`);
  const servers: RunningServer[] = [];
  return {
    functionEnvironment: {
      CALLS_FILE: file,
      NODE_OPTIONS: `--import=${pathToFileURL(join(__dirname, 'recorder-tap.mjs')).href}`,
    },
    async before(caller, service, target) {
      const server = await listen(`recorder of ${caller}`, 0, (request, response) =>
        forward(request, response, target, (seen) => record({ caller, plane: 'http', service, ...seen })),
      );
      servers.push(server);
      return server.url;
    },
    calls: () => {
      const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
      return [...new Set(lines)].map((line) => JSON.parse(line) as SeenCall);
    },
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body?: string;
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
  onCall: (seen: Seen) => void,
): void {
  const { method = 'GET', url: path = '/' } = request;
  const headers = { ...request.headers };
  // This server has already sent 100 Continue.
  delete headers.expect;
  let body = Buffer.alloc(0);
  const sent = send(`${target}${path}`, { method, headers }, (received) => {
    const named = method === 'POST' && body.length > 0 ? { body: body.toString('utf8') } : {};
    onCall({ method, path, status: received.statusCode ?? 0, ...named });
    response.writeHead(received.statusCode ?? 502, received.headers);
    received.pipe(response);
  });
  sent.once('error', () => response.destroy());
  request.on('data', (chunk: Buffer) => {
    if (body.length <= BODY_LIMIT) body = Buffer.concat([body, chunk]);
  });
  request.pipe(sent);
}
