/** From a rate of posts to the units that AWS bills: requests, batches, rows, objects. Pure functions; all sums are per month. */
import { type Batches, batchesOf, HOURS_PER_MONTH } from '../../lib/capacity/batches';
import { type PipelineConfig } from '../../lib/config';
import { MINIMUM_POLLERS } from './functions';
import { type Measured } from './measured';
import { type Units } from './measurement';
import { mapUnits, speedWrites } from './speed';

export interface Load {
  /** Posts a second, constant through the month. */
  readonly rate: number;
  /** Posts in a request. */
  readonly batch: number;
}

export interface Workload {
  readonly posts: number;
  readonly requests: number;
  /** Bytes of a request. */
  readonly requestBytes: number;
  readonly archive: Batches;
  readonly aggregate: Batches;
  /** Intervals in the month, empty ones included. */
  readonly intervals: number;
  readonly postsPerInterval: number;
  /** Intervals of a partition that have posts. */
  readonly speedIntervals: number;
  /** Write units of the speed layer, by table. */
  readonly speedUnits: Units;
}

const MONTH = HOURS_PER_MONTH * 3_600;

/** @throws Error if rate or batch is not above 0 */
export function workloadOf(
  config: PipelineConfig,
  { rate, batch }: Load,
  measured: Measured,
  minimumPollers: number = MINIMUM_POLLERS,
): Workload {
  if (!(rate > 0)) throw new Error(`rate must be above 0, got ${rate}`);
  if (!(batch >= 1)) throw new Error(`batch must be at least 1, got ${batch}`);
  const intervalSeconds = config.intervalMinutes * 60;
  const postsPerInterval = rate * intervalSeconds;
  const of = (window: number) => batchesOf(rate, window, measured.eventBytes, config, minimumPollers);
  const aggregate = of(config.aggregateWindowSeconds);
  const intervals = MONTH / intervalSeconds;
  const speedIntervals = Math.min(intervals * config.partitions, aggregate.perMonth);
  const each = speedWrites(measured.speed, (rate * MONTH) / speedIntervals, aggregate.perMonth / speedIntervals);
  const speedUnits = mapUnits(each, (units) => units * speedIntervals);
  return {
    posts: rate * MONTH,
    requests: (rate * MONTH) / batch,
    requestBytes: batch * measured.postBytes,
    archive: of(config.archiveWindowSeconds),
    aggregate,
    ...{ intervals, postsPerInterval, speedIntervals, speedUnits },
  };
}
