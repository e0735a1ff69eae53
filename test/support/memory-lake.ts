import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import {
  NotFoundError,
  PreconditionFailedError,
  type ListOptions,
  type OpenObject,
  type ObjectStore,
  type ObjectVersion,
} from '../../lambda/aws/s3';

const etagOf = (body: Buffer) => `"${createHash('md5').update(body).digest('hex')}"`;

/** Objects with their keys in order: a list that sorted all keys would take most of the time of tests with thousands. */
class Objects extends Map<string, Buffer> {
  private readonly sorted: string[] = [];

  override set(key: string, body: Buffer): this {
    if (!this.has(key)) this.sorted.splice(this.firstFrom(key), 0, key);
    return super.set(key, body);
  }

  override delete(key: string): boolean {
    if (this.has(key)) this.sorted.splice(this.firstFrom(key), 1);
    return super.delete(key);
  }

  override clear(): void {
    this.sorted.length = 0;
    super.clear();
  }

  under(prefix: string, startAfter = ''): string[] {
    const first = this.firstFrom(startAfter > prefix ? startAfter : prefix);
    let end = first;
    while (this.sorted[end]?.startsWith(prefix)) end++;
    return this.sorted.slice(this.sorted[first] === startAfter ? first + 1 : first, end);
  }

  /** Where `key` is, or would be. */
  private firstFrom(key: string): number {
    let [from, to] = [0, this.sorted.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.sorted[middle] < key) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** An object store in memory, with the semantics that the port promises. */
export class MemoryLake implements ObjectStore {
  readonly objects = new Objects();
  /** Every write, in order. */
  readonly writes: string[] = [];
  /** Every call, in order: `get KEY`, `list PREFIX after KEY` … */
  readonly calls: string[] = [];

  text(key: string): string {
    const body = this.objects.get(key);
    if (!body) throw new NotFoundError(key);
    return body.toString('utf8');
  }

  json(key: string): unknown {
    return JSON.parse(this.text(key));
  }

  keys(prefix = ''): string[] {
    return this.objects.under(prefix);
  }

  async get(key: string): Promise<Buffer> {
    this.calls.push(`get ${key}`);
    const body = this.objects.get(key);
    if (!body) throw new NotFoundError(key);
    return body;
  }

  async getVersion(key: string): Promise<ObjectVersion> {
    const body = await this.get(key);
    return { body, etag: etagOf(body) };
  }

  /** In parts that end anywhere. */
  async open(key: string): Promise<OpenObject> {
    const { body, etag } = await this.getVersion(key);
    const PART = 1_000;
    async function* parts() {
      for (let at = 0; at < body.length; at += PART) yield body.subarray(at, at + PART);
    }
    return { bytes: parts(), size: body.length, etag, close: () => undefined };
  }

  async put(key: string, body: Buffer | string): Promise<void> {
    this.writes.push(key);
    this.objects.set(key, Buffer.from(body));
  }

  async putIfAbsent(key: string, body: Buffer | string): Promise<void> {
    if (this.objects.has(key)) throw new PreconditionFailedError(key);
    await this.put(key, body);
  }

  async putIfMatch(key: string, body: Buffer | string, etag: string): Promise<void> {
    const stored = this.objects.get(key);
    if (!stored || etagOf(stored) !== etag) throw new PreconditionFailedError(key);
    await this.put(key, body);
  }

  async *list({ prefix, startAfter = '' }: ListOptions) {
    this.calls.push(`list ${prefix} after ${startAfter}`);
    for (const key of this.objects.under(prefix, startAfter)) {
      const body = this.objects.get(key)!;
      yield { key, size: body.length, etag: etagOf(body) };
    }
  }

  async download(key: string, file: string): Promise<void> {
    await writeFile(file, await this.get(key));
  }

  async delete(key: string): Promise<void> {
    this.calls.push(`delete ${key}`);
    this.objects.delete(key);
  }

  async upload(file: string, key: string): Promise<void> {
    await this.put(key, await readFile(file));
  }
}
