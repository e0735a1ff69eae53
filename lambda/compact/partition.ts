/** Compaction of one partition, interval by interval: lake to disk, DuckDB, disk to lake. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { intervalName, parseIntervalName, type IntervalStart } from '../domain/intervals';
import { serialize, type PartitionSummary, type Seal } from '../formats/interval-metadata';
import { mapConcurrently } from '../runtime/concurrent';
import { incompletePostsKey, postsKey, dedupIndexKey, dedupIndexPrefix, summaryKey } from '../formats/keys';
import { rawObjects } from '../aws/lake';
import { type ObjectStore } from '../aws/s3';
import { horizonStart, rangeOf, sourcesOf, type Resources } from './core';
import { runCompaction } from './engine';

export type LakeStore = Pick<ObjectStore, 'get' | 'put' | 'list' | 'download' | 'upload'>;

export interface PartitionOptions {
  readonly store: LakeStore;
  readonly partition: number;
  readonly intervalMinutes: number;
  readonly identityHorizonHours: number;
  readonly resources: Resources;
  /** Folder used only by this run. */
  readonly directory: string;
}

const CONCURRENT_DOWNLOADS = 16;

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** @returns a function that compacts one interval; dedup index files stay on disk for the intervals that follow */
export function partitionRun(options: PartitionOptions): (seal: Seal, previous?: Seal) => Promise<PartitionSummary> {
  const { store, partition, intervalMinutes, identityHorizonHours, directory } = options;
  const indexOnDisk = new Map<string, string>();
  let downloads = 0;

  async function download(key: string): Promise<string> {
    const path = join(directory, `download-${downloads++}`);
    await store.download(key, path);
    return path;
  }

  /** Lists the dedup index within the horizon. The lake's listing agrees with the chain: a seal is never withdrawn. */
  async function dedupIndexFiles(interval: IntervalStart): Promise<string[]> {
    const oldest = dedupIndexKey(horizonStart(interval, identityHorizonHours), partition);
    const end = dedupIndexKey(interval, partition);
    const keys: string[] = [];
    // Start after the key without its extension, so that the listing includes the oldest interval of the horizon.
    const startAfter = oldest.slice(0, oldest.lastIndexOf('.'));
    for await (const { key } of store.list({ prefix: dedupIndexPrefix(partition), startAfter })) {
      if (key >= end) break;
      keys.push(key);
    }
    return mapConcurrently(keys, CONCURRENT_DOWNLOADS, async (key) => {
      const path = indexOnDisk.get(key) ?? (await download(key));
      indexOnDisk.set(key, path);
      return path;
    });
  }

  async function incompletePostsFile(previous: Seal | undefined): Promise<string | undefined> {
    // A partition that was added later has no earlier incomplete posts.
    if (!previous?.partitions.some((each) => each.partition === partition)) return undefined;
    return download(incompletePostsKey(parseIntervalName(previous.interval, intervalMinutes), partition));
  }

  return async (seal, previous) => {
    const interval = parseIntervalName(seal.interval, intervalMinutes);
    const range = rangeOf(seal, partition);
    const parts = sourcesOf(await rawObjects(store, seal.topic, range), range);
    const sources = await mapConcurrently(parts, CONCURRENT_DOWNLOADS, async ({ item, from, to }) => ({
      item: { path: await download(item.key), from: item.from, to: item.to },
      from,
      to,
    }));
    const incompletePosts = await incompletePostsFile(previous);
    const folder = join(directory, seal.interval);
    await mkdir(join(folder, 'duckdb'), { recursive: true });
    const at = (name: string) => join(folder, name);
    const outputs = {
      records: at('records'),
      posts: at('posts'),
      dedupIndex: at('dedup-index'),
      incompletePosts: at('incomplete-posts'),
    };
    const horizon = intervalName(horizonStart(interval, identityHorizonHours));
    const counts = await runCompaction(
      { ...range, interval: seal.interval, horizon },
      { sources, dedupIndex: await dedupIndexFiles(interval), incompletePosts },
      outputs,
      join(folder, 'duckdb'),
      options.resources,
    );

    let bytes = 0;
    let sha256: string | null = null;
    if (counts.rows > 0) {
      bytes = (await stat(outputs.posts)).size;
      sha256 = await sha256Of(outputs.posts);
      await store.upload(outputs.posts, postsKey(interval, partition));
      await store.upload(outputs.dedupIndex, dedupIndexKey(interval, partition));
      const local = join(directory, `dedup-index-${seal.interval}`);
      await rename(outputs.dedupIndex, local);
      indexOnDisk.set(dedupIndexKey(interval, partition), local);
    }
    await store.upload(outputs.incompletePosts, incompletePostsKey(interval, partition));
    const { rows, duplicates, accepted, repeated, quarantined, controlRecords } = counts;
    const summary: PartitionSummary = {
      ...range,
      rows,
      bytes,
      sha256,
      rawObjects: parts.length,
      duplicates,
      accepted,
      repeated,
      quarantined,
      controlRecords,
    };
    // Written after its files: commit takes the summary as proof that they exist.
    await store.put(summaryKey(interval, partition), serialize(summary), { contentType: 'application/json' });

    await rm(folder, { recursive: true, force: true });
    await mapConcurrently(
      [...sources.map(({ item }) => item.path), ...(incompletePosts ? [incompletePosts] : [])],
      4,
      (path) => rm(path, { force: true }),
    );
    return summary;
  };
}
