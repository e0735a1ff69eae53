/** The model applied to a stage: shares, what binds first, the smallest change that carries a rate, and a stage sized by its rate. */
import { type ConfigKey, type PipelineConfig } from '../config/schema';
import { FIGURES } from './figures';
import { type Change, type Group, type Lever } from './levers';
import { POSTS_PER_REQUEST, type Scene } from './loads';
import { type Component, COMPONENTS, type Effect, type Limit } from './model';

export interface Used {
  readonly component: Component;
  readonly load: number;
  /** Undefined: unknown. */
  readonly limit?: Limit;
  /** Load by limit; undefined where one of them is unknown. */
  readonly share?: number;
}

/** @param rate posts a second @default - the rate that the stage is built for */
export const sceneOf = (config: PipelineConfig, rate = config.postsPerSecond, batch = POSTS_PER_REQUEST): Scene => ({
  ...{ config, rate, batch },
  figures: FIGURES,
});

export function used(component: Component, scene: Scene): Used {
  const load = component.load(scene);
  const limit = component.limit(scene);
  const share = limit === undefined || Number.isNaN(load) ? undefined : load / limit.value;
  return { component, load, limit, share };
}

const shareOf = (component: Component, scene: Scene): number => used(component, scene).share ?? 0;

/** Keys that the rate raises where the user did not set them. Others are named in the error: they cost more or change what is served. */
export const SIZED_KEYS: readonly ConfigKey[] = [
  'requestRate',
  'ingestConcurrency',
  'partitions',
  'brokerVolumeGb',
  'retentionDays',
  'pollers',
  'sparkMaxVcpu',
  'speedTtlHours',
];

/** The smallest change of one lever with which the component's load is at most this share of its limit. */
function carriedBy(component: Component, scene: Scene, { groups }: Lever, share: number): Change | undefined {
  const carries = (change: Change) => shareOf(component, { ...scene, config: { ...scene.config, ...change } }) <= share;
  for (const group of groups(scene.config)) {
    if (group.length > 0 && carries(group.at(group.length - 1))) return firstOf(group, carries);
  }
  return undefined;
}

/** The first of a group that carries, where all after it do. */
function firstOf(group: Group<Change>, carries: (change: Change) => boolean): Change {
  let [low, high] = [0, group.length - 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (carries(group.at(middle))) high = middle;
    else low = middle + 1;
  }
  return group.at(low);
}

/** The smallest change with which the component carries the load, by the first of its levers that is enough. */
export function smallestChange(component: Component, scene: Scene): Change | undefined {
  for (const lever of component.levers) {
    const change = carriedBy(component, scene, lever, 1);
    if (change) return change;
  }
  return undefined;
}

/**
 * A stage with everything that its rate decides raised as far as needed. What a stage has already is never lowered.
 * @param fixed keys that the user set
 */
export function sized(config: PipelineConfig, fixed: ReadonlySet<string>): PipelineConfig {
  const larger = COMPONENTS.reduce((before, component) => largerBy(component, before, fixed), config);
  // More partitions need more of the volume, which was sized before them: again until nothing grows.
  return COMPONENTS.every((component) => largerBy(component, larger, fixed) === larger) ? larger : sized(larger, fixed);
}

function largerBy(component: Component, config: PipelineConfig, fixed: ReadonlySet<string>): PipelineConfig {
  const scene = sceneOf(config);
  if (shareOf(component, scene) <= component.sizedTo) return config;
  const levers = component.levers.filter(({ key, lowers }) => SIZED_KEYS.includes(key) && !lowers && !fixed.has(key));
  for (const lever of levers) {
    const change = carriedBy(component, scene, lever, component.sizedTo) ?? carriedBy(component, scene, lever, 1);
    if (change) return { ...config, ...withoutFixed(change, fixed) };
  }
  return config;
}

const withoutFixed = (change: Change, fixed: ReadonlySet<string>): Change =>
  Object.fromEntries(Object.entries(change).filter(([key]) => !fixed.has(key)));

const RATES = { least: 0.001, most: 1e9 };

/** Posts a second at which a component is at its limit; undefined where the rate does not decide, or none is known. */
export function bindsAt(component: Component, scene: Scene): number | undefined {
  const at = (rate: number) => shareOf(component, { ...scene, rate });
  let [low, high] = [RATES.least, RATES.most];
  if (at(low) > 1 || at(high) <= 1) return undefined;
  while (high / low > 1 + 1e-10) {
    const middle = Math.sqrt(low * high);
    if (at(middle) > 1) high = middle;
    else low = middle;
  }
  // To the whole post, which the bisection just misses.
  return Math.floor(low * (1 + 1e-9));
}

export interface First {
  readonly component: Component;
  readonly rate: number;
}

/** The component that binds first as the rate grows, of those whose limit stops something. */
export function firstToBind(scene: Scene, effects: readonly Effect[] = ['stop', 'quota']): First | undefined {
  return COMPONENTS.filter(({ effect }) => effects.includes(effect))
    .flatMap((component) => {
      const rate = bindsAt(component, scene);
      return rate === undefined ? [] : [{ component, rate }];
    })
    .reduce<First | undefined>((first, each) => (first && first.rate <= each.rate ? first : each), undefined);
}

export const numberText = (value: number): string =>
  value.toLocaleString('en-US', {
    maximumSignificantDigits: value >= 100 ? Math.max(3, Math.ceil(Math.log10(value))) : 3,
  });

export function sourceText(limit: Limit): string {
  switch (limit.kind) {
    case 'documented':
      return limit.page;
    case 'configured':
      return limit.key;
    case 'measured':
      return `measured: ${limit.document}`;
    case 'built':
      return 'lib/capacity/functions.ts';
  }
}

/** A change as one would type it. */
export const changeText = (change: Change): string =>
  Object.entries(change)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(' ');

/** What carries the load, in words: the smallest change, or what the configuration does not offer. */
export function adviceFor(component: Component, scene: Scene): string {
  const change = smallestChange(component, scene);
  return change ? changeText(change) : component.otherwise;
}

/** What is wrong with a stage that cannot carry the rate that it is built for, in one line; undefined where it can. */
export function overloaded(config: PipelineConfig): string | undefined {
  const scene = sceneOf(config);
  const all = COMPONENTS.filter(({ effect }) => effect === 'stop').map((component) => used(component, scene));
  const worst = all.find(({ share }) => share !== undefined && share > 1);
  if (!worst?.limit) return undefined;
  const { component, load, limit } = worst;
  const change = smallestChange(component, scene);
  return (
    `postsPerSecond=${config.postsPerSecond} with outageHours=${config.outageHours} is more than '${component.name}' carries: ` +
    `${numberText(load)} of ${numberText(limit.value)} ${component.unit} (${sourceText(limit)}); ` +
    (change
      ? `the smallest change that carries it: ${changeText(change)}`
      : `no key carries it, but: ${component.otherwise}`)
  );
}
