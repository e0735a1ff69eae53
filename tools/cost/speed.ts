/** What the speed layer writes of an interval of a partition: the rule of lambda/aggregate/folding.ts over measured sizes. */
import { FOLD, type FoldLimits } from '../../lambda/aggregate/folding';
import { type Curve } from '../../lib/capacity/curve';
import { type Units } from './measurement';

export interface SpeedSizes {
  /** Bytes of a row of the log, by posts of a batch. */
  readonly logBytes: Curve;
  /** Its write units. */
  readonly logUnits: Curve;
  /** Write units of a run of each view, together, by posts. */
  readonly runUnits: Curve;
  /** Bytes of a post in `speed_posts`. */
  readonly postBytes: number;
}

/** Rounding up adds half a unit on average; a row has a key, and its blob names of columns. */
const UNITS_BESIDE = 0.85;
/** Of the last fold of a tier, half is there on average when the interval ends. */
const UNFINISHED = 0.5;
const KB = 1_024;

/** Write units by table. */
export function speedWrites(sizes: SpeedSizes, posts: number, batches: number, limits: FoldLimits = FOLD): Units {
  const batch = posts / batches;
  const deltas = Math.min(limits.deltas, Math.max(limits.fewest, limits.bytes / sizes.logBytes.grown(batch)));
  let runs = sizes.runUnits.at(posts);
  let folds = 1;
  const tierOne = batches / deltas;
  for (let full = tierOne, size = batch * deltas; full > UNFINISHED; full /= limits.runs, size *= limits.runs) {
    runs += (full - UNFINISHED) * sizes.runUnits.at(size);
    folds += full - UNFINISHED;
  }
  const rows = 1 + Math.max(0, tierOne - UNFINISHED);
  return {
    log: batches * sizes.logUnits.grown(batch),
    runs,
    posts: (posts * sizes.postBytes) / KB + rows * UNITS_BESIDE,
    head: folds,
  };
}

export const unitsOf = (units: Units): number => Object.values(units).reduce((sum, each) => sum + each, 0);

export const mapUnits = (units: Units, map: (each: number) => number): Units => ({
  ...{ log: map(units.log), runs: map(units.runs), posts: map(units.posts), head: map(units.head) },
});
