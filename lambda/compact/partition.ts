/** Compaction of one partition, interval by interval: lake to disk, DuckDB, disk to lake. */
import { join } from 'node:path';
import { intervalName } from '../domain/intervals';
import { serialize, type PartitionSummary } from '../formats/interval-metadata';
import { mapConcurrently } from '../runtime/concurrent';
import { incompletePostsKey, postsKey, dedupIndexKey, summaryKey } from '../formats/keys';
import { type ObjectStore } from '../aws/s3';
import { type Disk } from './disk';
import { type Compaction } from './engine';
import { type Inputs } from './inputs';

export interface PartitionOptions {
  readonly store: Pick<ObjectStore, 'put' | 'download' | 'upload'>;
  readonly compaction: Compaction;
  readonly disk: Disk;
  /** Folder of this run alone. */
  readonly directory: string;
}

const CONCURRENT_DOWNLOADS = 16;

/**
 * @returns a function that compacts one interval and partition; the files of the horizon stay on disk for the intervals that follow.
 * `plan` names the plan of a run that computes what is there already.
 */
export function partitionRun(options: PartitionOptions): (inputs: Inputs, plan?: string) => Promise<PartitionSummary> {
  const { store, compaction, disk, directory } = options;
  const indexOnDisk = new Map<string, string>();
  let downloads = 0;

  async function download(key: string): Promise<string> {
    const path = join(directory, `download-${downloads++}`);
    await store.download(key, path);
    return path;
  }

  async function onDisk(key: string): Promise<string> {
    const path = indexOnDisk.get(key) ?? (await download(key));
    indexOnDisk.set(key, path);
    return path;
  }

  return async (inputs, plan) => {
    const { interval, range, horizon } = inputs;
    const { partition } = range;
    const name = intervalName(interval);
    const sources = await mapConcurrently(inputs.sources, CONCURRENT_DOWNLOADS, async ({ item, from, to }) => ({
      item: { path: await download(item.key), from: item.from, to: item.to },
      from,
      to,
    }));
    const incompletePosts = inputs.incompletePosts && (await download(inputs.incompletePosts.key));
    const dedupIndex = await mapConcurrently(inputs.dedupIndex, CONCURRENT_DOWNLOADS, ({ key }) => onDisk(key));
    const folder = join(directory, `${name}-${partition}`);
    await disk.makeFolder(join(folder, 'duckdb'));
    const at = (file: string) => join(folder, file);
    const outputs = {
      records: at('records'),
      posts: at('posts'),
      dedupIndex: at('dedup-index'),
      incompletePosts: at('incomplete-posts'),
    };
    const where = { ...range, interval: name, horizon };
    const counts = await compaction(where, { sources, dedupIndex, incompletePosts }, outputs, join(folder, 'duckdb'));

    let bytes = 0;
    let sha256: string | null = null;
    if (counts.rows > 0) {
      bytes = await disk.size(outputs.posts);
      sha256 = await disk.sha256(outputs.posts);
      await store.upload(outputs.posts, postsKey(interval, partition));
      await store.upload(outputs.dedupIndex, dedupIndexKey(interval, partition));
      const local = join(directory, `dedup-index-${name}-${partition}`);
      await disk.rename(outputs.dedupIndex, local);
      indexOnDisk.set(dedupIndexKey(interval, partition), local);
    }
    await store.upload(outputs.incompletePosts, incompletePostsKey(interval, partition));
    const { rows, duplicates, accepted, repeated, quarantined, controlRecords } = counts;
    const summary: PartitionSummary = {
      ...range,
      rows,
      bytes,
      sha256,
      rawObjects: inputs.sources.length,
      duplicates,
      accepted,
      repeated,
      quarantined,
      controlRecords,
      inputs: inputs.hash,
      ...(plan !== undefined && { plan }),
    };
    // After its files: commit takes it for the word that they are there.
    await store.put(summaryKey(interval, partition), serialize(summary), { contentType: 'application/json' });

    await disk.remove(folder);
    await mapConcurrently(
      [...sources.map(({ item }) => item.path), ...(incompletePosts ? [incompletePosts] : [])],
      4,
      (path) => disk.remove(path),
    );
    return summary;
  };
}
