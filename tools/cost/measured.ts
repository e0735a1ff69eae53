/** The committed measurements in the form that the model uses, read once. */
import { Curve } from '../../lib/capacity/curve';
import { fit, pooled, type RowMeasurement, type RunMeasurement, sparkFit } from './measurement';
import rows from './measurements/rows.json';
import large from './measurements/run-large.json';
import small from './measurements/run-small.json';

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
  /** Number of views. Each has one row per partition and interval. */
  readonly views: number;
  /** Write units of a row of each view, by posts in partition and interval. */
  readonly viewUnits: Curve;
  /** Write units of a partition's state, by posts in it. */
  readonly stateUnits: Curve;
  readonly spark: { readonly start: number; readonly coreSecondsPerRow: number };
}

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
    views: ROWS.views,
    viewUnits: new Curve(ROWS.marks.map(({ posts, viewUnits }) => [posts, viewUnits])),
    stateUnits: new Curve(
      ROWS.marks.flatMap(({ posts, stateUnits }) => (stateUnits === null ? [] : [[posts, stateUnits] as const])),
    ),
    spark: sparkFit(RUNS[0], RUNS[1]),
  };
})();
