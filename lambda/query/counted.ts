/**
 * What the speed layer has of a view, counted over all partitions and remembered: a warm reader counts only the deltas that were appended
 * since. Rows never change and a fold has what its deltas had, so it does not matter what was folded meanwhile.
 */
import { endOf } from '../aws/keyspaces/speed-chain';
import { type Chains, type ReadChain, type StoredPart, type SpeedViews } from '../aws/keyspaces/speed-reader';
import { type IntervalStart } from '../domain/intervals';
import { compareKeys, mergeRuns, runOf, trimRun, type Row, type Run } from '../domain/sorted-run';
import { ViewCounter } from '../domain/view-counter';
import { CANARY_VIEW, type View } from '../domain/views';
import { decodePostsOf } from '../formats/post-blob';
import { rowsOfCanaries, type StoredDelta } from '../formats/speed-log';
import { Entries } from './entries';

/** What all partitions add to a view within an interval. */
export interface CountedPart {
  readonly interval: IntervalStart;
  readonly rows: () => Run;
}

/** By partition, the offset up to which all is counted. */
type Ends = ReadonlyMap<number, number>;

interface Counted {
  readonly rows: readonly Row[];
  readonly ends: Ends;
}

/** Beside its keys. */
const ENTRY_KEYS = 16;

function addDelta(counter: ViewCounter, view: View, delta: StoredDelta): void {
  const posts = decodePostsOf(view, delta.blob);
  if (view !== CANARY_VIEW) counter.addPosts(posts);
  else counter.addRows(rowsOfCanaries(posts.canaries));
}

/** What follows an offset, of an interval; undefined if some of it is not known any more. */
function since({ passed, deltas, head }: ReadChain, end: number, interval: IntervalStart): StoredDelta[] | undefined {
  const known = [...passed, ...deltas];
  const first = known.findIndex(({ from }) => from > end);
  const next = first < 0 ? undefined : known[first];
  if (next ? next.from !== end + 1 : end < (known.at(-1)?.to ?? head.foldedTo)) return undefined;
  return first < 0 ? [] : known.slice(first).filter((delta) => delta.interval === interval);
}

function merged(view: View, a: readonly Row[], b: readonly Row[]): Row[] {
  const rows: Row[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const [x, y] = [a[i], b[j]];
    const order = compareKeys(x.key, y.key);
    if (order <= 0) i++;
    if (order >= 0) j++;
    const value = view.merge === 'sum' ? x.value + y.value : Math.max(x.value, y.value);
    rows.push(order < 0 ? x : order > 0 ? y : { key: x.key, value });
  }
  while (i < a.length) rows.push(a[i++]);
  while (j < b.length) rows.push(b[j++]);
  return rows;
}

async function trimmed(view: View, rows: readonly Row[]): Promise<readonly Row[]> {
  if (!view.top) return rows;
  const left: Row[] = [];
  for await (const block of trimRun(view, runOf(rows))) left.push(...block);
  return left;
}

export interface CountedViews {
  /** Of the intervals, which follow one another, without those to which nothing is added. */
  parts(view: View, chains: Chains, intervals: readonly IntervalStart[]): Promise<CountedPart[]>;
}

/** @param maxKeys of all views that are remembered; a view and interval of more keys is read anew, in bounded memory */
export function countedViews(speed: SpeedViews, maxKeys: number): CountedViews {
  const entries = new Entries<Counted>(maxKeys);
  // Each time that it is used, so that the one used longest ago goes first.
  const remember = (name: string, entry: Counted) => entries.set(name, entry, entry.rows.length + ENTRY_KEYS);

  /** With what was appended since; undefined if that is not known. */
  async function goOn(
    view: View,
    interval: IntervalStart,
    { rows, ends }: Counted,
    chains: Chains,
  ): Promise<Counted | undefined> {
    const counter = new ViewCounter(view);
    for (const [partition, chain] of chains) {
      const added = since(chain, ends.get(partition) ?? -1, interval);
      if (!added) return undefined;
      for (const delta of added) addDelta(counter, view, delta);
    }
    const all = counter.exceeds(0) ? await trimmed(view, merged(view, rows, counter.rows())) : rows;
    return { rows: all, ends: endsOf(chains) };
  }

  const endsOf = (chains: Chains): Ends => new Map([...chains].map(([partition, chain]) => [partition, endOf(chain)]));

  /** @returns undefined if there are too many keys */
  async function count(view: View, runs: readonly StoredPart[], deltas: readonly StoredDelta[]) {
    const counter = new ViewCounter(view);
    for (const { columns } of runs) {
      for await (const block of columns()) counter.addCounts(block);
      if (counter.exceeds(maxKeys)) return undefined;
    }
    for (const delta of deltas) addDelta(counter, view, delta);
    return counter.rows();
  }

  const partsOf = (interval: IntervalStart, rows: readonly Row[]): CountedPart[] =>
    rows.length > 0 ? [{ interval, rows: () => runOf(rows) }] : [];

  async function anew(view: View, chains: Chains, intervals: readonly IntervalStart[]): Promise<CountedPart[]> {
    if (intervals.length === 0) return [];
    const runs = await speed.runs(view, chains, intervals[0], intervals.at(-1)!);
    const parts: CountedPart[] = [];
    for (const interval of intervals) {
      const ofInterval = runs.filter((run) => run.interval === interval);
      const deltas = [...chains.values()].flatMap((chain) => chain.deltas.filter((each) => each.interval === interval));
      const rows = await count(view, ofInterval, deltas);
      if (rows) {
        remember(`${view.name} ${interval}`, { rows, ends: endsOf(chains) });
        parts.push(...partsOf(interval, rows));
        continue;
      }
      const rest = new ViewCounter(view);
      for (const delta of deltas) addDelta(rest, view, delta);
      const counted = rest.rows();
      parts.push({
        interval,
        rows: () => trimRun(view, mergeRuns(view, [...ofInterval.map((run) => run.rows()), runOf(counted)])),
      });
    }
    return parts;
  }

  return {
    async parts(view, chains, intervals) {
      const parts: CountedPart[] = [];
      const missing: IntervalStart[] = [];
      for (const interval of intervals) {
        const name = `${view.name} ${interval}`;
        const entry = entries.get(name);
        const now = entry && (await goOn(view, interval, entry, chains));
        if (now) remember(name, now);
        if (now) parts.push(...partsOf(interval, now.rows));
        else missing.push(interval);
      }
      return [...parts, ...(await anew(view, chains, missing))];
    },
  };
}
