/** The format of `measurements/`. Everything here is measured; assumptions.ts has the estimates. */

/** The sums of one step's reports. A report is an invocation or, for `aggregate` and `compact`, a partition in one. */
export interface StepMeasurement {
  readonly reports: number;
  readonly received: number;
  readonly written: number;
  readonly bytes: number;
  readonly writeUnits: number;
  readonly milliseconds: number;
  /** Σ received², for the fit. */
  readonly receivedSquared: number;
  /** Σ received × milliseconds, for the fit. */
  readonly receivedMilliseconds: number;
}

export interface RunMeasurement {
  readonly command: string;
  readonly date: string;
  readonly machine: string;
  readonly steps: Readonly<Record<string, StepMeasurement>>;
  /** Objects of the raw log: one PUT each. */
  readonly archiveObjects: number;
  readonly spark: { readonly jobs: number; readonly seconds: number; readonly cores: number };
}

/** Write units per 1,000 posts, by table of the speed layer. */
export interface Units {
  readonly log: number;
  readonly runs: number;
  readonly posts: number;
  readonly head: number;
}

/** Ranges of the log with as many posts, folded. */
export interface FoldMeasurement {
  /** 0: the whole interval. */
  readonly tier: number;
  readonly posts: number;
  /** How many there are. */
  readonly runs: number;
  /** Mean write units of such a range: its runs of all views. */
  readonly units: number;
}

/** An interval of one partition. */
export interface IntervalMeasurement {
  /** Posts of a batch. */
  readonly batch: number;
  readonly batches: number;
  /** Mean bytes of a row of the log. */
  readonly logBytes: number;
  /** Bytes of a post in `speed_posts`. */
  readonly postBytes: number;
  readonly units: Units;
  readonly folds: readonly FoldMeasurement[];
}

export interface RowMeasurement {
  readonly command: string;
  readonly date: string;
  readonly views: number;
  readonly seed: number;
  /** Mean bytes of a record in the event of a function, its comma included. */
  readonly eventBytes: number;
  /** Bytes of memory of a post that is remembered. */
  readonly rememberedBytes: number;
  /** By ascending size of the batches. */
  readonly intervals: readonly IntervalMeasurement[];
}

/** Sums of several runs. @throws Error if there is no run, or none has the step */
export function pooled(runs: readonly RunMeasurement[], step: string): StepMeasurement {
  const found = runs.flatMap(({ steps }) => (steps[step] ? [steps[step]] : []));
  if (found.length === 0) throw new Error(`step '${step}' is in none of the ${runs.length} measured runs`);
  return found.reduce((sum, each) => {
    const names = Object.keys(sum) as (keyof StepMeasurement)[];
    return Object.fromEntries(names.map((name) => [name, sum[name] + each[name]])) as unknown as StepMeasurement;
  });
}

/** Below this spread of batch sizes (variance to squared mean), base and slope can't be separated. */
const LEAST_SPREAD = 0.01;

/**
 * Milliseconds of an invocation by its records: least squares over the reports. If all batches had one size, the result is the mean
 * up to this size and grows in proportion above it: the more expensive reading on either side.
 */
export function fit(step: StepMeasurement): (records: number) => number {
  const { reports: n, received, milliseconds, receivedSquared, receivedMilliseconds } = step;
  const mean = received / n;
  const variance = receivedSquared / n - mean * mean;
  if (variance < LEAST_SPREAD * mean * mean) {
    return (records) => (milliseconds / n) * Math.max(1, records / mean);
  }
  const slope = Math.max(0, (receivedMilliseconds / n - mean * (milliseconds / n)) / variance);
  const base = milliseconds / n - slope * mean;
  // If the best fit has a negative base, use a line through the origin.
  if (base < 0) return (records) => (receivedMilliseconds / receivedSquared) * records;
  return (records) => base + slope * records;
}

/** Core-seconds of a Spark job beyond its start, and seconds of the start, from two runs of different size. */
export function sparkFit(small: RunMeasurement, large: RunMeasurement): { start: number; coreSecondsPerRow: number } {
  const rows = (run: RunMeasurement) => pooled([run], 'compact').written;
  const jobs = large.spark.jobs / small.spark.jobs;
  const perRow = Math.max(0, (large.spark.seconds - jobs * small.spark.seconds) / (rows(large) - jobs * rows(small)));
  return {
    start: Math.max(0, (small.spark.seconds - perRow * rows(small)) / small.spark.jobs),
    coreSecondsPerRow: perRow * large.spark.cores,
  };
}
