/**
 * Writes the runs of views: of an interval from the object of the views engine, of a day or month from the runs of its parts.
 * A run is replaced by its pointer row; the version that the row named before is deleted an hour later, when no reader can still
 * be at it. A version is recorded as unreferenced before its first chunk is written, so that what a failed run leaves goes, too.
 */
import { intervalName, type IntervalStart } from '../domain/intervals';
import { mergeRuns, trimRun, type Run } from '../domain/sorted-run';
import { type View } from '../domain/views';
import { viewKey } from '../formats/keys';
import { blockOf, CHUNKS_PER_BLOCK, runVersion } from '../formats/view-run';
import { openRun, writeRun, type Written } from '../aws/keyspaces/view-runs';
import { type RunKey, type RunStore } from '../aws/keyspaces/store';
import { type ObjectStore } from '../aws/s3';
import { mapConcurrently } from '../runtime/concurrent';
import { parseViewObject } from '../formats/view-object';

export interface RunsDeps {
  readonly lake: Pick<ObjectStore, 'open'>;
  readonly store: RunStore;
  readonly topic: string;
  now(): number;
}

export interface PublishedRun extends Written {
  /** Size of the object that it was made of, bytes. @default - it was made of other runs */
  readonly objectBytes?: number;
}

/** Longer than a reader is at a run: functions end within a quarter of it. */
const READERS_MS = 3_600_000;
const CONCURRENT_READS = 64;

export function runPublisher({ lake, store, topic, now }: RunsDeps) {
  async function put(view: View, period: string, parts: readonly string[], run: Run): Promise<Written> {
    const version = runVersion(view, parts);
    const before = await store.readRun(view.name, period);
    const unreferenced = (of: string) =>
      store.putUnreferenced(topic, { view: view.name, period, version: of, since: now() });
    return writeRun(store, { view, period, version }, run, {
      beforeChunks: () => unreferenced(version),
      beforePointer: async () => {
        if (before && before.chunks > 0 && before.version !== version) await unreferenced(before.version);
      },
    });
  }

  /** @throws Error naming the chunk, if the run is not all there */
  async function remove({ view, period, version }: RunKey): Promise<void> {
    // Chunks are written in order, so the first block without a first chunk is the end.
    for (let chunk = 0; await store.readChunk({ view, period, version, chunk }); chunk += CHUNKS_PER_BLOCK) {
      await store.deleteBlock({ view, period, version, block: blockOf(chunk) });
    }
  }

  return {
    async interval(view: View, interval: IntervalStart): Promise<PublishedRun> {
      const key = viewKey(interval, view.name);
      const object = await lake.open(key);
      try {
        const run = trimRun(view, parseViewObject(key, object.bytes, view, interval));
        return { ...(await put(view, intervalName(interval), [object.etag], run)), objectBytes: object.size };
      } finally {
        object.close();
      }
    },

    /** Merges the runs that exist of `parts` into that of `period`; undefined if there is none. */
    async rollUp(view: View, period: string, parts: readonly string[]): Promise<PublishedRun | undefined> {
      const found = await mapConcurrently(parts, CONCURRENT_READS, async (part) => ({
        part,
        stored: await openRun(store, view, part),
      }));
      const there = found.flatMap(({ part, stored }) => (stored ? [{ part, stored }] : []));
      if (there.length === 0) return undefined;
      const merged = mergeRuns(
        view,
        there.map(({ stored }) => stored.rows()),
      );
      const names = there.map(({ part, stored }) => `${part} ${stored.version}`);
      return put(view, period, names, trimRun(view, merged));
    },

    /**
     * Deletes the runs that no pointer row names.
     * @param age how long, ms; less than the default only while nothing is published
     * @returns how many
     */
    async deleteUnreferenced(age = READERS_MS): Promise<number> {
      let deleted = 0;
      for (const run of await store.listUnreferenced(topic)) {
        if (run.since > now() - age) continue;
        const named = (await store.readRun(run.view, run.period))?.version === run.version;
        if (!named) {
          await remove(run);
          deleted++;
        }
        await store.deleteUnreferenced(topic, run);
      }
      return deleted;
    },
  };
}
