/**
 * Erases a person or posts from the lake. Each step can be interrupted and repeated: what names the person is erased last of its
 * kind, and steps that are done are recognized.
 */
import { type PublishResponse } from '../../../lambda/publish/handler';
import { LIMITS } from '../../../lambda/seal/handler';
import { mapConcurrently } from '../../../lambda/runtime/concurrent';
import { intervalNameOfManifest, postsKey, PREFIXES, dedupIndexKey } from '../../../lambda/formats/keys';
import { RAW_COMPRESSION } from '../../../lambda/formats/raw-line';
import { redact, type Target } from './core';
import { type OperatorLake } from '../lake';
import { callsFor, parseFileKey, runsFor, startOf, type RunConf } from './recompute';
import { readRaw, search, ZSTD, type Found, type SearchDeps } from './search';

/** The compaction of the pipeline, deployed or in this process. */
export type Compact = (event: unknown) => Promise<{ intervals: readonly { interval: string; rows: number }[] }>;

export interface EraseDeps extends SearchDeps {
  readonly lake: OperatorLake;
  readonly compact: Compact;
}

async function redactRaw(deps: EraseDeps, { raw, posts }: Found): Promise<void> {
  const { lake, concurrency, zstd = ZSTD } = deps;
  await mapConcurrently(raw, concurrency, async (key) => {
    const { ndjson } = redact(await readRaw(deps, key), posts);
    await lake.put(key, await zstd.compress(ndjson, RAW_COMPRESSION), { contentType: 'application/zstd' });
  });
}

async function recompute({ lake, compact, say }: EraseDeps, { parquet, uncommitted }: Found): Promise<void> {
  const files = [...parquet, ...uncommitted];
  if (files.length === 0) return;
  for (const call of callsFor(files)) {
    say(`compact: partition ${call.partition}, intervals ${call.intervals.join(' ')}`);
    const { intervals } = await compact(call);
    // Compaction writes no file without rows, and may not delete the earlier one.
    for (const { interval } of intervals.filter(({ rows }) => rows === 0)) {
      await lake.delete(dedupIndexKey(startOf(interval), call.partition));
      await lake.delete(postsKey(startOf(interval), call.partition));
    }
  }
  await compact({ step: 'commit', intervals: intervalsOf(files) });
}

const intervalsOf = (files: readonly string[]) => [...new Set(files.map((key) => parseFileKey(key).interval))].sort();

/**
 * The runs of the DAG that compute the views again, once the posts are erased. Views are of `posts/` alone: incomplete posts
 * are in none.
 */
export async function viewsOf(lake: Pick<OperatorLake, 'list'>, { parquet, uncommitted }: Found): Promise<RunConf[]> {
  const changed = intervalsOf([...parquet.filter((key) => key.startsWith(PREFIXES.posts)), ...uncommitted]);
  const all: string[] = [];
  for await (const { key } of lake.list({ prefix: PREFIXES.manifests })) all.push(intervalNameOfManifest(key)!);
  return runsFor(new Set(changed), all, LIMITS.intervals);
}

/**
 * Deletes the runs of views that were computed again since: publish does so after an hour, for its readers.
 * @returns whether it did; not while a run of the batch layer holds the lease
 */
export async function deleteReplaced(
  publish: (event: unknown) => Promise<PublishResponse>,
  say: (line: string) => void,
): Promise<boolean> {
  const run = `erase ${new Date(Date.now()).toISOString()}`;
  const { state, deleted, holder, until } = await publish({ run, replaced: 'delete' });
  const done = state === 'done';
  say(
    done ? `replaced views: ${deleted} deleted` : `replaced views: run ${holder} works until ${until}, try again then`,
  );
  return done;
}

/**
 * @param found what {@link search} found of the target
 * @returns what a search finds afterwards
 * @throws the first error of the lake or of compaction; a repeated run continues from there
 */
export async function erase(deps: EraseDeps, target: Target, found: Found): Promise<Found> {
  await redactRaw(deps, found);
  await recompute(deps, found);
  await mapConcurrently(found.quarantine, deps.concurrency, (key) => deps.lake.delete(key));
  // By the keys that were found: after erasing, no record with the person's name leads to them.
  return search(deps, { ...target, posts: [...found.posts] });
}
