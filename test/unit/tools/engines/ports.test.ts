import { createServer } from 'node:net';
import { claimPort, freePort, isOpen } from '../../../../tools/engines/ports';

describe('ports', () => {
  it('are never given twice, even to concurrent callers', async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
    expect(new Set(ports).size).toBe(50);
  });

  it('are free to listen on when given', async () => {
    expect(await isOpen(await freePort())).toBe(false);
  });

  it('that are in use are an error of one line with the port', async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    try {
      expect(await isOpen(port)).toBe(true);
      await expect(claimPort('kafka', port)).rejects.toThrow(
        new Error(`kafka: port ${port} is in use: stop what listens there, or choose another`),
      );
    } finally {
      server.close();
    }
  });

  it('are the wanted ones when those are free', async () => {
    const port = await freePort();
    expect(await claimPort('kafka', port)).toBe(port);
  });
});
