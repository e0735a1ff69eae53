/** The speed layer's store in memory, with conditions as the real one has them and faults on request. */
import { speedSchema } from '../../lambda/formats/speed-head';
import { segmentOf, type LogRow } from '../../lambda/formats/speed-log';
import { speedViews } from '../../lambda/aws/keyspaces/speed-reader';
import {
  type AggregateStore,
  type HeadRow,
  type LogKey,
  type PostsKey,
  type SpeedChunk,
  type SpeedRunKey,
} from '../../lambda/aws/keyspaces/store';
import { CANARY_VIEW, VIEWS, type View } from '../../lambda/domain/views';
import { mergeRuns, trimRun } from '../../lambda/domain/sorted-run';
import { countsOf } from './view-runs';
import { type Counts } from '../../tools/kit/counts';

export interface SpeedTables {
  /** By `topic-partition`. */
  readonly logs: Map<string, LogRow[]>;
  readonly heads: Map<string, HeadRow>;
  readonly chunks: Map<string, SpeedChunk & { readonly key: SpeedRunKey; readonly chunk: number }>;
  readonly posts: Map<string, { readonly key: PostsKey; readonly blob: Buffer }>;
}

export interface MemoryStore extends AggregateStore, SpeedTables {
  /** Called before each write with its number, counted from 0; may throw, or wait. */
  beforeWrite: (write: number) => Promise<void> | void;
  /** Called after each write that was carried out. */
  afterWrite: (write: number) => void;
  writes: number;
}

const nameOf = ({ topic, partition }: LogKey) => `${topic}-${partition}`;
const keyText = (...parts: readonly (string | number)[]) => parts.join('|');
const runText = ({ topic, partition, view, tier, interval, from, to }: SpeedRunKey, chunk: number) =>
  keyText(topic, partition, view, tier, interval, from, to, chunk);

/** @param shared the tables, to give two writers the same ones with faults of their own */
export function memoryStore(shared?: SpeedTables): MemoryStore {
  const { logs, heads, chunks, posts }: SpeedTables = shared ?? {
    logs: new Map(),
    heads: new Map(),
    chunks: new Map(),
    posts: new Map(),
  };
  async function write(carryOut: () => boolean | void): Promise<boolean> {
    const number = store.writes++;
    await store.beforeWrite(number);
    const applied = carryOut() !== false;
    if (applied) store.afterWrite(number);
    return applied;
  }
  const store: MemoryStore = {
    ...{ logs, heads, chunks, posts },
    writes: 0,
    beforeWrite: () => undefined,
    afterWrite: () => undefined,
    readHead: async (key) => heads.get(nameOf(key)),
    readLog: async (key, segment, from) =>
      (logs.get(nameOf(key)) ?? [])
        .filter((row) => segmentOf(row.from) === segment && row.from >= from)
        .sort((a, b) => a.from - b.from),
    readSpeedChunk: async (key, chunk) => chunks.get(runText(key, chunk)),
    listClosed: async ({ topic, partition, view }, oldest, newest) =>
      [...chunks.values()]
        .filter(({ key, chunk }) => {
          const isOf = key.topic === topic && key.partition === partition && key.view === view;
          return isOf && key.tier === 0 && chunk === 0 && key.interval >= oldest && key.interval <= newest;
        })
        .map((row) => ({ ...row, interval: row.key.interval })),
    appendLog: (key, row) =>
      write(() => {
        const rows = logs.get(nameOf(key)) ?? [];
        logs.set(nameOf(key), rows);
        if (rows.some(({ from }) => from === row.from)) return false;
        rows.push(row);
        return true;
      }),
    casHead: (key, expected, head) =>
      write(() => {
        if (heads.get(nameOf(key))?.foldedTo !== expected) return false;
        heads.set(nameOf(key), head);
        return true;
      }),
    putSpeedChunk: async (key, chunk, row) =>
      void (await write(() => void chunks.set(runText(key, chunk), { ...row, key, chunk }))),
    readPosts: async (key, interval, from) =>
      [...posts.values()]
        .filter((each) => nameOf(each.key) === nameOf(key) && each.key.interval === interval && each.key.from >= from)
        .sort((a, b) => a.key.from - b.key.from || a.key.to - b.key.to || a.key.piece - b.key.piece)
        .map(({ blob }) => blob),
    putPosts: async (key, blob) =>
      void (await write(
        () => void posts.set(keyText(nameOf(key), key.interval, key.from, key.to, key.piece), { key, blob }),
      )),
  };
  return store;
}

/** What the speed layer has of each view, interval and partition, by `view|interval|partition`. */
export async function speedCounts(
  store: AggregateStore,
  {
    topic,
    partitions,
    intervalMinutes,
    views = VIEWS,
  }: {
    readonly topic: string;
    readonly partitions: number;
    readonly intervalMinutes: number;
    readonly views?: readonly View[];
  },
): Promise<Map<string, Counts>> {
  const found = new Map<string, Counts>();
  const reader = speedViews(store, topic, speedSchema(views, intervalMinutes));
  const chains = await reader.allChains(partitions);
  for (const view of [...views, CANARY_VIEW]) {
    const parts = await reader.parts(view, chains, 0, Number.MAX_SAFE_INTEGER);
    const rows = Map.groupBy(parts, ({ interval, partition }) => rowKey(view.name, interval, partition));
    for (const [key, some] of rows) {
      const merged = mergeRuns(
        view,
        some.map((part) => part.rows()),
      );
      found.set(key, await countsOf(trimRun(view, merged)));
    }
  }
  return found;
}

export const rowKey = (view: string, interval: number, partition: number) => `${view}|${interval}|${partition}`;
