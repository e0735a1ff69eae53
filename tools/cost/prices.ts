/** AWS's on-demand prices, before tax, free tier and discounts. No other file has prices. */

/** The region of all prices, unless a price states another. */
export const REGION = 'us-east-1';

export interface Price {
  /** USD */
  readonly usd: number;
  readonly per: string;
  readonly region: string;
  /** When somebody read the price, not when AWS set it. For one from memory, when it was written down. */
  readonly date: string;
  /** The source, or `from memory` if nobody read it on a page: check it before quoting. */
  readonly source: string;
}

const READ = '2026-11-22';
const WRITTEN_DOWN = '2026-11-24';
const KIT = 'github.com/aws/agent-toolkit-for-aws, commit d6ad2e4';
const CLASSMETHOD = 'dev.classmethod.jp/articles/amazon-mwaa-serverless-cost-comparison, of 2025-11-30';
const MEMORY = 'from memory';

const price = (usd: number, per: string, source: string): Price => ({
  usd,
  per,
  region: REGION,
  date: source === MEMORY ? WRITTEN_DOWN : READ,
  source,
});

export const PRICES = {
  brokerT3Small: price(0.0456, 'broker-hour of kafka.t3.small', MEMORY),
  brokerM5Large: price(0.21, 'broker-hour of kafka.m5.large; larger sizes by multiples', KIT),
  brokerM7gLarge: price(0.204, 'broker-hour of kafka.m7g.large; larger sizes by multiples', KIT),
  brokerStorage: price(0.1, 'GB-month of broker storage', KIT),
  crossZone: price(0.02, 'GB between zones, both directions together', KIT),
  pollerUnit: price(0.185, 'event poller unit (EPU) hour', MEMORY),
  lambdaRequest: price(0.2e-6, 'request', MEMORY),
  lambdaArm: price(0.0000133334, 'GB-second on arm64', MEMORY),
  lambdaX86: price(0.0000166667, 'GB-second on x86_64', MEMORY),
  apiRequest: price(
    1e-6,
    'started 512 KB of a request to an HTTP API, first 300 million a month',
    'apigatewaycost.com',
  ),
  apiRequestAbove: price(0.9e-6, 'started 512 KB of a request to an HTTP API, above 300 million', MEMORY),
  keyspacesWrite: price(0.625e-6, 'write unit on demand', `${KIT}, price file`),
  keyspacesRead: price(0.125e-6, 'read unit on demand', `${KIT}, price file`),
  keyspacesStorage: price(0.25, 'GB-month', `${KIT}, price file`),
  keyspacesRecovery: price(0.2, 'GB-month of a table with point-in-time recovery', `${KIT}, price file`),
  keyspacesTtlDelete: price(0.275e-6, 'TTL deletion of 1 KB', `${KIT}, price file; that a KB is the unit: from memory`),
  s3Put: price(0.005e-3, 'PUT, COPY, POST or LIST', MEMORY),
  s3Get: price(0.0004e-3, 'GET', MEMORY),
  s3Storage: price(0.023, 'GB-month, standard', MEMORY),
  sparkVcpuX86: price(0.052624, 'vCPU-hour of EMR Serverless on x86_64', MEMORY),
  sparkGbX86: price(0.0057785, 'GB-hour of EMR Serverless on x86_64', MEMORY),
  sparkArmDiscount: price(0.2, 'share that EMR Serverless is cheaper on arm64', MEMORY),
  airflowMicro: price(0.29, 'hour of mw1.micro', MEMORY),
  airflowSmall: price(0.49, 'hour of mw1.small', 'c3x.dev'),
  airflowMedium: price(0.74, 'hour of mw1.medium', MEMORY),
  airflowLarge: price(0.99, 'hour of mw1.large', MEMORY),
  airflowXlarge: price(1.98, 'hour of mw1.xlarge', MEMORY),
  airflow2xlarge: price(3.97, 'hour of mw1.2xlarge', MEMORY),
  airflowTask: {
    ...price(0.104, 'task-hour of MWAA Serverless, by the second, at least a minute', CLASSMETHOD),
    region: 'ap-northeast-1, because nobody read it for us-east-1',
  },
  airflowDatabase: price(0.1, 'GB-month of the metadata database', 'c3x.dev'),
  natHour: price(0.045, 'hour of a NAT gateway', MEMORY),
  natGb: price(0.045, 'GB through a NAT gateway', MEMORY),
  publicAddress: price(0.005, 'hour of a public IPv4 address', MEMORY),
  endpointHour: price(0.01, 'hour of an interface endpoint in a zone', MEMORY),
  endpointGb: price(0.01, 'GB through an interface endpoint', MEMORY),
  logGb: price(0.5, 'GB written to CloudWatch Logs', MEMORY),
  logStorage: price(0.03, 'GB-month in CloudWatch Logs, compressed', MEMORY),
  metric: price(0.3, 'custom metric and month, first 10,000', MEMORY),
  alarmMetric: price(0.1, 'metric that an alarm reads and month', MEMORY),
  compositeAlarm: price(0.5, 'composite alarm and month', MEMORY),
  dashboard: price(3, 'dashboard and month; an account has three free', MEMORY),
  key: price(1, 'customer managed key and month', MEMORY),
  grafanaEditor: price(9, 'active editor of Managed Grafana and month; a viewer is 5', 'techmarmot.com'),
  prometheusScraper: price(0.04, 'hour of a Managed Prometheus scraper', MEMORY),
  prometheusCollected: price(0.015e-6, 'sample that a scraper collects', MEMORY),
  prometheusIngested: price(0.09e-6, 'sample that Managed Prometheus ingests, first 2 billion a month', MEMORY),
  trace: price(5e-6, 'X-Ray trace recorded', MEMORY),
} as const satisfies Readonly<Record<string, Price>>;

const WORKERS: Readonly<Record<string, number>> = {
  'mw1.micro': PRICES.airflowMicro.usd,
  'mw1.small': PRICES.airflowSmall.usd,
  'mw1.medium': PRICES.airflowMedium.usd,
  'mw1.large': PRICES.airflowLarge.usd,
  'mw1.xlarge': PRICES.airflowXlarge.usd,
  'mw1.2xlarge': PRICES.airflow2xlarge.usd,
};

/** USD an hour of an Airflow environment. */
export function airflowHour(environmentClass: string): number {
  const usd = WORKERS[environmentClass];
  if (usd === undefined) {
    throw new Error(`airflowClass must be one of ${Object.keys(WORKERS).join(', ')}, got '${environmentClass}'`);
  }
  return usd;
}

/** USD an hour of a broker. Sizes above `large` cost in proportion: `xlarge` 2, `2xlarge` 4, `4xlarge` 8 times as much. */
export function brokerHour(instance: string): number {
  if (instance === 'kafka.t3.small') return PRICES.brokerT3Small.usd;
  const found = /^kafka\.(m5|m7g)\.(?:(\d*)xlarge|large)$/.exec(instance);
  if (!found) throw new Error(`brokerInstance must be kafka.t3.small, kafka.m5.* or kafka.m7g.*, got '${instance}'`);
  const large = found[1] === 'm5' ? PRICES.brokerM5Large.usd : PRICES.brokerM7gLarge.usd;
  return large * (found[2] === undefined ? 1 : 2 * Number(found[2] || 1));
}

/** A readable amount: whole dollars from 100, cents below. */
export function usd(value: number): string {
  const digits = value >= 100 ? 0 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const perMillion = (value: number): string => value.toFixed(value >= 10 ? 2 : 3);
