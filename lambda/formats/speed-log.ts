/**
 * The log of the speed layer: a row for each batch, appended to the chain of its partition.
 *
 * ```
 * speed_log ((topic, kafka_partition, segment), from_offset)            segment = from_offset >> 20
 *   to_offset       bigint
 *   interval_start  timestamp
 *   as_of           timestamp  newest append time
 *   posts           blob       (post-blob)
 * ```
 *
 * Invariants: rows never change; a row begins right behind the row before, whatever offsets its records have, so there is one row at each
 * place of the chain and nobody can append to another place than its end; a row is of one interval.
 */
import { type IntervalStart } from '../domain/intervals';
import { type CountColumns } from '../domain/count-columns';
import { countPosts, PostColumns } from '../domain/post-columns';
import { type Row } from '../domain/sorted-run';
import { ViewCounter } from '../domain/view-counter';
import { CANARY_VIEW, type View } from '../domain/views';
import { decodePosts, type PostBlob } from './post-blob';

const SEGMENT = 2 ** 20;

export const segmentOf = (offset: number): number => Math.floor(offset / SEGMENT);

export interface LogRow {
  readonly from: number;
  readonly to: number;
  readonly interval: IntervalStart;
  /** ms */
  readonly asOf: number;
  /** {@link encodePosts} */
  readonly posts: Buffer;
}

/** A row with its posts. */
export interface Delta extends PostBlob, Omit<LogRow, 'posts'> {
  /** Size of the blob. */
  readonly bytes: number;
}

/** A row as it was read. What is in the blob is decoded where it is asked for. */
export class StoredDelta implements Delta {
  readonly from: number;
  readonly to: number;
  readonly interval: IntervalStart;
  readonly asOf: number;
  readonly blob: Buffer;
  private decoded: PostBlob | undefined;

  constructor({ from, to, interval, asOf, posts }: LogRow) {
    this.from = from;
    this.to = to;
    this.interval = interval;
    this.asOf = asOf;
    this.blob = posts;
  }

  get bytes(): number {
    return this.blob.length;
  }

  get views(): string {
    return this.content.views;
  }

  get posts(): PostColumns {
    return this.content.posts;
  }

  get canaries(): PostBlob['canaries'] {
    return this.content.canaries;
  }

  private get content(): PostBlob {
    return (this.decoded ??= decodePosts(this.blob));
  }
}

/** The newest append time of some, at least `floor`, ms. */
export const newestOf = (some: readonly { readonly asOf: number }[], floor = 0): number =>
  some.reduce((newest, { asOf }) => Math.max(newest, asOf), floor);

/** The posts of all of them. */
export function postsOf(deltas: readonly Pick<Delta, 'posts'>[]): PostColumns {
  if (deltas.length === 1) return deltas[0].posts;
  const names = new Set(deltas.flatMap(({ posts }) => [...posts.columns.keys()]));
  const all = PostColumns.of([...names]);
  for (const { posts } of deltas) all.append(posts);
  return all;
}

/** Of {@link CANARY_VIEW}. */
export const rowsOfCanaries = (canaries: PostBlob['canaries']): Row[] =>
  [...canaries].map(([minute, sent]) => ({ key: [minute], value: sent }));

/**
 * What deltas add to a view, not trimmed.
 * @param posts those of the deltas, for a caller that asks for several views
 */
export function countDeltas(
  view: View,
  deltas: readonly Pick<Delta, 'posts' | 'canaries'>[],
  posts: PostColumns = postsOf(deltas),
): CountColumns {
  if (view !== CANARY_VIEW) return countPosts(view, posts);
  const counter = new ViewCounter(view);
  for (const { canaries } of deltas) counter.addRows(rowsOfCanaries(canaries));
  return counter.counts();
}
