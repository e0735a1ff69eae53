/**
 * Which part of the log is folded next, and what the head is afterwards. It follows from the chain alone, whoever folds and whenever: so
 * two writers that fold at once write the same rows.
 *
 * Deltas that add nothing are passed over where no other is before them: so an idle partition has no delta whose expiry would be missed.
 * A few deltas become a run, a few runs of a tier one of the next, and all of an interval one run once it is over. So a record is
 * written again a few times, however long the interval is, and a reader reads few rows.
 */
import { type IntervalStart } from '../domain/intervals';
import { newestOf, type Delta } from '../formats/speed-log';
import { FIRST_TIER } from '../formats/speed-run';
import { type OpenRun, type SpeedHead } from '../formats/speed-head';

export interface FoldLimits {
  /** Deltas that become a run at the latest. */
  readonly deltas: number;
  /** Of their blobs, from which they become a run. */
  readonly bytes: number;
  /** The fewest of them: large ones are not rewritten one by one. */
  readonly fewest: number;
  /** Runs of a tier that become one of the next. */
  readonly runs: number;
  /** How long a batch goes on folding, ms: the next one waits for it. What is left is folded after that one. */
  readonly ms: number;
}

export const FOLD: FoldLimits = { deltas: 128, bytes: 512 * 1_024, fewest: 4, runs: 8, ms: 250 };

export interface Fold {
  readonly interval: IntervalStart;
  /** Whether it is all of its interval. */
  readonly closes: boolean;
  /** Runs of the head that go into it. */
  readonly runs: readonly OpenRun[];
  /** Deltas behind the head that go into it. */
  readonly deltas: readonly Delta[];
  /** What comes out, if there is a run or a delta that adds something; with `closes`, of tier 0. */
  readonly run: OpenRun;
}

/** The first deltas of an interval that make a run; none if there are not enough yet. */
function enough(deltas: readonly Delta[], limits: FoldLimits): readonly Delta[] {
  let bytes = 0;
  for (let i = 0; i < deltas.length; i++) {
    bytes += deltas[i].bytes;
    const count = i + 1;
    if (count === limits.deltas || (count >= limits.fewest && bytes >= limits.bytes)) return deltas.slice(0, count);
  }
  return [];
}

const addsNothing = ({ posts, canaries }: Delta): boolean => posts.rows === 0 && canaries.size === 0;

/** Whether they are the same: what was written of one need not be written of the other. */
export const isSameFold = (a: Fold, b: Fold): boolean =>
  a.interval === b.interval && a.run.tier === b.run.tier && a.run.from === b.run.from && a.run.to === b.run.to;

/** Undefined if nothing is to be folded. */
export function nextFold(head: SpeedHead, deltas: readonly Delta[], limits: FoldLimits = FOLD): Fold | undefined {
  const interval = head.runs.length > 0 ? head.interval : deltas.at(0)?.interval;
  if (interval === undefined) return undefined;
  const ofInterval = deltas.filter((delta) => delta.interval === interval);
  const behind = ofInterval.findIndex((delta) => !addsNothing(delta));
  const idle = behind < 0 ? ofInterval : ofInterval.slice(0, behind);
  if (idle.length > 0) {
    const run = { tier: FIRST_TIER, from: idle[0].from, to: idle.at(-1)!.to };
    return { interval, closes: false, runs: [], deltas: idle, run };
  }
  const from = head.runs.at(0)?.from ?? deltas[0].from;
  if (ofInterval.length < deltas.length) {
    const to = ofInterval.at(-1)?.to ?? head.foldedTo;
    return { interval, closes: true, runs: head.runs, deltas: ofInterval, run: { tier: 0, from, to } };
  }
  const last = head.runs.slice(-limits.runs);
  if (last.length === limits.runs && last.every(({ tier }) => tier === last[0].tier)) {
    const run = { tier: last[0].tier + 1, from: last[0].from, to: last.at(-1)!.to };
    return { interval, closes: false, runs: last, deltas: [], run };
  }
  const first = enough(ofInterval, limits);
  if (first.length === 0) return undefined;
  const run = { tier: FIRST_TIER, from: first[0].from, to: first.at(-1)!.to };
  return { interval, closes: false, runs: [], deltas: first, run };
}

/**
 * The head once the fold is written.
 * @param horizon intervals with posts before the newest one that are remembered
 */
export function headAfter(head: SpeedHead, { interval, closes, runs, deltas, run }: Fold, horizon: number): SpeedHead {
  const hasPosts = deltas.some(({ posts }) => posts.rows > 0);
  const isRun = runs.length > 0 || !deltas.every(addsNothing);
  const remembered = hasPosts ? [...new Set([...head.remembered, interval])] : head.remembered;
  return {
    ...head,
    foldedTo: Math.max(head.foldedTo, run.to),
    interval,
    asOf: newestOf(deltas, head.asOf),
    closed: closes ? interval : head.closed,
    runs: closes ? [] : isRun ? [...head.runs.slice(0, head.runs.length - runs.length), run] : head.runs,
    remembered: remembered.slice(-1 - horizon),
  };
}
