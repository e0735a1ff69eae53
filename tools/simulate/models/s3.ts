/**
 * S3: objects under keys, conditional writes, listings in pages, each of which sees the objects of its own instant. The adapter of the
 * port runs over it, through a client that tries again by itself, as the SDK's does: so a conditional write whose answer was lost meets
 * its own effect.
 */
import { createHash } from 'node:crypto';
import { type S3Client } from '@aws-sdk/client-s3';
import { connectS3, type ObjectStore } from '../../../lambda/aws/s3';
import { connectLake, type OperatorLake } from '../../operate/lake';
import { type Process } from '../process';
import { type MemoryDisk } from './disk';

interface StoredObject {
  readonly body: Buffer;
  readonly etag: string;
}

interface Input {
  readonly Key: string;
  readonly Body: Buffer | string;
  readonly IfNoneMatch?: string;
  readonly IfMatch?: string;
  readonly Prefix: string;
  readonly StartAfter?: string;
  readonly ContinuationToken?: string;
}

/** Bytes of a part of a body that is read as a stream: small, so that lines are torn. */
const PART_BYTES = 64;
const PAGE_KEYS = 7;
const ATTEMPTS = 3;

function failed(name: string, httpStatusCode: number): Error {
  return Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
}

export class Bucket {
  readonly objects = new Map<string, StoredObject>();
  /** All keys: they are ASCII, so their own order is that of their bytes. */
  private readonly sorted: string[] = [];
  /** Called after each object that was written. */
  onPut: (key: string, body: Buffer, process?: Process) => void = () => undefined;

  keys(prefix = ''): string[] {
    return this.sorted.slice(this.firstFrom(prefix), this.firstFrom(`${prefix}\uffff`));
  }

  json(key: string): unknown {
    const object = this.objects.get(key);
    return object && JSON.parse(object.body.toString());
  }

  put(key: string, body: Buffer | string, process?: Process): void {
    if (!this.objects.has(key)) this.sorted.splice(this.firstFrom(key), 0, key);
    const bytes = Buffer.from(body as string);
    this.objects.set(key, { body: bytes, etag: `"${createHash('md5').update(bytes).digest('hex')}"` });
    this.onPut(key, bytes, process);
  }

  delete(key: string): void {
    if (this.objects.delete(key)) this.sorted.splice(this.firstFrom(key), 1);
  }

  /** The port of a process. */
  port(process: Process, disk: MemoryDisk): ObjectStore {
    const store = connectS3('lake', this.client(process));
    return {
      ...store,
      download: async (key, file) => disk.write(file, await store.get(key)),
      upload: (file, key, options) => store.put(key, disk.read(file), options),
    };
  }

  /** The lake of an operator, who may delete. */
  operatorPort(process: Process, disk: MemoryDisk): OperatorLake {
    const lake = connectLake('lake', this.client(process));
    return { ...lake, download: async (key, file) => disk.write(file, await lake.get(key)) };
  }

  private client(process: Process): S3Client {
    const client = {
      send: (command: { readonly constructor: { readonly name: string }; readonly input: Input }) => {
        const { input } = command;
        const name = command.constructor.name.replace('Command', '');
        return process.call({
          service: 's3',
          what: `${name} ${input.Key ?? input.Prefix}`,
          attempts: ATTEMPTS,
          failure: () => failed('SlowDown', 503),
          effect: () => this.handle(name, input, process),
        });
      },
    };
    return client as unknown as S3Client;
  }

  private handle(name: string, input: Input, process: Process): unknown {
    switch (name) {
      case 'GetObject': {
        const found = this.objects.get(input.Key);
        if (!found) throw failed('NoSuchKey', 404);
        const bytes = Buffer.from(found.body);
        const Body = {
          transformToByteArray: () => Promise.resolve(bytes),
          destroy: () => undefined,
          async *[Symbol.asyncIterator]() {
            for (let at = 0; at < bytes.length; at += PART_BYTES) yield bytes.subarray(at, at + PART_BYTES);
          },
        };
        return { ETag: found.etag, ContentLength: bytes.length, Body };
      }
      case 'PutObject': {
        const found = this.objects.get(input.Key);
        if (input.IfNoneMatch && found) throw failed('PreconditionFailed', 412);
        if (input.IfMatch && !found) throw failed('NoSuchKey', 404);
        if (input.IfMatch && found!.etag !== input.IfMatch) throw failed('PreconditionFailed', 412);
        this.put(input.Key, input.Body, process);
        return { ETag: this.objects.get(input.Key)!.etag };
      }
      case 'ListObjectsV2': {
        const after = input.ContinuationToken ?? input.StartAfter ?? '';
        const start = Math.max(this.firstFrom(input.Prefix), this.firstFrom(`${after}\u0000`));
        const end = this.firstFrom(`${input.Prefix}\uffff`);
        const page = this.sorted.slice(start, Math.min(end, start + PAGE_KEYS));
        const more = start + PAGE_KEYS < end;
        return {
          Contents: page.map((Key) => {
            const { body, etag } = this.objects.get(Key)!;
            return { Key, Size: body.length, ETag: etag };
          }),
          IsTruncated: more,
          NextContinuationToken: more ? page[page.length - 1] : undefined,
        };
      }
      case 'DeleteObject':
        this.delete(input.Key);
        return {};
      default:
        throw new Error(`the model of S3 does not know ${name}`);
    }
  }

  private firstFrom(key: string): number {
    const keys = this.sorted;
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (keys[middle] < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
