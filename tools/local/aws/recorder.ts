/**
 * Records every AWS call of a local run, as bytes on the wire tell it: what the IAM test holds the roles of the templates
 * against. Functions are watched from inside their processes (`recorder-tap.mjs`); Spark and Airflow, which are no Node
 * programs, get endpoints of their own that pass everything on.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { listen, type RunningServer } from './server';

/** A call as it was seen. */
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
      /** The operation, where the protocol names it by a header (`x-amz-target`). */
      readonly target?: string;
      /** Of a POST with a short body: it may name further resources. */
      readonly body?: string;
    }
  | { readonly plane: 'kafka'; readonly api: number }
  | { readonly plane: 'cql'; readonly statement: string }
);

export interface CallRecorder {
  /** What the environment of every function must have. */
  readonly functionEnvironment: Readonly<Record<string, string>>;
  /** An endpoint that passes on to `target` what `caller` asks there. */
  before(caller: string, service: 's3' | 'control', target: string): Promise<string>;
  /** Everything seen so far, each once. */
  calls(): SeenCall[];
  stop(): Promise<void>;
}

/** A body beyond this names nothing but holds data. */
const BODY_LIMIT = 64 * 1024;

/** @param directory absolute; what an earlier recording left there goes */
export function startRecorder(directory: string): CallRecorder {
  const file = join(directory, 'calls.jsonl');
  rmSync(file, { force: true });
  mkdirSync(directory, { recursive: true });
  const tell = (call: SeenCall) => appendFileSync(file, `${JSON.stringify(call)}\n`);
  const servers: RunningServer[] = [];
  return {
    functionEnvironment: {
      CALLS_FILE: file,
      NODE_OPTIONS: `--import=${pathToFileURL(join(__dirname, 'recorder-tap.mjs')).href}`,
    },
    async before(caller, service, target) {
      const server = await listen(`recorder of ${caller}`, 0, (request, response) =>
        passOn(request, response, target, (seen) => tell({ caller, plane: 'http', service, ...seen })),
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

function passOn(request: IncomingMessage, response: ServerResponse, target: string, tell: (seen: Seen) => void): void {
  const { method = 'GET', url: path = '/' } = request;
  const headers = { ...request.headers };
  // The client has its 100 Continue from here.
  delete headers.expect;
  let body = Buffer.alloc(0);
  const forward = send(`${target}${path}`, { method, headers }, (answer) => {
    const named = method === 'POST' && body.length > 0 ? { body: body.toString('utf8') } : {};
    tell({ method, path, status: answer.statusCode ?? 0, ...named });
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  forward.once('error', () => response.destroy());
  request.on('data', (chunk: Buffer) => {
    if (body.length <= BODY_LIMIT) body = Buffer.concat([body, chunk]);
  });
  request.pipe(forward);
}
