/** Compaction of one partition, bucket by bucket: lake to disk, DuckDB, disk to lake. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bucketName, parseBucketName, type BucketStart } from '../domain/intervals';
import { serialize, type PartitionSummary, type Seal } from '../formats/interval-metadata';
import { mapConcurrently } from '../runtime/concurrent';
import { pendingKey, postsKey, seenKey, seenPrefix, summaryKey } from '../formats/keys';
import { rawObjects } from '../aws/lake';
import { type ObjectStore } from '../aws/s3';
import { horizonStart, rangeOf, sourcesOf, type Resources } from './core';
import { runCompaction } from './engine';

export type LakeStore = Pick<ObjectStore, 'get' | 'put' | 'list' | 'download' | 'upload'>;

export interface PartitionOptions {
  readonly store: LakeStore;
  readonly partition: number;
  readonly bucketMinutes: number;
  readonly identityHorizonHours: number;
  readonly resources: Resources;
  /** Folder of this run alone. */
  readonly directory: string;
}

const CONCURRENT_DOWNLOADS = 16;

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** @returns a function that compacts one bucket; the files of the horizon stay on disk for the buckets that follow */
export function partitionRun(options: PartitionOptions): (seal: Seal, previous?: Seal) => Promise<PartitionSummary> {
  const { store, partition, bucketMinutes, identityHorizonHours, directory } = options;
  const seenOnDisk = new Map<string, string>();
  let downloads = 0;

  async function download(key: string): Promise<string> {
    const path = join(directory, `download-${downloads++}`);
    await store.download(key, path);
    return path;
  }

  /** The horizon as it lies in the lake. That is what the chain says: a sealed bucket is never taken back. */
  async function seenFiles(bucket: BucketStart): Promise<string[]> {
    const oldest = seenKey(horizonStart(bucket, identityHorizonHours), partition);
    const end = seenKey(bucket, partition);
    const keys: string[] = [];
    // "After" the key without its ending, so that the oldest bucket that counts is among them.
    const startAfter = oldest.slice(0, oldest.lastIndexOf('.'));
    for await (const { key } of store.list({ prefix: seenPrefix(partition), startAfter })) {
      if (key >= end) break;
      keys.push(key);
    }
    return mapConcurrently(keys, CONCURRENT_DOWNLOADS, async (key) => {
      const path = seenOnDisk.get(key) ?? (await download(key));
      seenOnDisk.set(key, path);
      return path;
    });
  }

  async function pendingFile(previous: Seal | undefined): Promise<string | undefined> {
    // A partition that was added later has no past.
    if (!previous?.partitions.some((each) => each.partition === partition)) return undefined;
    return download(pendingKey(parseBucketName(previous.bucket, bucketMinutes), partition));
  }

  return async (seal, previous) => {
    const bucket = parseBucketName(seal.bucket, bucketMinutes);
    const range = rangeOf(seal, partition);
    const parts = sourcesOf(await rawObjects(store, seal.topic, range), range);
    const sources = await mapConcurrently(parts, CONCURRENT_DOWNLOADS, async ({ item, from, to }) => ({
      item: { path: await download(item.key), from: item.from, to: item.to },
      from,
      to,
    }));
    const pending = await pendingFile(previous);
    const folder = join(directory, seal.bucket);
    await mkdir(join(folder, 'duckdb'), { recursive: true });
    const at = (name: string) => join(folder, name);
    const outputs = { records: at('records'), posts: at('posts'), seen: at('seen'), pending: at('pending') };
    const horizon = bucketName(horizonStart(bucket, identityHorizonHours));
    const counts = await runCompaction(
      { ...range, bucket: seal.bucket, horizon },
      { sources, seen: await seenFiles(bucket), pending },
      outputs,
      join(folder, 'duckdb'),
      options.resources,
    );

    let bytes = 0;
    let sha256: string | null = null;
    if (counts.rows > 0) {
      bytes = (await stat(outputs.posts)).size;
      sha256 = await sha256Of(outputs.posts);
      await store.upload(outputs.posts, postsKey(bucket, partition));
      await store.upload(outputs.seen, seenKey(bucket, partition));
      const kept = join(directory, `seen-${seal.bucket}`);
      await rename(outputs.seen, kept);
      seenOnDisk.set(seenKey(bucket, partition), kept);
    }
    await store.upload(outputs.pending, pendingKey(bucket, partition));
    const { rows, duplicates, kept, repeated, quarantined, ticks } = counts;
    const summary: PartitionSummary = {
      ...range,
      rows,
      bytes,
      sha256,
      rawObjects: parts.length,
      duplicates,
      kept,
      repeated,
      quarantined,
      ticks,
    };
    // After its files: commit takes it for the word that they are there.
    await store.put(summaryKey(bucket, partition), serialize(summary), { contentType: 'application/json' });

    await rm(folder, { recursive: true, force: true });
    await mapConcurrently([...sources.map(({ item }) => item.path), ...(pending ? [pending] : [])], 4, (path) =>
      rm(path, { force: true }),
    );
    return summary;
  };
}
