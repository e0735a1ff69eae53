/** What the speed layer adds to a view: of intervals that are over one run, of the one that is not its runs and the deltas behind them. */
import { type IntervalStart } from '../../domain/intervals';
import { mapConcurrently } from '../../runtime/concurrent';
import { type Run, runOf } from '../../domain/sorted-run';
import { type View } from '../../domain/views';
import { type SpeedSchema } from '../../formats/speed-head';
import { rowsOfDeltas } from '../../formats/speed-log';
import { asOfEnd, type Chain, EMPTY_CHAIN, endOf, readChain } from './speed-chain';
import { closedRuns, openSpeedRun } from './speed-runs';
import { type SpeedReader } from './store';

/** What a partition adds to a view within an interval. Not trimmed. */
export interface SpeedPart {
  readonly partition: number;
  readonly interval: IntervalStart;
  readonly rows: () => Run;
}

/** By partition. */
export type Chains = ReadonlyMap<number, Chain>;

export interface SpeedViews {
  chains(partitions: readonly number[]): Promise<Chains>;
  /** Of all partitions: at least so many, and those behind them that exist. */
  allChains(partitions: number): Promise<Chains>;
  /** Of the intervals from `oldest` to `newest`, without those to which a partition adds nothing. */
  parts(view: View, chains: Chains, oldest: IntervalStart, newest: IntervalStart): Promise<SpeedPart[]>;
}

/** Enough to hide the store's latency, few enough for one connection. */
const CONCURRENT_READS = 32;

/** By partition, the append time of its newest record in the speed layer, ms. */
export function appliedBy(chains: Chains): Map<number, number> {
  return new Map([...chains].flatMap(([partition, chain]) => (endOf(chain) < 0 ? [] : [[partition, asOfEnd(chain)]])));
}

export function speedViews(store: SpeedReader, topic: string, schema: SpeedSchema): SpeedViews {
  const known = new Map<number, Chain>();

  /** Rows never change, so only what is new is read. */
  async function chainOf(partition: number): Promise<Chain> {
    const chain = await readChain(store, { topic, partition }, schema, known.get(partition) ?? EMPTY_CHAIN);
    known.set(partition, chain);
    return chain;
  }

  async function partsOf(view: View, partition: number, chain: Chain, oldest: IntervalStart, newest: IntervalStart) {
    const { head, deltas } = chain;
    const key = { topic, partition };
    const isAsked = (interval: IntervalStart) => interval >= oldest && interval <= newest;
    const closed =
      oldest <= head.closed ? await closedRuns(store, key, view, oldest, Math.min(newest, head.closed)) : [];
    const { interval } = head;
    const open = isAsked(interval)
      ? await mapConcurrently(head.runs, CONCURRENT_READS, (run) =>
          openSpeedRun(store, { ...key, ...run, view, interval }),
        )
      : [];
    const parts = [...closed, ...open.flatMap((run) => (run ? [{ ...run, interval }] : []))];
    const asked = Map.groupBy(
      deltas.filter((delta) => isAsked(delta.interval)),
      (delta) => delta.interval,
    );
    const counted = [...asked].map(([of, some]) => ({ interval: of, rows: rowsOfDeltas(view, some) }));
    return [
      ...parts.map((part) => ({ partition, interval: part.interval, rows: part.rows })),
      ...counted
        .filter(({ rows }) => rows.length > 0)
        .map((part) => ({ partition, interval: part.interval, rows: () => runOf(part.rows) })),
    ];
  }

  async function chains(partitions: readonly number[]): Promise<Map<number, Chain>> {
    return new Map(
      await mapConcurrently(partitions, CONCURRENT_READS, async (each) => [each, await chainOf(each)] as const),
    );
  }

  return {
    chains,
    async allChains(partitions) {
      // Partitions that were added since the function was deployed have records, too.
      for (let asked = partitions + 1; ; asked++) {
        const found = await chains(Array.from({ length: asked }, (_, partition) => partition));
        if (endOf(found.get(asked - 1)!) >= 0) continue;
        found.delete(asked - 1);
        return found;
      }
    },
    async parts(view, of, oldest, newest) {
      const found = await mapConcurrently([...of], CONCURRENT_READS, ([partition, chain]) =>
        partsOf(view, partition, chain, oldest, newest),
      );
      return found.flat();
    },
  };
}
