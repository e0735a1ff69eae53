/**
 * How benches measure: our hot path and its peer in turn, in one process and one run, so other load of the machine
 * affects both; medians of the rounds, and CPU time where the work is computation.
 */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { nearestRank } from '../kit/nearest-rank';

export interface Sample {
  /** CPU milliseconds of this process, its threads and garbage collection included. */
  readonly cpu: number;
  /** Milliseconds on the clock. */
  readonly wall: number;
}

export type Work = (round: number) => Promise<unknown> | unknown;

export async function measure(work: () => Promise<unknown> | unknown): Promise<Sample> {
  const before = process.cpuUsage();
  const started = performance.now();
  await work();
  const wall = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1000, wall };
}

/**
 * Runs each contender once a round; the first one changes with every round, as the second finds warm caches and garbage to collect.
 * @param warmUp rounds before the first that counts; `round` goes on counting from them
 * @param prepare before each round; not measured
 * @returns the samples of each contender, one a round
 */
export async function inTurn<Name extends string>(
  rounds: number,
  warmUp: number,
  contenders: Readonly<Record<Name, Work>>,
  prepare?: Work,
): Promise<Record<Name, Sample[]>> {
  const names = Object.keys(contenders) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as Sample[]])) as Record<Name, Sample[]>;
  for (let round = 0; round < warmUp + rounds; round++) {
    await prepare?.(round);
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      const sample = await measure(() => contenders[name](round));
      if (round >= warmUp) samples[name].push(sample);
    }
  }
  return samples;
}

/** The value below which a share of the values lies, by nearest rank. @throws Error without values */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new Error('there is no quantile of no values');
  return nearestRank(
    [...values].sort((a, b) => a - b),
    share,
  )!;
}

/** The middle value, or the mean of the two in the middle. @throws Error without values */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('there is no median of no values');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median over the rounds of one contender's use by another's of the same round. */
export function medianRatio(above: readonly Sample[], below: readonly Sample[], of: keyof Sample): number {
  return median(above.map((sample, round) => sample[of] / below[round][of]));
}

/** Units of work a second of the median round. */
export function rate(units: number, samples: readonly Sample[], of: keyof Sample): number {
  return units / (median(samples.map((sample) => sample[of])) / 1000);
}

export function machine(): string {
  const model = cpus().at(0)?.model.trim() || process.arch;
  const memory = Math.round(totalmem() / 1024 ** 3);
  return `${availableParallelism()} × ${model}, ${memory} GB, Node ${process.versions.node}`;
}
