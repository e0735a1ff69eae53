/**
 * Publishes buckets: writes what Spark computed to the view store, rolls up the days and months that become complete, and
 * only then moves the boundary, one conditional write a bucket. Readers see a bucket in the batch layer when all its rows
 * are there, never before. A mark in the lake says last that the bucket is through. All rows are overwritten by a rerun, so any failure is repaired by running it again.
 */
import { bucketEnd, bucketName, type BucketStart } from '../domain/intervals';
import { parseBuckets } from '../formats/interval-list';
import { type Seal } from '../formats/interval-metadata';
import { mapConcurrently } from '../runtime/concurrent';
import { decodeCounts, encodeCounts } from '../formats/counts-codec';
import { ENV, requireEnv, requirePositiveInteger } from '../runtime/env';
import { bucketNameOfManifest, manifestsOfDayPrefix, publishedKey, viewKey, viewsDoneKey } from '../formats/keys';
import { getSeal } from '../aws/lake';
import { mergeCounts, trim, type Counts } from '../domain/merge';
import { report, type ReportOf } from '../runtime/metrics';
import { lakeFromEnvironment, NotFoundError, type ObjectStore } from '../aws/s3';
import { storeFromEnvironment, type PublishStore } from '../aws/keyspaces/store';
import { VIEWS, type View } from '../domain/views';
import {
  completedBy,
  daysOfMonth,
  parseViewObject,
  planMoves,
  rollUpsWith,
  union,
  type Move,
  type RollUps,
} from './core';

export interface PublishDeps {
  readonly lake: Pick<ObjectStore, 'get' | 'list' | 'put'>;
  readonly store: PublishStore;
  /** Names the boundary. */
  readonly topic: string;
  readonly bucketMinutes: number;
  /** @default - all views */
  readonly views?: readonly View[];
  readonly now: () => number;
  readonly report: ReportOf<'publish'>;
}

export interface PublishResult {
  /** Name of the newest published bucket; null if none is. */
  readonly boundary: string | null;
}

const CONCURRENT_OBJECTS = 32;
const CONCURRENT_ROWS = 64;
const WRITE_UNIT_BYTES = 1024;

export function makeHandler(deps: PublishDeps): (event: unknown) => Promise<PublishResult> {
  const { lake, store, topic, bucketMinutes } = deps;
  const views = deps.views ?? VIEWS;

  /** Refuses buckets that Spark has not finished, before anything is written. */
  async function requireViews(bucket: BucketStart): Promise<void> {
    try {
      await lake.get(viewsDoneKey(bucket));
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      throw new Error(`the views of bucket ${bucketName(bucket)} are not computed: no object '${error.key}'`, {
        cause: error,
      });
    }
  }

  async function requireSeal(bucket: BucketStart): Promise<Seal> {
    const seal = await getSeal(lake, bucket);
    if (!seal) throw new Error(`bucket ${bucketName(bucket)} is not sealed`);
    return seal;
  }

  return async (event) => {
    const began = deps.now();
    const tally = { written: 0, rollUps: 0, batchBytes: 0, bytes: 0, writeUnits: 0, conditionFailed: 0 };

    async function put(view: View, period: string, counts: Counts): Promise<void> {
      const blob = encodeCounts(view, counts);
      await store.putBatchRow(view.name, period, blob);
      tally.bytes += blob.length;
      tally.writeUnits += Math.ceil(blob.length / WRITE_UNIT_BYTES);
    }

    /** Merges the rows that exist of `parts` into the row of `period`. */
    async function rollUp(period: string, parts: readonly string[]): Promise<void> {
      // A period without a bucket has no row, like a bucket without a record.
      if (parts.length === 0) return;
      await mapConcurrently(views, views.length, async (view) => {
        const rows = await mapConcurrently(parts, CONCURRENT_ROWS, (part) => store.readBatchRow(view.name, part));
        const found = rows.filter((row) => row !== undefined);
        if (found.length === 0) return;
        const counts = found.reduce<Counts>((sum, row) => mergeCounts(view, sum, decodeCounts(view, row)), new Map());
        await put(view, period, trim(view, counts));
        tally.rollUps++;
      });
    }

    async function bucketsOfDay(day: string): Promise<string[]> {
      const names: string[] = [];
      for await (const { key } of lake.list({ prefix: manifestsOfDayPrefix(day) })) {
        const name = bucketNameOfManifest(key);
        if (name !== undefined) names.push(name);
      }
      return names;
    }

    async function writeRollUps({ days, months }: RollUps): Promise<void> {
      for (const day of days) await rollUp(day, await bucketsOfDay(day));
      for (const month of months) await rollUp(month, daysOfMonth(month));
    }

    async function move({ from, to }: Move): Promise<void> {
      const moved =
        from === undefined
          ? await store.startBoundary(topic, to, deps.now())
          : await store.moveBoundary(topic, from, to, deps.now());
      if (moved) return;
      tally.conditionFailed++;
      // Another run may have come this far, or a write was carried out whose answer was lost.
      const found = (await store.readBoundary(topic))?.bucket;
      if (found === undefined || found < to) {
        throw new Error(
          `the boundary of '${topic}' must be at ${from === undefined ? 'nothing' : bucketName(from)} to move to ${bucketName(to)}, got ${found === undefined ? 'nothing' : bucketName(found)}`,
        );
      }
    }

    const buckets = parseBuckets(event, bucketMinutes);
    const before = (await store.readBoundary(topic))?.bucket;
    const seals = await mapConcurrently(buckets, CONCURRENT_OBJECTS, requireSeal);
    const moves = planMoves(before, seals, bucketMinutes);
    await mapConcurrently(buckets, CONCURRENT_OBJECTS, requireViews);

    const targets = buckets.flatMap((bucket) => views.map((view) => ({ bucket, view })));
    await mapConcurrently(targets, CONCURRENT_OBJECTS, async ({ bucket, view }) => {
      const key = viewKey(bucket, view.name);
      const body = await lake.get(key);
      tally.batchBytes += body.length;
      await put(view, bucketName(bucket), parseViewObject(key, body.toString('utf8'), view, bucket));
      tally.written++;
    });

    if (before !== undefined) {
      const again = buckets.filter((bucket) => bucket <= before);
      await writeRollUps(union(again.map((bucket) => rollUpsWith(bucket, before, bucketMinutes))));
    }
    for (const each of moves) {
      await writeRollUps(completedBy(each, bucketMinutes));
      await move(each);
    }
    // Last of all: until then `seal` has the bucket processed again.
    await mapConcurrently(buckets, CONCURRENT_OBJECTS, (bucket) =>
      lake.put(publishedKey(bucket), `${JSON.stringify({ bucket: bucketName(bucket) })}\n`, {
        contentType: 'application/json',
      }),
    );

    const boundary = moves.at(-1)?.to ?? before;
    const now = deps.now();
    deps.report('publish', {
      received: targets.length,
      ...tally,
      duration: now - began,
      ...(boundary === undefined ? {} : { boundaryAge: now - bucketEnd(boundary, bucketMinutes) }),
    });
    return { boundary: boundary === undefined ? null : bucketName(boundary) };
  };
}

let real: ReturnType<typeof makeHandler> | undefined;

export const handler = (event: unknown): Promise<PublishResult> => {
  real ??= makeHandler({
    lake: lakeFromEnvironment(),
    store: storeFromEnvironment(),
    topic: requireEnv(ENV.topic),
    bucketMinutes: requirePositiveInteger(ENV.bucketMinutes),
    now: Date.now,
    report,
  });
  return real(event);
};
