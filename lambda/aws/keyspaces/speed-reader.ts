/** What the speed layer adds to a view: of intervals that are over one run, of the one that is not its runs and the deltas behind them. */
import { type IntervalStart } from '../../domain/intervals';
import { MINUTE } from '../../domain/time';
import { mapConcurrently } from '../../runtime/concurrent';
import { rowsOfColumns } from '../../domain/count-columns';
import { type Run, runOf } from '../../domain/sorted-run';
import { type View } from '../../domain/views';
import { type SpeedSchema } from '../../formats/speed-head';
import { countDeltas, type StoredDelta } from '../../formats/speed-log';
import { asOfEnd, type Chain, EMPTY_CHAIN, endOf, readChain } from './speed-chain';
import { closedRuns, openSpeedRun, type SpeedRun } from './speed-runs';
import { type SpeedReader } from './store';

/** What a partition adds to a view within an interval. Not trimmed. */
export interface SpeedPart {
  readonly partition: number;
  readonly interval: IntervalStart;
  readonly rows: () => Run;
}

/** A chain with the newest deltas before its head that were read, as far as they are known. */
export type ReadChain = Chain<StoredDelta> & { readonly passed: readonly StoredDelta[] };

/** By partition. */
export type Chains = ReadonlyMap<number, ReadChain>;

/** What is folded of it. */
export interface StoredPart extends SpeedPart, SpeedRun {}

export interface SpeedViews {
  chains(partitions: readonly number[]): Promise<Chains>;
  /** Of all partitions: at least so many, and those behind them that exist. */
  allChains(partitions: number): Promise<Chains>;
  /** What is folded of the intervals from `oldest` to `newest`, without those to which a partition adds nothing. */
  runs(view: View, chains: Chains, oldest: IntervalStart, newest: IntervalStart): Promise<StoredPart[]>;
  /** The same with what is not folded. */
  parts(view: View, chains: Chains, oldest: IntervalStart, newest: IntervalStart): Promise<SpeedPart[]>;
}

/** Enough to hide the store's latency, few enough for one connection. */
const CONCURRENT_READS = 32;

/** By partition, the append time of its newest record in the speed layer, ms. */
export function appliedBy(chains: Chains): Map<number, number> {
  return new Map([...chains].flatMap(([partition, chain]) => (endOf(chain) < 0 ? [] : [[partition, asOfEnd(chain)]])));
}

/** Others than the known partitions are looked for as often. */
const SEEK_MS = MINUTE;

/** What was appended since is read delta by delta; after a longer while, to start with the runs is less. */
const IDLE_MS = 2 * MINUTE;

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

export function speedViews(
  store: SpeedReader,
  topic: string,
  schema: SpeedSchema,
  now: () => number = Date.now,
): SpeedViews {
  /** How many partitions there are, and when others were last looked for. */
  let most = 0;
  let sought = -Infinity;
  const known = new Map<number, { readonly at: number; readonly chain: ReadChain }>();

  /** Rows never change, so only what is new is read. */
  async function chainOf(partition: number): Promise<ReadChain> {
    const at = now();
    const last = known.get(partition);
    const before = last && at - last.at <= IDLE_MS ? last.chain : undefined;
    const read = await readChain<StoredDelta>(store, { topic, partition }, schema, before ?? EMPTY_CHAIN);
    const passed = before && read.passed?.length === 0 ? before.passed : (read.passed ?? []);
    const chain = { ...read, passed };
    known.set(partition, { at, chain });
    return chain;
  }

  async function runsOf(view: View, partition: number, { head }: Chain, oldest: IntervalStart, newest: IntervalStart) {
    const key = { topic, partition };
    const closed =
      oldest <= head.closed ? await closedRuns(store, key, view, oldest, Math.min(newest, head.closed)) : [];
    const { interval } = head;
    const open =
      interval >= oldest && interval <= newest
        ? await mapConcurrently(head.runs, CONCURRENT_READS, (run) =>
            openSpeedRun(store, { ...key, ...run, view, interval }),
          )
        : [];
    const parts = [...closed, ...open.flatMap((run) => (run ? [{ ...run, interval }] : []))];
    return parts.map((part) => ({ partition, ...part }));
  }

  async function runs(view: View, of: Chains, oldest: IntervalStart, newest: IntervalStart): Promise<StoredPart[]> {
    const found = await mapConcurrently([...of], CONCURRENT_READS, ([partition, chain]) =>
      runsOf(view, partition, chain, oldest, newest),
    );
    return found.flat();
  }

  async function chains(partitions: readonly number[]): Promise<Map<number, ReadChain>> {
    return new Map(
      await mapConcurrently(partitions, CONCURRENT_READS, async (each) => [each, await chainOf(each)] as const),
    );
  }

  /** Partitions that were added since the function was deployed have records, too, though not all of them at once. */
  async function seek(atOnce: number): Promise<void> {
    if (now() - sought <= SEEK_MS) return;
    sought = now();
    for (;;) {
      const found = await chains(range(most, most + atOnce));
      const newest = [...found].findLast(([, chain]) => endOf(chain) >= 0);
      if (!newest) return;
      most = newest[0] + 1;
    }
  }

  return {
    chains,
    async allChains(partitions) {
      const before = (most = Math.max(most, partitions));
      const [found] = await Promise.all([chains(range(0, before)), seek(partitions)]);
      return most === before ? found : chains(range(0, most));
    },
    runs,
    async parts(view, of, oldest, newest) {
      const counted = [...of].flatMap(([partition, { deltas }]) => {
        const asked = deltas.filter(({ interval }) => interval >= oldest && interval <= newest);
        return [...Map.groupBy(asked, ({ interval }) => interval)].flatMap(([interval, some]): SpeedPart[] => {
          const rows = rowsOfColumns(countDeltas(view, some));
          return rows.length > 0 ? [{ partition, interval, rows: () => runOf(rows) }] : [];
        });
      });
      return [...(await runs(view, of, oldest, newest)), ...counted];
    },
  };
}
