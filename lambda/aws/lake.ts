/** Reads the lake beyond single objects: the raw log by offsets, seals and manifests by interval. */
import { intervalName, type IntervalStart } from '../domain/intervals';
import { parseStored, type Manifest, type PartitionRange, type Seal } from '../formats/interval-metadata';
import { manifestKey, parseRawKey, rawPrefix, rawStartAfter, sealKey, type RawRange } from '../formats/keys';
import { ifFound, type ObjectStore } from './s3';

export const RAW_LOG = {
  /**
   * The largest number of records in an object: one batch of the event source.
   * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html
   */
  largestBatch: 10_000,
};

/** An object of the raw log as it was listed. */
export interface RawObject extends RawRange {
  readonly etag: string;
}

/** The objects of the raw log that contain any offset of the range, sorted by first offset. They may overlap. */
export async function rawObjects(
  store: Pick<ObjectStore, 'list'>,
  topic: string,
  { partition, from, to }: PartitionRange,
): Promise<RawObject[]> {
  const objects: RawObject[] = [];
  if (from === to) return objects;
  // Keys sort by first offset; an object that starts before the range may still reach into it.
  const startAfter = rawStartAfter(topic, partition, from - RAW_LOG.largestBatch);
  for await (const { key, etag } of store.list({ prefix: rawPrefix(topic, partition), startAfter })) {
    const object = parseRawKey(key);
    if (!object) continue;
    if (object.first >= to) break;
    if (object.last >= from) objects.push({ key, etag, from: object.first, to: object.last + 1 });
  }
  return objects;
}

async function getStored<T extends Seal | Manifest>(
  store: Pick<ObjectStore, 'get'>,
  key: string,
  interval: IntervalStart,
  intervalMinutes: number,
): Promise<T | undefined> {
  const text = (await ifFound(store.get(key)))?.toString('utf8');
  return text === undefined ? undefined : parseStored<T>(key, text, intervalName(interval), intervalMinutes);
}

/** The seal of an interval; undefined if the interval is not sealed yet, or is empty and never gets a seal. */
export function getSeal(
  store: Pick<ObjectStore, 'get'>,
  interval: IntervalStart,
  intervalMinutes: number,
): Promise<Seal | undefined> {
  return getStored<Seal>(store, sealKey(interval), interval, intervalMinutes);
}

/** The manifest of an interval; undefined if the interval is not compacted yet. */
export function getManifest(
  store: Pick<ObjectStore, 'get'>,
  interval: IntervalStart,
  intervalMinutes: number,
): Promise<Manifest | undefined> {
  return getStored<Manifest>(store, manifestKey(interval), interval, intervalMinutes);
}
