/** The committed measurements in the form that the model uses, read once. */
import { Curve } from '../../lib/capacity/curve';
import {
  fit,
  type IntervalMeasurement,
  pooled,
  type RowMeasurement,
  type RunMeasurement,
  sparkFit,
} from './measurement';
import rows from './measurements/rows.json';
import large from './measurements/run-large.json';
import small from './measurements/run-small.json';
import { type SpeedSizes } from './speed';

export const RUNS: readonly RunMeasurement[] = [small, large];
export const ROWS: RowMeasurement = rows;

export interface Measured {
  /** Bytes of a post in Kafka. */
  readonly postBytes: number;
  /** Bytes of a post in the event of a function. */
  readonly eventBytes: number;
  /** Bytes of a post in the raw log, compressed. */
  readonly rawBytes: number;
  /** Bytes of a post in Parquet. */
  readonly parquetBytes: number;
  /** Milliseconds of an invocation by records. */
  readonly ingest: (records: number) => number;
  readonly archive: (records: number) => number;
  readonly aggregate: (records: number) => number;
  readonly compact: (records: number) => number;
  readonly publish: (intervals: number) => number;
  readonly reconcile: (intervals: number) => number;
  readonly speed: SpeedSizes;
  readonly spark: { readonly start: number; readonly coreSecondsPerRow: number };
}

const byBatch = (value: (interval: IntervalMeasurement) => number) =>
  new Curve(ROWS.intervals.map((interval) => [interval.batch, value(interval)]));
export const logUnitsOf = ({ units, batch }: IntervalMeasurement): number => (units.log * batch) / 1_000;
/** Measured with several sizes of batches: their mean. */
export const RUN_UNITS: readonly (readonly [posts: number, units: number])[] = [
  ...Map.groupBy(
    ROWS.intervals.flatMap(({ folds }) => folds),
    ({ posts }) => posts,
  ),
]
  .map(([posts, folds]) => [posts, folds.reduce((sum, { units }) => sum + units, 0) / folds.length] as const)
  .sort(([a], [b]) => a - b);

export const MEASURED: Measured = (() => {
  const of = (step: string) => pooled(RUNS, step);
  const perPost = (step: string) => of(step).bytes / of(step).written;
  return {
    postBytes: perPost('ingest'),
    eventBytes: ROWS.eventBytes,
    rawBytes: perPost('archive'),
    parquetBytes: perPost('compact'),
    ...{ ingest: fit(of('ingest')), archive: fit(of('archive')), aggregate: fit(of('aggregate')) },
    ...{ compact: fit(of('compact')), publish: fit(of('publish')), reconcile: fit(of('reconcile')) },
    speed: {
      ...{ logBytes: byBatch(({ logBytes }) => logBytes), logUnits: byBatch(logUnitsOf) },
      runUnits: new Curve(RUN_UNITS),
      postBytes: Math.min(...ROWS.intervals.map(({ postBytes }) => postBytes)),
    },
    spark: sparkFit(RUNS[0], RUNS[1]),
  };
})();
