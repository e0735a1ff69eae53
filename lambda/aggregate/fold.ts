/** Writes what is folded: runs and posts first, then the head that names them. */
import { mapConcurrently } from '../runtime/concurrent';
import { waitingPosts, type PostColumns } from '../domain/post-columns';
import { columnRun, mergedChunks } from '../domain/merged-chunks';
import { type View } from '../domain/views';
import { encodePosts } from '../formats/post-blob';
import { encodeHead, type SpeedSchema } from '../formats/speed-head';
import { countDeltas, postsOf } from '../formats/speed-log';
import { CHUNK } from '../formats/view-run';
import { type Chain, wholeFrom } from '../aws/keyspaces/speed-chain';
import { closedRun, openSpeedRun, writeSpeedRun } from '../aws/keyspaces/speed-runs';
import { type AggregateStore, type LogKey } from '../aws/keyspaces/store';
import { headAfter, type Fold } from './folding';

const CONCURRENT_VIEWS = 4;

/** Called with the size of each row that is written, bytes. */
export type Count = (bytes: number) => void;

/** A fold that is being written. Who goes on with it later writes the other views. */
export interface Folding {
  readonly fold: Fold;
  /** Those of its deltas. */
  readonly posts: PostColumns;
  readonly written: Set<View>;
}

export const startFolding = (fold: Fold): Folding => ({ fold, posts: postsOf(fold.deltas), written: new Set() });

export interface FoldOptions {
  readonly schema: SpeedSchema;
  readonly horizon: number;
  readonly count: Count;
  /** Whether there is time for another view. */
  readonly allows: () => boolean;
}

async function writeRuns(
  store: AggregateStore,
  key: LogKey,
  { fold, posts, written }: Folding,
  { schema, count, allows }: FoldOptions,
): Promise<void> {
  const { interval, closes, runs, deltas, run } = fold;
  const left = schema.views.filter((view) => !written.has(view));
  await mapConcurrently(left, CONCURRENT_VIEWS, async (view) => {
    if (!allows()) return;
    const opened = await mapConcurrently(runs, CONCURRENT_VIEWS, (each) =>
      openSpeedRun(store, { ...key, ...each, view, interval }),
    );
    const found = opened.filter((each) => each !== undefined);
    const parts = [...found.map(({ columns }) => columns()), columnRun(countDeltas(view, deltas, posts))];
    const target = closes ? closedRun(key, view, interval) : { ...key, ...run, view, interval };
    for (const size of await writeSpeedRun(store, target, mergedChunks(view, parts, CHUNK))) count(size);
    written.add(view);
  });
}

async function writePosts(
  store: AggregateStore,
  key: LogKey,
  { fold: { interval, deltas }, posts }: Folding,
  schema: SpeedSchema,
  count: Count,
) {
  if (deltas.length === 0) return;
  const range = { ...key, interval, from: deltas[0].from, to: deltas.at(-1)!.to };
  let piece = 0;
  for (const waiting of waitingPosts(posts, schema.waiting)) {
    const blob = encodePosts({ views: schema.fingerprint, posts: waiting, canaries: new Map() });
    await store.putPosts({ ...range, piece: piece++ }, blob);
    count(blob.length);
  }
}

/**
 * Writes a fold, or as much of it as there is time for.
 * @returns the chain after it; `more` if views are left; undefined if another writer moved the head
 */
export async function writeFold(
  store: AggregateStore,
  key: LogKey,
  chain: Chain,
  folding: Folding,
  options: FoldOptions,
): Promise<Chain | 'more' | undefined> {
  const { schema, horizon, count } = options;
  await writeRuns(store, key, folding, options);
  if (folding.written.size < schema.views.length) return 'more';
  await writePosts(store, key, folding, schema, count);
  const head = { ...headAfter(chain.head, folding.fold, horizon), wholeFrom: wholeFrom(chain, schema) };
  const state = encodeHead(head, schema);
  count(state.length);
  const expected = chain.stored ? chain.head.foldedTo : undefined;
  if (!(await store.casHead(key, expected, { foldedTo: head.foldedTo, state }))) return undefined;
  return { head, stored: true, deltas: chain.deltas.filter(({ from }) => from > head.foldedTo) };
}
