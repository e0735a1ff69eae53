import { connect, createServer } from 'node:net';

export const HOST = '127.0.0.1';

/** Ports handed out by this process: two engines that start at the same time must not get the same one. */
const given = new Set<number>();

function listen(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: HOST, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : resolve(port)));
    });
  });
}

/** A loopback port on which nothing listens and which this process has not handed out before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await listen(0);
    if (!given.has(port)) {
      given.add(port);
      return port;
    }
  }
}

/**
 * The wanted port; a free one if none is wanted.
 * @throws Error of one line, if the wanted port is in use
 */
export async function claimPort(what: string, wanted?: number): Promise<number> {
  if (wanted === undefined) {
    return freePort();
  }
  try {
    return await listen(wanted);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new Error(
      code === 'EADDRINUSE'
        ? `${what}: port ${wanted} is in use: stop what listens there, or choose another`
        : `${what}: port ${wanted} cannot be used: ${code}`,
    );
  }
}

/** Whether something accepts connections on the port. */
export function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
