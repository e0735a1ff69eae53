/** The changes of a configuration that raise a limit or lower a load, smallest first. Pure. */
import { type ConfigKey, type PipelineConfig } from '../config/schema';
import { LIMITS } from './limits';
import { isT3, mostEnvironments } from './loads';

export type Change = Partial<PipelineConfig>;

/** Values that are made when they are asked for: of a thousand partitions by a thousand sizes of a volume, a search looks at few. */
export interface Group<T> {
  readonly length: number;
  readonly at: (index: number) => T;
}

export interface Lever {
  /** The key that says how large the change is; others may follow it. */
  readonly key: ConfigKey;
  /** It lowers the key, which takes something away: never done by itself. */
  readonly lowers?: boolean;
  /** Groups of changes, the smaller ones first; within a group each change carries at least what the one before carries. */
  readonly groups: (config: PipelineConfig) => Iterable<Group<Change>>;
}

type NumericKey = { [K in ConfigKey]-?: PipelineConfig[K] extends number ? K : never }[ConfigKey];

/** What is made of each multiple of `step` above `from`, up to `to`. */
function integers<T>(from: number, to: number, step: number, make: (value: number) => T): Group<T> {
  const first = (Math.floor(from / step) + 1) * step;
  return { length: Math.max(0, Math.floor((to - first) / step) + 1), at: (i) => make(first + i * step) };
}

const listed = <T>(values: readonly T[]): Group<T> => ({ length: values.length, at: (i) => values[i] });

const lever = (key: ConfigKey, changes: (config: PipelineConfig) => Group<Change>): Lever => ({
  key,
  groups: (config) => [changes(config)],
});

/** Raises a key by steps, and what must follow it. */
export const raise = (
  key: NumericKey,
  most: number,
  step = 1,
  follow: (config: PipelineConfig, value: number) => Change = () => ({}),
): Lever =>
  lever(key, (config) => integers(config[key], most, step, (value) => ({ [key]: value, ...follow(config, value) })));

/** Lowers a key by steps. */
export const lower = (key: NumericKey, least: number, step = 1): Lever => ({
  ...lever(key, (config) => {
    const values = integers(least - 1, config[key] - 1, step, (value) => ({ [key]: value }));
    return { ...values, at: (i) => values.at(values.length - 1 - i) };
  }),
  lowers: true,
});

const SPARK_OVERHEAD = 1.1;
const MOST_PARTITIONS = 1_000;
const MOST_BROKERS = 30;
const MOST_CONCURRENCY = 1_000;

export const partitions = raise('partitions', MOST_PARTITIONS);
export const brokers = lever('brokers', ({ brokers: now, availabilityZones }) =>
  integers(now, MOST_BROKERS, availabilityZones, (value) => ({ brokers: value })),
);
export const window = raise('aggregateWindowSeconds', 300, 5);
export const volume = raise('brokerVolumeGb', LIMITS.brokerVolumeGb.value, 10);
export const pollers = lever('pollers', ({ pollers: now, partitions: most }) =>
  integers(now, Math.min(most, LIMITS.leastPollers.value), 1, (value) => ({ pollers: value })),
);

/** Each change of one lever with all of another: the smallest of the first comes first. */
export const both = (first: Lever, second: Lever): Lever => ({
  key: first.key,
  *groups(config) {
    for (const group of first.groups(config)) {
      for (let i = 0; i < group.length; i++) {
        const change = group.at(i);
        for (const { length, at } of second.groups({ ...config, ...change }))
          yield { length, at: (j) => ({ ...change, ...at(j) }) };
      }
    }
  },
});

/** Lengths of an interval that divide an hour: shorter ones have fewer posts. */
export const shorterIntervals: Lever = {
  ...lever('intervalMinutes', ({ intervalMinutes }) =>
    listed(
      [30, 20, 15, 12, 10, 6, 5]
        .filter((value) => value < intervalMinutes)
        .map((value) => ({ intervalMinutes: value })),
    ),
  ),
  lowers: true,
};

/** Memory of a worker with its overhead, by its cores. */
export const sparkCapacity = raise('sparkMaxVcpu', 400, 1, ({ sparkMaxMemoryGb, sparkMemoryGb, sparkCores }, value) => {
  const gb = Math.ceil((value * sparkMemoryGb * SPARK_OVERHEAD) / sparkCores);
  return gb > sparkMaxMemoryGb ? { sparkMaxMemoryGb: gb } : {};
});

export const ingestConcurrency = lever('ingestConcurrency', (config) =>
  integers(config.ingestConcurrency, Math.min(MOST_CONCURRENCY, mostEnvironments(config)), 1, (value) => ({
    ingestConcurrency: value,
  })),
);
/** The smallest broker that accepts connections faster than a t3. */
export const fasterBroker = lever('brokerInstance', (config) =>
  listed(isT3(config) ? [{ brokerInstance: 'kafka.m7g.large' }] : []),
);
