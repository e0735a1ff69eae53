/** What all local HTTP services share. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { type AddressInfo } from 'node:net';

export interface RunningServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** Closes open connections as well. */
  stop(): Promise<void>;
}

/**
 * @param port 0 picks a free one
 * @param options `maxHeaderSize`: bytes of the request line and the headers, beyond which Node answers 431. @default 16 KB
 * @throws Error naming the port if it is taken
 */
export async function listen(
  what: string,
  port: number,
  listener: RequestListener,
  { maxHeaderSize }: Pick<ServerOptions, 'maxHeaderSize'> = {},
): Promise<RunningServer> {
  const server: Server = createServer({ maxHeaderSize }, listener);
  // Node's default of 5 s races with clients that reuse a connection just then. API Gateway also keeps connections for a minute.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`${what}: port ${port} is in use`) : error),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The body, or undefined if it is longer than `limit`. The rest is read and discarded, so that the client gets a response. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
  }
  return length <= limit ? Buffer.concat(chunks) : undefined;
}
