/** What the design is at 10 to 1,000,000 posts a second: a stage, grown by the smallest changes that carry the rate. */
import { numberText, sceneOf, sized, smallestChange, used } from '../../lib/capacity/capacity';
import { EXPRESS_SIZES } from '../../lib/capacity/limits';
import { type Component, COMPONENTS, type Effect } from '../../lib/capacity/model';
import { loadConfig, type PipelineConfig } from '../../lib/config';

/** Consumer groups that read all posts. */
const GROUPS = 2;
const EXPRESS_COPIES = 3;
const EXPRESS_ZONES = 3;

/** The smallest Standard size for which AWS states the throughput of its volume. */
const DOCUMENTED_BROKER = 'kafka.m7g.2xlarge';

/** Changes of one design are few: keys are raised, each at most as far as it goes. */
const MOST_CHANGES = 50;

export interface Design {
  readonly rate: number;
  /** Deployments among which the posts are divided. */
  readonly deployments: number;
  /** Of each deployment. */
  readonly config: PipelineConfig;
  /** Components over a default quota of an account. */
  readonly quotas: readonly Component[];
  readonly express: string;
}

const over = (config: PipelineConfig, effect: Effect): Component[] => {
  const scene = sceneOf(config);
  return COMPONENTS.filter((component) => component.effect === effect && (used(component, scene).share ?? 0) > 1);
};

/** Grows a configuration until everything carries its rate, or no key is left that would. */
function grown(config: PipelineConfig): PipelineConfig {
  let now = sized(config, new Set());
  for (let count = 0; count < MOST_CHANGES; count++) {
    const change = over(now, 'stop')
      .map((component) => smallestChange(component, sceneOf(now)))
      .find((found) => found !== undefined);
    if (!change) return now;
    now = sized({ ...now, ...change }, new Set());
  }
  return now;
}

/** The smallest size of which three brokers are enough; the largest, and more of them, where none is. */
export function expressBrokers({ postBytes, partitions }: PipelineConfig, rate: number): string {
  const ingress = rate * postBytes;
  const counted = EXPRESS_SIZES.sizes.map((size) => {
    const needed = Math.max(
      ingress / size.ingress,
      (GROUPS * ingress) / size.egress,
      (partitions * EXPRESS_COPIES) / size.replicas,
    );
    return { ...size, count: Math.max(1, Math.ceil(needed / EXPRESS_ZONES)) * EXPRESS_ZONES };
  });
  const { count, instance } = counted.find((each) => each.count === EXPRESS_ZONES) ?? counted[counted.length - 1];
  return `${count} × ${instance}`;
}

const STAGES = ['dev', 'lean', 'prod'] as const;
const MOST_DEPLOYMENTS = 100;

/** The first stage that is built for the rate; beyond them prod, on brokers of which the throughput is known. */
function start(rate: number): PipelineConfig {
  const stages = STAGES.map((stage) => loadConfig({ stage }));
  const built = stages.find(({ postsPerSecond }) => postsPerSecond >= rate);
  return built ?? { ...stages[stages.length - 1], brokerInstance: DOCUMENTED_BROKER };
}

/** @throws Error if no number of deployments carries the rate */
export function designFor(rate: number): Design {
  for (let deployments = 1; deployments <= MOST_DEPLOYMENTS; deployments++) {
    const postsPerSecond = Math.ceil(rate / deployments);
    const config = grown({ ...start(postsPerSecond), postsPerSecond });
    if (over(config, 'stop').length > 0) continue;
    return {
      ...{ rate, deployments, config, quotas: over(config, 'quota') },
      express: expressBrokers(config, postsPerSecond),
    };
  }
  throw new Error(`${rate} posts a second need more than ${MOST_DEPLOYMENTS} deployments`);
}

/** Rows of the table: what is at each rate. */
export function designRow({ rate, config, express, deployments }: Design): string[] {
  const { partitions, pollers, brokers, brokerInstance, brokerVolumeGb, sparkMaxVcpu, ingestConcurrency } = config;
  return [
    ...[rate, deployments].map(numberText),
    config.stage,
    ...[partitions, pollers].map(numberText),
    `${brokers} × ${brokerInstance}, ${numberText(brokerVolumeGb)} GiB`,
    express,
    ...[config.requestRate, ingestConcurrency, config.intervalMinutes, sparkMaxVcpu].map(numberText),
  ];
}

export const DESIGN_HEAD = [
  ...['posts/s', 'deployments', 'stage', 'partitions', 'pollers', 'Standard brokers', 'or Express brokers'],
  ...['requestRate', 'ingestConcurrency', 'intervalMinutes', 'sparkMaxVcpu'],
];
