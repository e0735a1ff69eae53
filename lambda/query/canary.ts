/** What both layers show of the canaries, for the function that sends them. */
import { intervalEnd, intervalOf, type IntervalStart } from '../domain/intervals';
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

/** How far back a canary is looked for. */
const INTERVALS = 25;

/**
 * Speed rows outlive their interval's publication, so they also show which canaries are in published intervals: an
 * interval is published with every record of its offsets or not at all.
 */
export async function readCanary(reader: QueryReader, now: number, intervalMinutes: number): Promise<CanaryResponse> {
  const length = intervalEnd(0, intervalMinutes);
  const newestIn = async (last: IntervalStart) => {
    const oldest = last - (INTERVALS - 1) * length;
    const read = await reader.speedParts(
      CANARY_VIEW,
      Array.from({ length: INTERVALS }, (_, i) => oldest + i * length),
    );
    let newest = oldest;
    for (const { rows } of await read.parts()) {
      for await (const block of rows()) for (const { value } of block) newest = Math.max(newest, value);
    }
    return newest;
  };
  const published = await reader.boundary();
  const [speed, batch] = await Promise.all([
    newestIn(intervalOf(now, intervalMinutes)),
    published ? newestIn(published.interval) : null,
  ]);
  return { speed, batch, boundary: published ? intervalEnd(published.interval, intervalMinutes) : null };
}
