/**
 * The published price table of a related pipeline, recomputed with the prices and formulas of this model where its
 * inputs are published. It shows whether the prices of brokers, volumes and traffic are right, and
 * nothing about this pipeline. It is the only check of these prices against a source outside this repository (ADR 16).
 * @see https://github.com/awslabs/clickstream-analytics-on-aws/blob/07e881d86fe881d7afdb578038c6e8331bbb8d65/docs/en/plan-deployment/cost.md
 */
import { ASSUMPTIONS } from './assumptions';
import { brokerHour, type Price, PRICES, REGION } from './prices';

/** Origin of a part of the sum: computed from inputs on the page, computed with one fitted input, or copied. */
export type Origin = 'inputs' | 'fitted' | 'published';

export interface Part {
  readonly name: string;
  /** USD a month on the page. */
  readonly published: number;
  /** USD a month here; `published` where the page has no inputs. */
  readonly computed: number;
  readonly origin: Origin;
}

export interface PublishedCase {
  readonly requestsPerSecond: number;
  /** USD a month on the page: ingestion by MSK, hourly processing, logs; at 1,000 a second traffic between zones. */
  readonly published: number;
  readonly parts: readonly Part[];
}

const price = (usd: number, per: string): Price => ({
  ...{ usd, per, region: REGION, date: '2026-11-25', source: 'from memory' },
});

/** Parts that only their pipeline has. */
export const THEIR_PRICES = {
  connectUnit: price(0.11, 'hour of an MSK Connect unit (MCU)'),
  server: price(0.0832, 'hour of t3.large: 2 vCPU, 8 GB'),
} as const;

const hours = ASSUMPTIONS.hours.value;
const BROKERS = 2;
const SERVERS = 2;
/** The page states no size. With this one, 387 becomes 417. */
const BROKER_GB = 300;
const REQUEST_KB = 1;
const KB_PER_GB = 1e6;
/** Server to broker, broker to connector. */
const CROSSINGS = 2;

/** USD a month on the page. `units` are MCUs; "2~3" counts as 2.5. */
const PAGE = [
  { rate: 10, total: 659, balancer: 7, servers: 122, kafka: 417, units: 1, s3: 3, emr: 28, redshift: 68, traffic: 0 },
  { rate: 100, total: 741, balancer: 43, servers: 122, kafka: 417, units: 1, s3: 3, emr: 72, redshift: 70, traffic: 0 },
  {
    ...{ rate: 1_000, total: 2_195, balancer: 396, servers: 122, kafka: 530, units: 2.5 },
    ...{ s3: 14, emr: 842, redshift: 172, traffic: 105 },
  },
] as const;

const LOGS = 14;

const asPublished = (name: string, published: number): Part => ({
  ...{ name, published, computed: published, origin: 'published' },
});

/** The page adds traffic to its sums at 1,000 requests a second only. */
const trafficOf = (rate: number, published: number): Part[] => {
  if (published === 0) return [];
  const gb = (rate * REQUEST_KB * hours * 3_600) / KB_PER_GB;
  const computed = gb * CROSSINGS * PRICES.crossZone.usd;
  return [{ name: 'Traffic between zones', published, computed, origin: 'inputs' }];
};

export const PUBLISHED_CASES: readonly PublishedCase[] = PAGE.map((row) => {
  const brokers = BROKERS * brokerHour('kafka.m5.large') * hours;
  const connector = row.units * THEIR_PRICES.connectUnit.usd * hours;
  const storage = BROKER_GB * PRICES.brokerStorage.usd;
  return {
    requestsPerSecond: row.rate,
    published: row.total,
    parts: [
      // The page has one sum for the three.
      {
        name: 'Brokers and connector',
        published: row.kafka - storage,
        computed: brokers + connector,
        origin: 'inputs',
      },
      { name: 'Broker storage', published: storage, computed: storage, origin: 'fitted' },
      {
        name: 'Servers',
        published: row.servers,
        computed: SERVERS * THEIR_PRICES.server.usd * hours,
        origin: 'fitted',
      },
      ...trafficOf(row.rate, row.traffic),
      asPublished('Load balancer', row.balancer),
      asPublished('S3', row.s3),
      asPublished('EMR Serverless, hourly', row.emr),
      asPublished('Redshift Serverless', row.redshift),
      asPublished('Logs and monitoring', LOGS),
    ],
  };
});

/** Inputs that the page lacks for the rest. */
export const MISSING: readonly string[] = [
  'Load balancer: connections, their length and rules. 7 USD at 10 requests a second is less than the hours of a load balancer cost',
  'S3: number and size of objects, and their retention. 3 USD is published for 26 GB and for 263 GB a month',
  'EMR Serverless: workers and the duration of a run',
  'Redshift Serverless: RPU-hours',
  'Logs and monitoring: GB and metrics',
  `Servers: their type. ${SERVERS} × t3.large fit: the documentation describes a unit as "about 8 GB and 2 vCPU"`,
  `Kafka: size of the brokers' volumes, for which ${BROKER_GB} GB fit, and the connector's units at 1,000 requests a second, "2~3"`,
];

export const computedTotal = ({ parts }: PublishedCase): number => parts.reduce((sum, each) => sum + each.computed, 0);

/** Share of the published sum that is computed from inputs on the page alone. */
export function computedShare({ parts, published }: PublishedCase): number {
  const own = parts.filter(({ origin }) => origin === 'inputs');
  return own.reduce((sum, each) => sum + each.published, 0) / published;
}
