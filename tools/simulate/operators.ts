/** What operators do by hand, as the runbook says it. Their calls fail as those of functions do, and they start again. */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { PREFIXES } from '../../lambda/formats/keys';
import { type PublishResponse } from '../../lambda/publish/handler';
import { type HttpEvent, type HttpResponse } from '../../lambda/runtime/http';
import { LIMITS } from '../../lambda/seal/handler';
import { type Person, type Target } from '../operate/erase/core';
import { deleteReplaced, erase, viewsOf, type EraseDeps } from '../operate/erase/erase';
import { type ParquetSearch } from '../operate/erase/parquet';
import { countOf, search } from '../operate/erase/search';
import { replay } from '../operate/replay/replay';
import { readRows } from './models/compaction';
import { MemoryDisk } from './models/disk';
import { Process } from './process';
import { TOPIC, type Simulation } from './simulation';
import { InvariantError } from './world';

const MINUTE = 60_000;
/** The role of operators' processes. */
export const OPERATOR = 'operator';

/** Names of the sealed intervals, oldest first. */
export function sealed({ lake }: Simulation): string[] {
  return lake.keys(PREFIXES.seals).map((key) => /interval=(.*)\.json/.exec(key)![1]);
}

/** Starts again what was interrupted. */
async function untilDone<T>({ world }: Simulation, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      world.note(`an operator starts again: ${(error as Error).message}`);
      await world.sleep(10 * MINUTE, '');
    }
  }
}

/** A run of a range; one that fails is started again, after a while in which a scheduled run gets its turn: it may be what is missing. */
async function runRange({ world, orchestrator, plan }: Simulation, from: string, interval: string): Promise<void> {
  const random = world.random.stream(`run ${from} ${world.now}`);
  while (!(await orchestrator.trigger({ from, interval }))) {
    await world.sleep(random.integer(1, plan.settings.intervalMinutes) * MINUTE, '');
  }
}

/** Computes all intervals again, as many a run as one takes. */
export async function backfill(simulation: Simulation): Promise<void> {
  const names = sealed(simulation);
  for (let at = 0; at < names.length; at += LIMITS.intervals) {
    const part = names.slice(at, at + LIMITS.intervals);
    await runRange(simulation, part[0], part[part.length - 1]);
  }
}

/** Replays the quarantine, if the rules that rejected some of it are wider now. */
export async function replayQuarantine(simulation: Simulation): Promise<void> {
  const { network, versions, functions, lake } = simulation;
  if (versions.ready === Infinity || versions.current.strict) return;
  const deps = {
    lake: lake.operatorPort(new Process(network, OPERATOR), new MemoryDisk()),
    ingest: (event: HttpEvent) => functions.ingest.invoke(event) as Promise<HttpResponse>,
    say: () => undefined,
  };
  await untilDone(simulation, () => replay(deps, TOPIC, { from: 0, to: Number.MAX_SAFE_INTEGER }));
}

interface WaitingRow {
  readonly post_key: number;
  readonly columns: Readonly<Record<string, unknown>>;
}

const isOf = (person: Person, columns: Readonly<Record<string, unknown>>) =>
  Object.entries(person).every(([name, value]) => String(columns[name]).normalize('NFC') === String(value));

/** The search of Parquet files, in those of the model. */
function parquetOn(disk: MemoryDisk): Pick<ParquetSearch, 'holding'> {
  return {
    async holding(files, posts, person) {
      const holds = ({ post_key, columns }: WaitingRow) =>
        posts.includes(post_key) || (person !== undefined && isOf(person, columns));
      return new Set(files.filter((file) => readRows<WaitingRow>(disk.read(file)).some(holds)));
    },
  };
}

/** How much of a person and of posts a search finds. */
export async function searchFor(simulation: Simulation, target: Target): Promise<number> {
  return untilDone(simulation, async () => countOf(await search(eraseDeps(simulation), target)));
}

function eraseDeps({ network, functions, lake }: Simulation): EraseDeps {
  const disk = new MemoryDisk();
  return {
    lake: lake.operatorPort(new Process(network, OPERATOR), disk),
    compact: (event) => functions.compact.invoke(event) as ReturnType<EraseDeps['compact']>,
    parquet: parquetOn(disk),
    disk,
    zstd: {
      compress: async (content, options) => zstdCompressSync(content, options),
      decompress: async (content) => zstdDecompressSync(content),
    },
    temporary: '/tmp',
    concurrency: 16,
    say: () => undefined,
  };
}

/** Erases a person. @returns the keys of the posts */
export async function erasePerson(simulation: Simulation, person: Person): Promise<ReadonlySet<number>> {
  const { orchestrator, functions, erased, world } = simulation;
  const deps = eraseDeps(simulation);
  const target: Target = { person, posts: [] };
  const publish = (event: unknown) => functions.publish.invoke(event) as Promise<PublishResponse>;
  // What an attempt has erased, the next one does not find.
  const views = new Map<string, string>();
  // Between two attempts the batch layer works: it may be what the second one waits for.
  const posts = await untilDone(simulation, async () => {
    const found = await search(deps, target);
    for (const post of found.posts) erased.add(post);
    for (const { from, to } of await viewsOf(deps.lake, found)) views.set(from, to);
    await orchestrator.pause();
    try {
      const left = await erase(deps, target, found);
      if (countOf(left) > 0) throw new Error(`${countOf(left)} left`);
    } finally {
      orchestrator.resume();
    }
    return found.posts;
  });
  for (const [from, to] of views) await runRange(simulation, from, to);
  const isDeleted = () => deleteReplaced(publish, () => undefined);
  while (!(await untilDone(simulation, isDeleted))) await world.sleep(10 * MINUTE, '');
  return posts;
}
