/** Batches of an event source of Kafka: how often Lambda calls the function, and with how many records. Sums are per month. */
import { type PipelineConfig } from '../config/schema';
import { LIMITS } from './limits';

export const HOURS_PER_MONTH = 730;
const MONTH = HOURS_PER_MONTH * 3_600;

/** What one event source does. */
export interface Batches {
  readonly pollers: number;
  /** Seconds from one batch of a poller to its next. */
  readonly interval: number;
  /** Batches of one partition a month: each an invocation, an object of `archive`, a set of rows of `aggregate`. */
  readonly perMonth: number;
  /** Records in one of them. */
  readonly records: number;
}

/**
 * A batch ends with its window, at `batchSize` records or at 6 MB, counted from its first record.
 * A poller gathers for all its partitions together; of n records in k partitions, k × (1 − (1 − 1/k)ⁿ) partitions have some.
 */
export function batchesOf(
  rate: number,
  windowSeconds: number,
  eventBytes: number,
  config: Pick<PipelineConfig, 'partitions' | 'batchSize'>,
  minimumPollers = 1,
): Batches {
  const { partitions, batchSize } = config;
  const needed = (rate * eventBytes) / LIMITS.pollerBytes.value;
  const pollers = Math.min(partitions, Math.max(minimumPollers, needed));
  const ratePerPoller = rate / pollers;
  const most = Math.max(1, Math.min(batchSize, LIMITS.lambdaPayload.value / eventBytes));
  // The first record opens the window, so a batch has that record and those that follow within the window.
  const interval = 1 / ratePerPoller + Math.min(windowSeconds, (most - 1) / ratePerPoller);
  const inBatch = ratePerPoller * interval;
  const share = partitions / pollers;
  const touched = share <= 1 ? 1 : share * (1 - (1 - 1 / share) ** inBatch);
  const perMonth = (MONTH / interval) * pollers * touched;
  return { pollers, interval, perMonth, records: (rate * MONTH) / perMonth };
}
