/** Where a person or posts are in the lake: the raw log, the quarantine, `posts/` and `incomplete-posts/`. Nothing is changed. */
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress, type ZstdOptions } from 'node:zlib';
import { DISK, type Disk } from '../../../lambda/compact/disk';
import { type Manifest } from '../../../lambda/formats/interval-metadata';
import { mapConcurrently } from '../../../lambda/runtime/concurrent';
import { parseRawKey, postsKey, PREFIXES } from '../../../lambda/formats/keys';
import { postsOf, quarantined, redact, type Target } from './core';
import { type OperatorLake } from '../lake';
import { type ParquetSearch } from './parquet';
import { startOf } from './recompute';

export interface Zstd {
  compress(content: string, options: ZstdOptions): Promise<Buffer>;
  decompress(content: Buffer): Promise<Buffer>;
}

export const ZSTD: Zstd = { compress: promisify(zstdCompress), decompress: promisify(zstdDecompress) };

export interface SearchDeps {
  readonly lake: Pick<OperatorLake, 'get' | 'list' | 'download'>;
  readonly parquet: Pick<ParquetSearch, 'holding'>;
  /** Folder under which each search makes and removes one of its own. */
  readonly temporary: string;
  /** @default - the machine's */
  readonly disk?: Disk;
  /** @default - in other threads */
  readonly zstd?: Zstd;
  /** Objects that are read concurrently. */
  readonly concurrency: number;
  /** Prints a line of progress. Lines name no person. */
  say(line: string): void;
}

/** What the lake has of a target; keys of objects. */
export interface Found {
  /** Keys of the target's posts. */
  readonly posts: ReadonlySet<number>;
  readonly raw: readonly string[];
  /** In the objects of the raw log; one that was archived twice counts twice. */
  readonly records: number;
  readonly quarantine: readonly string[];
  readonly parquet: readonly string[];
  /** Files of `posts/` that differ from their manifest: their compaction was interrupted before it was committed. */
  readonly uncommitted: readonly string[];
}

/** Objects and files to be changed. */
export const countOf = ({ raw, quarantine, parquet, uncommitted }: Found) =>
  raw.length + quarantine.length + parquet.length + uncommitted.length;

/** Objects that are listed before they are read, and after which progress is reported. */
const PAGE = 1_000;
/** Parquet files on disk at a time. */
const FILES = 16;

export async function readRaw(
  { lake, zstd = ZSTD }: { readonly lake: Pick<OperatorLake, 'get'>; readonly zstd?: Zstd },
  key: string,
): Promise<string> {
  return (await zstd.decompress(await lake.get(key))).toString('utf8');
}

async function* pagesOf(lake: SearchDeps['lake'], prefix: string, size: number, wanted: (key: string) => boolean) {
  let page: string[] = [];
  for await (const { key } of lake.list({ prefix })) {
    if (!wanted(key)) continue;
    page.push(key);
    if (page.length === size) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

/** @throws the first error of the lake: an object that can't be read does not count as searched */
export async function search(deps: SearchDeps, target: Target): Promise<Found> {
  const { lake, concurrency } = deps;
  const { person } = target;
  const posts = new Set(target.posts);

  async function walk<T>(
    what: string,
    prefix: string,
    wanted: (key: string) => boolean,
    use: (key: string) => Promise<T>,
  ): Promise<void> {
    let read = 0;
    for await (const page of pagesOf(lake, prefix, PAGE, wanted)) {
      await mapConcurrently(page, concurrency, use);
      read += page.length;
      deps.say(`${what}: ${read} objects read`);
    }
  }

  const isRaw = (key: string) => parseRawKey(key) !== undefined;
  if (person) {
    await walk('raw, for the posts of the person', PREFIXES.raw, isRaw, async (key) => {
      for (const post of postsOf(await readRaw(deps, key), person)) posts.add(post);
    });
  }

  // A record that names the person makes its post the person's, so these are searched before the other records of the posts.
  const quarantine: string[] = [];
  const aboutPosts: { readonly key: string; readonly posts: readonly number[] }[] = [];
  await walk(
    'quarantine',
    PREFIXES.quarantine,
    () => true,
    async (key) => {
      const found = quarantined((await lake.get(key)).toString('utf8'), person);
      if (!found.person) {
        aboutPosts.push({ key, posts: found.posts });
        return;
      }
      quarantine.push(key);
      if (found.own !== undefined) posts.add(found.own);
    },
  );
  for (const each of aboutPosts) if (each.posts.some((post) => posts.has(post))) quarantine.push(each.key);

  const raw: string[] = [];
  let records = 0;
  if (posts.size > 0) {
    await walk('raw, for the records of the posts', PREFIXES.raw, isRaw, async (key) => {
      const found = redact(await readRaw(deps, key), posts).records;
      if (found > 0) raw.push(key);
      records += found;
    });
  }

  const keys = [...posts];
  const files = await searchFiles(deps, PREFIXES.posts, keys, target);
  const waiting = await searchFiles(deps, PREFIXES.incompletePosts, keys, target);
  return {
    posts,
    raw: raw.sort(),
    records,
    quarantine: quarantine.sort(),
    parquet: [...files.holding, ...waiting.holding],
    uncommitted: await uncommitted(deps, files),
  };
}

interface Files {
  /** Keys of files with rows of the target. */
  readonly holding: readonly string[];
  /** Of all files, by key. */
  readonly sha256: ReadonlyMap<string, string>;
}

async function searchFiles(
  deps: SearchDeps,
  prefix: string,
  posts: readonly number[],
  { person }: Target,
): Promise<Files> {
  const { disk = DISK } = deps;
  const holding: string[] = [];
  const sha256 = new Map<string, string>();
  let said = 0;
  for await (const keys of pagesOf(deps.lake, prefix, FILES, (key) => key.endsWith('.parquet'))) {
    const directory = await disk.makeTemporary(join(deps.temporary, 'erase-'));
    try {
      const files = keys.map((key, i) => ({ key, path: join(directory, `${i}.parquet`) }));
      await mapConcurrently(files, deps.concurrency, async ({ key, path }) => {
        await deps.lake.download(key, path);
        sha256.set(key, await disk.sha256(path));
      });
      const paths = await deps.parquet.holding(
        files.map(({ path }) => path),
        posts,
        person,
      );
      holding.push(...files.filter(({ path }) => paths.has(path)).map(({ key }) => key));
    } finally {
      await disk.remove(directory);
    }
    if (sha256.size - said < PAGE && keys.length === FILES) continue;
    said = sha256.size;
    deps.say(`${prefix}: ${said} files read`);
  }
  return { holding, sha256 };
}

async function uncommitted({ lake, concurrency }: SearchDeps, { holding, sha256 }: Files): Promise<string[]> {
  const found: string[] = [];
  for await (const page of pagesOf(lake, PREFIXES.manifests, PAGE, () => true)) {
    await mapConcurrently(page, concurrency, async (key) => {
      const { interval, partitions } = JSON.parse((await lake.get(key)).toString('utf8')) as Manifest;
      for (const each of partitions) {
        const file = postsKey(startOf(interval), each.partition);
        if ((sha256.get(file) ?? null) !== each.sha256 && !holding.includes(file)) found.push(file);
      }
    });
  }
  return found.sort();
}
