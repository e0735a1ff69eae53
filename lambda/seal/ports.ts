/** Access to seals and the raw log for sealing, over the object store. */
import { parseIntervalName, type IntervalStart } from '../domain/intervals';
import { serialize, type PartitionRange, type Seal } from '../formats/interval-metadata';
import { parseHeartbeats, type Heartbeats } from '../formats/heartbeats';
import { heartbeatsKey, PREFIXES, publishedKey, sealKey } from '../formats/keys';
import { getSeal, rawObjects } from '../aws/lake';
import { missing, type Range } from '../domain/ranges';
import { ifFound, PreconditionFailedError, type ObjectStore } from '../aws/s3';
import { MINUTE } from '../domain/time';

type Store = Pick<ObjectStore, 'get' | 'putIfAbsent' | 'list'>;

/** How far back the search for the newest seal starts, in intervals; then 32 times as far, and so on. */
const FIRST_LOOK = 32;

export interface SealStore {
  get(interval: IntervalStart): Promise<Seal | undefined>;
  /** The newest seal of all, whatever interval is requested: the chain may have passed it already. */
  newest(near: IntervalStart): Promise<Seal | undefined>;
  /** Intervals with a seal in `[first, last]`, oldest first. */
  between(first: IntervalStart, last: IntervalStart): Promise<readonly Seal[]>;
  /**
   * The seals of the chain up to `last` that are not published, oldest first. The search ends at the newest published
   * one: the boundary moves along the chain, so everything before it is published.
   */
  unpublished(last: Seal): Promise<readonly Seal[]>;
  /** Writes the seal unless one exists. @returns the stored seal */
  putOnce(seal: Seal): Promise<Seal>;
}

export function sealStore(store: Store, intervalMinutes: number): SealStore {
  const length = intervalMinutes * MINUTE;

  const get = (interval: IntervalStart) => getSeal(store, interval, intervalMinutes);

  const isPublished = async (interval: IntervalStart): Promise<boolean> =>
    (await ifFound(store.get(publishedKey(interval)))) !== undefined;

  async function* intervalsAfter(interval: IntervalStart): AsyncGenerator<IntervalStart> {
    const startAfter = interval > 0 ? sealKey(interval) : undefined;
    for await (const { key } of store.list({ prefix: PREFIXES.seals, startAfter })) {
      const name = /interval=([^/]+)\.json$/.exec(key)?.[1];
      // Of any length: reading the seal says which one.
      if (name !== undefined) yield parseIntervalName(name, 1);
    }
  }

  return {
    get,
    async newest(near) {
      // Listings go forward only, so one that starts close to the end is cheap: usually a single page.
      for (let back = FIRST_LOOK; ; back *= 32) {
        const start = Math.max(0, near - back * length);
        let newest: IntervalStart | undefined;
        for await (const interval of intervalsAfter(start)) newest = interval;
        if (newest !== undefined) return get(newest);
        if (start === 0) return undefined;
      }
    },
    async between(first, last) {
      const seals: Seal[] = [];
      for await (const interval of intervalsAfter(first - length)) {
        if (interval > last) break;
        const seal = await get(interval);
        if (seal) seals.push(seal);
      }
      return seals;
    },
    async unpublished(last) {
      const left: Seal[] = [];
      for (let seal: Seal | undefined = last; seal;) {
        if (await isPublished(parseIntervalName(seal.interval, intervalMinutes))) break;
        left.unshift(seal);
        seal = seal.previous === null ? undefined : await get(parseIntervalName(seal.previous, intervalMinutes));
      }
      return left;
    },
    async putOnce(seal) {
      const interval = parseIntervalName(seal.interval, intervalMinutes);
      try {
        await store.putIfAbsent(sealKey(interval), serialize(seal), { contentType: 'application/json' });
        return seal;
      } catch (error) {
        if (!(error instanceof PreconditionFailedError)) throw error;
        return (await get(interval))!;
      }
    },
  };
}

/** The heartbeat records of {@link Heartbeats}; none where nothing is stored. */
export async function readHeartbeats(store: Store): Promise<Heartbeats> {
  const text = (await ifFound(store.get(heartbeatsKey)))?.toString('utf8');
  return text === undefined ? new Map() : parseHeartbeats(heartbeatsKey, text);
}

/** The offsets of the range that are not in any object of the raw log yet. */
export async function missingInArchive(store: Store, topic: string, range: PartitionRange): Promise<readonly Range[]> {
  const { from, to } = range;
  return missing(await rawObjects(store, topic, range), from, to);
}
