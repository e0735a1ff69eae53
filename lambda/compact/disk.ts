/** What compaction needs of the local disk, beside what the engine does there. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';

export interface Disk {
  /** Makes a folder whose path begins so. @returns its path */
  makeTemporary(prefix: string): Promise<string>;
  /** With those above it. */
  makeFolder(path: string): Promise<unknown>;
  rename(from: string, to: string): Promise<void>;
  /** A file, or a folder with all in it; it need not exist. */
  remove(path: string): Promise<void>;
  /** Bytes. */
  size(path: string): Promise<number>;
  /** Hex. */
  sha256(path: string): Promise<string>;
}

export const DISK: Disk = {
  makeTemporary: mkdtemp,
  makeFolder: (path) => mkdir(path, { recursive: true }),
  rename,
  remove: (path) => rm(path, { recursive: true, force: true }),
  size: async (path) => (await stat(path)).size,
  async sha256(path) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return hash.digest('hex');
  },
};
