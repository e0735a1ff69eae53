/**
 * The port to S3: the operations that this project needs of an object store, bound to one bucket. Tests pass handlers a
 * fake of {@link ObjectStore}; `connectS3` is the real one.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { ENV, requireEnv } from '../runtime/env';

/** No object exists under the key. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
  constructor(
    readonly key: string,
    options?: ErrorOptions,
  ) {
    super(`object '${key}' does not exist`, options);
  }
}

/** What is read; undefined if there is no such object. */
export async function ifFound<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** The condition of a write does not hold: the key exists, or holds another version. */
export class PreconditionFailedError extends Error {
  override readonly name = 'PreconditionFailedError';
  constructor(
    readonly key: string,
    options?: ErrorOptions,
  ) {
    super(`object '${key}' exists already, or was changed`, options);
  }
}

export interface ListedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
}

export interface ObjectVersion {
  readonly body: Buffer;
  /** Names what was read, for {@link ObjectStore.putIfMatch}. */
  readonly etag: string;
}

/** An object that is read as it comes. */
export interface OpenObject {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  /** Gives up what is not read. */
  close(): void;
}

export interface ListOptions {
  readonly prefix: string;
  /** Only keys that sort after this one; it need not exist. */
  readonly startAfter?: string;
}

export interface PutOptions {
  readonly contentType?: string;
}

export interface ObjectStore {
  /** @throws NotFoundError */
  get(key: string): Promise<Buffer>;
  /** @throws NotFoundError */
  getVersion(key: string): Promise<ObjectVersion>;
  /** For objects that may be too large for memory. The caller closes it. @throws NotFoundError */
  open(key: string): Promise<OpenObject>;
  /** Writes or replaces. */
  put(key: string, body: Buffer | string, options?: PutOptions): Promise<void>;
  /** Writes only if the key is free: of concurrent writers exactly one succeeds. @throws PreconditionFailedError */
  putIfAbsent(key: string, body: Buffer | string, options?: PutOptions): Promise<void>;
  /** Replaces the version that was read, unless it changed since. @throws PreconditionFailedError, also if the object is gone */
  putIfMatch(key: string, body: Buffer | string, etag: string, options?: PutOptions): Promise<void>;
  /** Sorted by the UTF-8 bytes of the keys; pages are fetched on demand. */
  list(options: ListOptions): AsyncIterable<ListedObject>;
  /** @throws NotFoundError */
  download(key: string, file: string): Promise<void>;
  upload(file: string, key: string, options?: PutOptions): Promise<void>;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

/** Only for a missing key: a missing bucket is a wiring error and remains the SDK's own error. */
function asNotFound(error: unknown, key: string): unknown {
  return nameOf(error) === 'NoSuchKey' ? new NotFoundError(key, { cause: error }) : error;
}

/** How often a conditional write is retried when S3 reports another one to the same key in flight. */
const CONFLICT_ATTEMPTS = 5;

type Conditional = PutObjectCommandInput & { readonly Key: string } & (
    { readonly IfNoneMatch: '*' } | { readonly IfMatch: string }
  );

async function putConditionally(client: S3Client, input: Conditional): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.send(new PutObjectCommand(input));
      return;
    } catch (error) {
      // "If-Match" of a key that is gone is 404.
      if (statusOf(error) === 412 || nameOf(error) === 'NoSuchKey')
        throw new PreconditionFailedError(input.Key, { cause: error });
      // S3 rejects a conditional write that overlaps another one with 409 and asks for a retry.
      // @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
      if (statusOf(error) !== 409 || attempt === CONFLICT_ATTEMPTS) throw error;
    }
  }
}

export function connectS3(bucket: string, client: S3Client = new S3Client({})): ObjectStore {
  const respond = (key: string) =>
    client.send(new GetObjectCommand({ Bucket: bucket, Key: key })).catch((error: unknown) => {
      throw asNotFound(error, key);
    });

  async function getVersion(key: string): Promise<ObjectVersion> {
    const response = await respond(key);
    return { body: Buffer.from(await response.Body!.transformToByteArray()), etag: response.ETag! };
  }
  return {
    get: async (key) => (await getVersion(key)).body,
    getVersion,
    async open(key) {
      const { Body, ContentLength, ETag } = await respond(key);
      const body = Body as Readable;
      return { bytes: body, size: ContentLength!, etag: ETag!, close: () => void body.destroy() };
    },
    async put(key, body, options) {
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: options?.contentType }),
      );
    },
    async putIfAbsent(key, body, options) {
      const input = { Bucket: bucket, Key: key, Body: body, ContentType: options?.contentType };
      await putConditionally(client, { ...input, IfNoneMatch: '*' });
    },
    async putIfMatch(key, body, etag, options) {
      const input = { Bucket: bucket, Key: key, Body: body, ContentType: options?.contentType };
      await putConditionally(client, { ...input, IfMatch: etag });
    },
    async *list({ prefix, startAfter }) {
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            StartAfter: token === undefined ? startAfter : undefined,
            ContinuationToken: token,
          }),
        );
        for (const object of page.Contents ?? []) {
          yield { key: object.Key!, size: object.Size ?? 0, etag: object.ETag! };
        }
        token = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
    },
    async download(key, file) {
      await pipeline((await respond(key)).Body as Readable, createWriteStream(file));
    },
    async upload(file, key, options) {
      // With a known length the SDK streams the body; without one it buffers the body to measure it.
      const { size } = await stat(file);
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: createReadStream(file),
          ContentLength: size,
          ContentType: options?.contentType,
        }),
      );
    },
  };
}

/** The lake bucket named in the function's environment. */
export function lakeFromEnvironment(): ObjectStore {
  return connectS3(requireEnv(ENV.lakeBucket));
}
