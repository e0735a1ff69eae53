/** What both layers show of the canaries, for the function that sends them. */
import { intervalEnd, intervalOf, type IntervalStart } from '../domain/intervals';
import { MAX_IN } from '../aws/keyspaces/cql';
import { CANARY_VIEW } from '../domain/views';
import { type QueryReader } from './reader';

/** All instants in ms. */
export interface CanaryResponse {
  /** When the newest canary in the speed layer was sent; without one, the start of the searched intervals. */
  readonly speed: number;
  /** The same for the published intervals; null if none is published. */
  readonly batch: number | null;
  /** End of the newest published interval; null if none is. */
  readonly boundary: number | null;
}

/**
 * Speed rows outlive their interval's publication, so they also show which canaries are in published intervals: an
 * interval is published with every record of its offsets or not at all.
 */
export async function readCanary(reader: QueryReader, now: number, intervalMinutes: number): Promise<CanaryResponse> {
  const length = intervalEnd(0, intervalMinutes);
  const newestIn = async (last: IntervalStart) => {
    const intervals = Array.from({ length: MAX_IN }, (_, i) => last - i * length);
    const rows = await reader.speedCounts(CANARY_VIEW, intervals);
    return Math.max(last - (MAX_IN - 1) * length, ...rows.flatMap(({ counts }) => [...counts.values()]));
  };
  const published = await reader.boundary();
  const [speed, batch] = await Promise.all([
    newestIn(intervalOf(now, intervalMinutes)),
    published ? newestIn(published.interval) : null,
  ]);
  return { speed, batch, boundary: published ? intervalEnd(published.interval, intervalMinutes) : null };
}
