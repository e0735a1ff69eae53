/** From a rate of posts to the units that AWS bills: requests, batches, rows, objects. Pure functions; all sums are per month. */
import { type PipelineConfig } from '../../lib/config';
import { ASSUMPTIONS } from './assumptions';
import { MINIMUM_POLLERS } from './functions';
import { type Measured } from './measured';
import { HOUR } from '../../lambda/domain/time';

export interface Load {
  /** Posts a second, constant through the month. */
  readonly rate: number;
  /** Posts in a request. */
  readonly batch: number;
}

/** The batches of one event source. */
export interface Batches {
  readonly pollers: number;
  /** Seconds between two batches of a poller. */
  readonly interval: number;
  /** Batches of one partition a month: each an invocation, an object of `archive`, a set of rows of `aggregate`. */
  readonly perMonth: number;
  /** Records in a batch. */
  readonly records: number;
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
  readonly speedWriteUnits: number;
  /** Write units of one batch of a partition: rows of the views, and its state. */
  readonly unitsPerBatch: { readonly views: number; readonly state: number };
}

const HOUR_SECONDS = HOUR / 1_000;
const MONTH = ASSUMPTIONS.hours.value * HOUR_SECONDS;

/**
 * A batch ends with its window, at `batchSize` records or at 6 MB, counted from its first record.
 * A poller gathers records for all its partitions together. Of n records in k partitions, k × (1 − (1 − 1/k)ⁿ) partitions have some.
 */
export function batchesOf(
  rate: number,
  windowSeconds: number,
  eventBytes: number,
  config: Pick<PipelineConfig, 'partitions' | 'batchSize'>,
  minimumPollers: number = MINIMUM_POLLERS,
): Batches {
  const { partitions, batchSize } = config;
  const needed = (rate * eventBytes) / (ASSUMPTIONS.pollerMbPerSecond.value * 1e6);
  const pollers = Math.min(partitions, Math.max(minimumPollers, needed));
  const ratePerPoller = rate / pollers;
  const most = Math.max(1, Math.min(batchSize, ASSUMPTIONS.eventBytes.value / eventBytes));
  // The first record opens the window, so a batch has that record and the following ones within the window.
  const interval = 1 / ratePerPoller + Math.min(windowSeconds, (most - 1) / ratePerPoller);
  const inBatch = ratePerPoller * interval;
  const share = partitions / pollers;
  const touched = share <= 1 ? 1 : share * (1 - (1 - 1 / share) ** inBatch);
  const perMonth = (MONTH / interval) * pollers * touched;
  return { pollers, interval, perMonth, records: (rate * MONTH) / perMonth };
}

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
  const views = measured.viewUnits.mean(postsPerInterval / config.partitions);
  // In steady operation, the state of a partition is full.
  const state = measured.stateUnits.at(config.recentPosts);
  return {
    posts: rate * MONTH,
    requests: (rate * MONTH) / batch,
    requestBytes: batch * measured.postBytes,
    archive: of(config.archiveWindowSeconds),
    aggregate,
    intervals: MONTH / intervalSeconds,
    postsPerInterval,
    speedWriteUnits: aggregate.perMonth * (views + state),
    unitsPerBatch: { views, state },
  };
}
