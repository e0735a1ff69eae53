/** The temporary folder of an instance, in memory. */
import { createHash } from 'node:crypto';
import { type Disk } from '../../../lambda/compact/disk';

export class MemoryDisk implements Disk {
  private readonly files = new Map<string, Buffer>();
  private made = 0;

  read(path: string): Buffer {
    const body = this.files.get(path);
    if (!body) throw new Error(`ENOENT: no such file '${path}'`);
    return body;
  }

  write(path: string, body: Buffer): void {
    this.files.set(path, body);
  }

  async makeTemporary(prefix: string): Promise<string> {
    return `${prefix}${this.made++}`;
  }

  async makeFolder(): Promise<void> {
    // Paths are all there is.
  }

  async rename(from: string, to: string): Promise<void> {
    this.write(to, this.read(from));
    this.files.delete(from);
  }

  async remove(path: string): Promise<void> {
    for (const name of [...this.files.keys()])
      if (name === path || name.startsWith(`${path}/`)) this.files.delete(name);
  }

  async size(path: string): Promise<number> {
    return this.read(path).length;
  }

  async sha256(path: string): Promise<string> {
    return createHash('sha256').update(this.read(path)).digest('hex');
  }
}
