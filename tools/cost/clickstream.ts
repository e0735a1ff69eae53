/**
 * Parts of a published price table that this model can compute: the same kind of brokers, their volumes and traffic between zones.
 * It is the only check of these prices against a source outside this repository (ADR 16), and says nothing about this pipeline.
 * @see https://github.com/awslabs/clickstream-analytics-on-aws/blob/07e881d86fe881d7afdb578038c6e8331bbb8d65/docs/en/plan-deployment/cost.md
 */
import { ASSUMPTIONS } from './assumptions';
import { brokerHour, PRICES } from './prices';

export interface Part {
  readonly name: string;
  readonly requestsPerSecond: number;
  /** USD a month on the page. */
  readonly published: number;
  /** USD a month here. */
  readonly computed: number;
}

const hours = ASSUMPTIONS.hours.value;
const BROKERS = 2;
/** The page states no size. With this one, 387 becomes 417. */
export const BROKER_GB = 300;
/** USD an hour of an MSK Connect unit (MCU), from memory. Only their pipeline has it, and the page adds it to its brokers. */
export const CONNECT_UNIT = 0.11;
const REQUEST_KB = 1;
const KB_PER_GB = 1e6;
/** Server to broker, broker to connector. */
const CROSSINGS = 2;

/** USD a month on the page. `units` are MCUs; "2~3" counts as 2.5. It states traffic at 1,000 requests a second only. */
const PAGE = [
  { rate: 10, kafka: 417, units: 1 },
  { rate: 100, kafka: 417, units: 1 },
  { rate: 1_000, kafka: 530, units: 2.5, traffic: 105 },
] as const;

export const PUBLISHED_PARTS: readonly Part[] = PAGE.flatMap((row) => {
  const brokers = BROKERS * brokerHour('kafka.m5.large') * hours;
  const others = row.units * CONNECT_UNIT * hours + BROKER_GB * PRICES.brokerStorage.usd;
  const traffic = ((row.rate * REQUEST_KB * hours * 3_600) / KB_PER_GB) * CROSSINGS * PRICES.crossZone.usd;
  const part = (name: string, published: number, computed: number): Part => ({
    ...{ name, requestsPerSecond: row.rate, published, computed },
  });
  return [
    part('Brokers, their volumes, connector', row.kafka, brokers + others),
    ...('traffic' in row ? [part('Traffic between zones', row.traffic, traffic)] : []),
  ];
});
