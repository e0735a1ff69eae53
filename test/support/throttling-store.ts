/**
 * Stands between functions and Cassandra and responds to statements as Keyspaces does where it throttles: with a timeout, at once.
 * @see https://github.com/apache/cassandra/blob/trunk/doc/native_protocol_v4.spec
 */
import { connect as dial, createServer, type AddressInfo, type Socket } from 'node:net';

const HOST = '127.0.0.1';
const HEADER_BYTES = 9;
const EXECUTE = 0x0a;
const ERROR = 0x00;
const WRITE_TIMEOUT = 0x1100;
const LOCAL_QUORUM = 0x0006;

export interface ThrottlingStore {
  /** Begins to forward, and returns the endpoint in front. */
  before(endpointUrl: string): Promise<string>;
  throttle(on: boolean): void;
  stop(): void;
}

/** Calls `use` with each whole frame of a connection: what is injected must not fall into the middle of one. */
function frames(socket: Socket, use: (frame: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const length = rest.length < HEADER_BYTES ? Infinity : HEADER_BYTES + rest.readUInt32BE(5);
      if (rest.length < length) return;
      use(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  });
}

/** The response to a request: 0 of 2 replicas acknowledged the write. */
function timeoutOf(request: Buffer): Buffer {
  const text = (value: string) => Buffer.from(`\0${String.fromCharCode(value.length)}${value}`, 'latin1');
  const numbers = Buffer.alloc(10);
  numbers.writeUInt16BE(LOCAL_QUORUM, 0);
  numbers.writeInt32BE(2, 6);
  const code = Buffer.alloc(4);
  code.writeInt32BE(WRITE_TIMEOUT);
  const body = Buffer.concat([code, text('out of capacity'), numbers, text('SIMPLE')]);
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = 0x80 | request[0];
  // The stream by which the client finds the request.
  request.copy(header, 2, 2, 4);
  header[4] = ERROR;
  header.writeUInt32BE(body.length, 5);
  return Buffer.concat([header, body]);
}

export function throttlingStore(): ThrottlingStore {
  let throttles = false;
  let stop: () => void = () => undefined;
  return {
    async before(endpointUrl) {
      const url = new URL(endpointUrl);
      const behind = { host: url.hostname, port: Number(url.port) };
      const open = new Set<Socket>();
      const server = createServer((client) => {
        const store = dial(behind);
        for (const [socket, other] of [
          [client, store],
          [store, client],
        ]) {
          open.add(socket);
          socket.on('error', () => undefined).on('close', () => other.destroy() && open.delete(socket));
        }
        frames(
          client,
          (frame) => void (throttles && frame[4] === EXECUTE ? client.write(timeoutOf(frame)) : store.write(frame)),
        );
        frames(store, (frame) => void client.write(frame));
      });
      await new Promise<void>((resolve) => void server.listen(0, HOST, resolve));
      stop = () => {
        server.close();
        open.forEach((socket) => socket.destroy());
      };
      url.port = String((server.address() as AddressInfo).port);
      return url.href;
    },
    throttle: (on) => void (throttles = on),
    stop: () => stop(),
  };
}
