import { CreateBucketCommand, S3Client, type S3ServiceException } from '@aws-sdk/client-s3';
import { join } from 'node:path';
import { type Engine, startEngine } from './engine';
import { installed } from './paths';
import { HOST, claimPort } from './ports';
import { supervise } from './supervise';

export interface S3Options {
  /** Absolute folder for data and log. */
  readonly dir: string;
  /** Whether objects are stored on disk and survive the process; otherwise in its memory. */
  readonly persistent: boolean;
  /** @default - a free port */
  readonly port?: number;
}

/** A running S3 (MiniStack). Any region; credentials test / test. */
export interface S3Engine extends Engine {
  /** `http://127.0.0.1:PORT`; clients choose path style, because the host is an address. */
  readonly endpoint: string;
  readonly port: number;
  /** Creates a bucket unless it exists. */
  createBucket(name: string): Promise<void>;
}

/** A client for a running S3. The caller destroys it. */
export const s3Client = (endpoint: string): S3Client =>
  new S3Client({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });

async function createBucket(endpoint: string, name: string): Promise<void> {
  const client = s3Client(endpoint);
  try {
    await client.send(new CreateBucketCommand({ Bucket: name }));
  } catch (error) {
    if (!['BucketAlreadyOwnedByYou', 'BucketAlreadyExists'].includes((error as S3ServiceException).name)) {
      throw error;
    }
  } finally {
    client.destroy();
  }
}

/**
 * Starts MiniStack with only its S3, and waits until it is ready.
 * @throws Error of one line (not installed, port in use, folder in use), or with the end of the log
 */
export async function startS3(options: S3Options): Promise<S3Engine> {
  const command = installed('s3', 'bin', 'ministack');
  const port = await claimPort('s3', options.port);
  const endpoint = `http://${HOST}:${port}`;
  const start = () =>
    supervise({
      name: 's3',
      dir: options.dir,
      command,
      args: [],
      env: {
        PATH: process.env.PATH,
        HOME: options.dir,
        TMPDIR: options.dir,
        BIND_HOST: HOST, // Its default is every interface.
        GATEWAY_PORT: String(port),
        SERVICES: 's3',
        S3_PERSIST: options.persistent ? '1' : '0',
        S3_DATA_DIR: join(options.dir, 'data'),
        PYTHONUNBUFFERED: '1',
      },
      ready: async () => (await fetch(`${endpoint}/_ministack/health`)).ok,
    });
  return startEngine<S3Engine>(start, {
    endpoint,
    port,
    createBucket: (name) => createBucket(endpoint, name),
  });
}
