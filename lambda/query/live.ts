/** The metrics of the status page, read once for all its readers. */
import { type MetricReader, MetricsUnavailableError } from './cloudwatch';
import { log } from '../runtime/log';
import { type StatusResponse } from './api';
import { type MetricScope, statusQueries, statusRange, statusSteps } from './status';

export type LiveMetrics = Pick<StatusResponse, 'window' | 'steps'>;

/** Each metric read is billed, and CloudWatch has one new value per minute. */
const CACHED_MS = 15_000;

/**
 * @returns the metrics of the last half hour, at most {@link CACHED_MS} old; without steps while CloudWatch does not
 *   respond, which is logged and not an error: the rest of the page does not depend on it
 */
export function liveMetrics(reader: MetricReader, scope: MetricScope, now: () => number): () => Promise<LiveMetrics> {
  const queries = statusQueries(scope);
  let cached: { readonly at: number; readonly metrics: Promise<LiveMetrics> } | undefined;
  const read = async (at: number): Promise<LiveMetrics> => {
    const range = statusRange(at);
    const { from, to, periodSeconds } = range;
    const window = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), periodSeconds };
    try {
      return { window, steps: statusSteps(queries, await reader.read(queries, range), range) };
    } catch (error) {
      if (!(error instanceof MetricsUnavailableError)) throw error;
      log.error('metrics could not be read', error);
      return { window, steps: null };
    }
  };
  return () => {
    const at = now();
    if (!cached || at - cached.at >= CACHED_MS) {
      const metrics = read(at);
      cached = { at, metrics };
      metrics.catch(() => (cached = undefined));
    }
    return cached.metrics;
  };
}
