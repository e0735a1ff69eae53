/** Values that are neither prices nor measured. Every estimate prints them, so that nobody mistakes them for facts. */
import { HOURS_PER_MONTH } from '../../lib/capacity/batches';

export interface Assumption {
  readonly value: number;
  readonly text: string;
}

const assume = (value: number, text: string): Assumption => ({ value, text });

export const ASSUMPTIONS = {
  hours: assume(HOURS_PER_MONTH, 'hours in a month'),
  vcpuMemory: assume(
    1769,
    'MB of memory at which a function has one vCPU: below it, measured durations are multiplied by 1,769 ÷ memory, although waits do not get longer',
  ),
  pollersPerUnit: assume(4, 'pollers in an event poller unit (from memory); all sources share one group'),
  storedMonths: assume(1, 'months of posts that the lake and the store hold; each further month costs the same again'),
  platformLogBytes: assume(700, 'bytes that Lambda logs per invocation: start, end and report as JSON'),
  reportBytes: assume(900, 'bytes of a report in embedded metric format'),
  accessLogBytes: assume(250, 'bytes of an access log line of the API'),
  logCompression: assume(0.15, 'ratio of the size of stored logs to written logs'),
  brokerLogGb: assume(0.5, 'GB a month that a broker logs'),
  flowLogBytes: assume(400, 'bytes of flow log that an invocation in the network causes'),
  flowLogGb: assume(1, 'GB a month of flow log without posts'),
  airflowLogGb: assume(2, 'GB a month that Airflow logs'),
  airflowDatabaseGb: assume(10, "GB of Airflow's metadata database"),
  airflowTaskSeconds: assume(60, "minimum seconds billed for a task of MWAA Serverless; only Spark's takes longer"),
  natGb: assume(5, 'GB a month that Airflow sends and receives through NAT'),
  apiMetrics: assume(12, 'detailed metrics of the APIs: six for each of the two routes in use'),
  brokerMetrics: assume(
    60,
    'metrics per broker that monitoring PER_TOPIC_PER_BROKER adds to the free ones (from memory)',
  ),
  grafanaEditors: assume(1, 'active editors of Managed Grafana, and no viewer: the minimum that is billed'),
  scrapedSeries: assume(1_500, 'series per broker that pass the filter of the scraper (never counted on MSK)'),
  scrapeSeconds: assume(60, 'seconds between two scrapes'),
  sparkStartSeconds: assume(30, 'billed seconds of a Spark worker before it works'),
  sparkLeastSeconds: assume(60, 'minimum seconds billed for a Spark worker'),
  canaryMilliseconds: assume(500, 'milliseconds that each of the three functions runs for a canary'),
  tracedFirst: assume(1, 'invocations of a function traced each second'),
  tracedShare: assume(0.05, 'share of the other invocations that is traced'),
  compactPuts: assume(
    4,
    'objects that compact writes per partition and interval: posts, dedup index, incomplete posts, its part of the manifest',
  ),
  lakePuts: assume(
    40,
    'objects that all other steps write per interval: control records, seal, manifest, 13 views, drift, lists',
  ),
} as const satisfies Readonly<Record<string, Assumption>>;

/** Where the model assumes the more expensive of two readings. */
export const UPPER_BOUNDS: readonly string[] = [
  'each partition of a batch is billed as one invocation, although an invocation may hold several',
  'a poller gathers records for all its partitions together, so a batch reaches 6 MB as early as possible',
  'durations were measured with all engines, Airflow and Spark on the same two cores',
];

/** What the sum leaves out. */
export const LEFT_OUT: readonly string[] = [
  'queries: they are not part of a rate of posts',
  'requests to a customer-managed key (kms=customer), support plan, tax, free tier, discounts',
  'S3 access log requests, metrics of event sources, data that leaves AWS',
];
