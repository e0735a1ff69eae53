/** Stands between clients and S3, and lets requests go wrong. */
import { type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import { finished, pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Random } from '../../loadgen/random';
import { listen } from '../aws/server';

export interface LakeProxy {
  readonly url: string;
  /** From now on this share of the requests goes wrong; no mishap: none does. */
  set(shares: Shares): void;
  stop(): Promise<void>;
}

type Shares = Readonly<Partial<Record<Mishap, number>>>;

/** What happens to a request. */
export type Mishap =
  /** 503, and nothing is done. */
  | 'rejected'
  /** 500, though it is done. */
  | 'failedLate'
  /** It is done, and the connection breaks. */
  | 'unanswered'
  /** The connection breaks in the middle of what is sent, or received. */
  | 'torn'
  /** It waits before it is forwarded. */
  | 'slow';

const SLOW_MS = [1_000, 4_000] as const;

/** @param target `http://127.0.0.1:PORT` */
export async function startLakeProxy(target: string, random: Random): Promise<LakeProxy> {
  let shares: Shares = {};
  const draw = (): Mishap | undefined => {
    let rest = random.next();
    for (const [mishap, share] of Object.entries(shares)) {
      rest -= share;
      if (rest < 0) return mishap as Mishap;
    }
    return undefined;
  };
  const server = await listen('faults before S3', 0, (request, response) => {
    // A connection that breaks is what is wanted, or the client's own doing.
    forward(request, response, target, { mishap: draw(), slowMs: random.integer(...SLOW_MS) }).catch(() => {
      response.destroy();
    });
  });
  return {
    url: server.url,
    set: (next) => (shares = next),
    stop: () => server.stop(),
  };
}

function respond(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>Chaos</Message></Error>`);
}

/** The first half of a body whose length its headers say, then an error. */
async function* half({ headers }: IncomingMessage, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = Math.floor(Number(headers['content-length'] ?? 0) / 2);
  for await (const chunk of body) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) break;
  }
  throw new Error('torn');
}

async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
  { mishap, slowMs }: { readonly mishap: Mishap | undefined; readonly slowMs: number },
): Promise<void> {
  const { method = 'GET', url: path = '/' } = request;
  if (mishap === 'slow') await sleep(slowMs);
  if (mishap === 'rejected') {
    request.resume();
    return respond(response, 503, 'SlowDown');
  }
  const headers = { ...request.headers };
  // This server has already sent 100 Continue.
  delete headers.expect;
  const forwarded = send(`${target}${path}`, { method, headers, agent: false });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    forwarded.once('response', resolve).once('error', reject);
  });
  answered.catch(() => undefined);
  const isUpload = method === 'PUT' || method === 'POST';
  await pipeline(mishap === 'torn' && isUpload ? half(request, request) : request, forwarded);
  const received = await answered;
  if (mishap === 'failedLate' || mishap === 'unanswered') {
    received.resume();
    await finished(received);
    if (mishap === 'unanswered') response.destroy();
    else respond(response, 500, 'InternalError');
    return;
  }
  response.writeHead(received.statusCode ?? 502, received.headers);
  await pipeline(mishap === 'torn' ? half(received, received) : received, response);
}
