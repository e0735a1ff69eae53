/** Seals and the raw log as sealing needs them, over the object store. */
import { parseBucketName, type BucketStart } from '../domain/intervals';
import { serialize, type PartitionRange, type Seal } from '../formats/interval-metadata';
import { PREFIXES, publishedKey, sealKey } from '../formats/keys';
import { getSeal, rawObjects } from '../aws/lake';
import { missing, type Range } from '../domain/ranges';
import { NotFoundError, PreconditionFailedError, type ObjectStore } from '../aws/s3';

type Store = Pick<ObjectStore, 'get' | 'putIfAbsent' | 'list'>;

/** How far back the newest seal is looked for at first, buckets; then 32 times as far, and so on. */
const FIRST_LOOK = 32;

export interface SealStore {
  get(bucket: BucketStart): Promise<Seal | undefined>;
  /** The newest seal of all, whatever bucket is asked for: the chain may be further already. */
  newest(near: BucketStart): Promise<Seal | undefined>;
  /** Buckets with a seal in `[first, last]`, oldest first. */
  between(first: BucketStart, last: BucketStart): Promise<readonly Seal[]>;
  /**
   * The links of the chain up to `last` that are not published, oldest first. It looks back to the newest published one: the
   * boundary goes along the chain, so nothing before that is left.
   */
  unpublished(last: Seal): Promise<readonly Seal[]>;
  /** Writes the seal unless there is one. @returns the one that is stored now */
  putOnce(seal: Seal): Promise<Seal>;
}

export function sealStore(store: Store, bucketMinutes: number): SealStore {
  const length = bucketMinutes * 60_000;

  const get = (bucket: BucketStart) => getSeal(store, bucket);

  async function isPublished(bucket: BucketStart): Promise<boolean> {
    try {
      await store.get(publishedKey(bucket));
      return true;
    } catch (error) {
      if (error instanceof NotFoundError) return false;
      throw error;
    }
  }

  async function* bucketsAfter(bucket: BucketStart): AsyncGenerator<BucketStart> {
    const startAfter = bucket > 0 ? sealKey(bucket) : undefined;
    for await (const { key } of store.list({ prefix: PREFIXES.seals, startAfter })) {
      const name = /bucket=([^/]+)\.json$/.exec(key)?.[1];
      if (name !== undefined) yield parseBucketName(name, bucketMinutes);
    }
  }

  return {
    get,
    async newest(near) {
      // Listings go forward only, so one that starts close to the end is cheap: mostly a single page.
      for (let back = FIRST_LOOK; ; back *= 32) {
        const start = Math.max(0, near - back * length);
        let newest: BucketStart | undefined;
        for await (const bucket of bucketsAfter(start)) newest = bucket;
        if (newest !== undefined) return get(newest);
        if (start === 0) return undefined;
      }
    },
    async between(first, last) {
      const seals: Seal[] = [];
      for await (const bucket of bucketsAfter(first - length)) {
        if (bucket > last) break;
        const seal = await get(bucket);
        if (seal) seals.push(seal);
      }
      return seals;
    },
    async unpublished(last) {
      const left: Seal[] = [];
      for (let seal: Seal | undefined = last; seal;) {
        if (await isPublished(parseBucketName(seal.bucket, bucketMinutes))) break;
        left.unshift(seal);
        seal = seal.previous === null ? undefined : await get(parseBucketName(seal.previous, bucketMinutes));
      }
      return left;
    },
    async putOnce(seal) {
      const bucket = parseBucketName(seal.bucket, bucketMinutes);
      try {
        await store.putIfAbsent(sealKey(bucket), serialize(seal), { contentType: 'application/json' });
        return seal;
      } catch (error) {
        if (!(error instanceof PreconditionFailedError)) throw error;
        return (await get(bucket))!;
      }
    },
  };
}

/** The offsets of the range that no object of the raw log holds yet. */
export async function missingInArchive(store: Store, topic: string, range: PartitionRange): Promise<readonly Range[]> {
  const { from, to } = range;
  return missing(await rawObjects(store, topic, range), from, to);
}
