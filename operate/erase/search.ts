/** Where a person or posts are in the lake: the raw log, the quarantine, `posts/` and `carry/pending/`. Nothing is changed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { mapConcurrently } from '../../lambda/shared/concurrent';
import { parseRawKey, PREFIXES } from '../../lambda/shared/keys';
import { postsOf, quarantined, redact, type Target } from './core';
import { type EraseLake } from './lake';
import { type ParquetSearch } from './parquet';

export interface SearchDeps {
  readonly lake: Pick<EraseLake, 'get' | 'list' | 'download'>;
  readonly parquet: ParquetSearch;
  /** Folder under which each search makes and removes one of its own. */
  readonly temporary: string;
  /** Objects that are read at once. */
  readonly concurrency: number;
  /** A line for the person who waits. Lines name no person. */
  say(line: string): void;
}

/** What is there of a target; keys of the lake. */
export interface Found {
  /** Keys of the posts that are the target's. */
  readonly posts: ReadonlySet<number>;
  readonly raw: readonly string[];
  /** In the objects of the raw log; one that was archived twice is counted twice. */
  readonly records: number;
  readonly quarantine: readonly string[];
  readonly parquet: readonly string[];
}

/** Objects and files in which there is something. */
export const countOf = ({ raw, quarantine, parquet }: Found) => raw.length + quarantine.length + parquet.length;

/** Objects that are listed before they are read, and after which a line is said. */
const PAGE = 1_000;
/** Parquet files that are on disk at once. */
const FILES = 16;

const decompress = promisify(zstdDecompress);

export async function readRaw(lake: Pick<EraseLake, 'get'>, key: string): Promise<string> {
  return (await decompress(await lake.get(key))).toString('utf8');
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

/** @throws the first error of the lake: what could not be read is not taken for searched */
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
      for (const post of postsOf(await readRaw(lake, key), person)) posts.add(post);
    });
  }

  // A record that names the person makes its post the person's, so it is looked for before the others of these posts.
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
      const found = redact(await readRaw(lake, key), posts).records;
      if (found > 0) raw.push(key);
      records += found;
    });
  }

  const parquet: string[] = [];
  for (const prefix of [PREFIXES.posts, PREFIXES.pending]) {
    parquet.push(...(await searchParquet(deps, prefix, [...posts], target)));
  }
  return { posts, raw: raw.sort(), records, quarantine: quarantine.sort(), parquet };
}

async function searchParquet(
  deps: SearchDeps,
  prefix: string,
  posts: readonly number[],
  { person }: Target,
): Promise<string[]> {
  const found: string[] = [];
  let read = 0;
  let said = 0;
  for await (const keys of pagesOf(deps.lake, prefix, FILES, (key) => key.endsWith('.parquet'))) {
    const directory = await mkdtemp(join(deps.temporary, 'erase-'));
    try {
      const files = keys.map((_, i) => join(directory, `${i}.parquet`));
      await mapConcurrently(keys, deps.concurrency, (key) => deps.lake.download(key, files[keys.indexOf(key)]));
      const holding = await deps.parquet.holding(files, posts, person);
      found.push(...keys.filter((_, i) => holding.has(files[i])));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    read += keys.length;
    if (read - said < PAGE && keys.length === FILES) continue;
    deps.say(`${prefix}: ${read} files read`);
    said = read;
  }
  return found;
}
