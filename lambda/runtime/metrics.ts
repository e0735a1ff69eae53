/**
 * Defines every metric of the pipeline once. Reports in CloudWatch's embedded metric format, Prometheus names,
 * dashboards, alarms and `docs/metrics.md` follow from {@link METRICS}. A step can report only the metrics that list
 * it.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
import { ENV, requireEnv } from './env';
import { writeLine } from './log';

/** CloudWatch namespace of a deployment: deployments in one account do not share metrics. */
export function metricNamespace(deployment: { readonly project: string; readonly stage: string }): string {
  return `PinterestPipeline/${deployment.project}-${deployment.stage}`;
}

/** In the order in which a post passes them. */
export const PIPELINE_STEPS = [
  'ingest',
  'archive',
  'aggregate',
  'seal',
  'compact',
  'publish',
  'reconcile',
  'query',
] as const;
/** Everything that reports metrics: the steps, and the canary that checks them. */
export const STEPS = [...PIPELINE_STEPS, 'canary'] as const;
export type Step = (typeof STEPS)[number];

/** `critical`: act now. `warning`: look today. */
export type Severity = 'critical' | 'warning';

/** The text of an alarm, and for how long its threshold must be breached. */
export interface AlarmText {
  /** Last part of the alarm's name, and the anchor of its article in the runbook. */
  readonly id: string;
  readonly severity: Severity;
  /**
   * Whether query results are wrong or merely late during this alarm. If set, the composite alarm of that name notifies.
   * @default - the alarm notifies directly
   */
  readonly results?: 'wrong' | 'late';
  /** One sentence about the event and the reason for the threshold. */
  readonly text: string;
  /** Periods to evaluate, at least two: a single late report must not fire the alarm. */
  readonly periods: number;
  /** How many of these periods must breach the threshold. @default - all of them */
  readonly datapoints?: number;
}

/** An alarm on the metric of one step, with the same threshold in every deployment. */
export interface MetricAlarm extends AlarmText {
  readonly above: number;
  /** How a period without a report counts. @default - it does not breach */
  readonly missing?: 'ignore';
}

export interface Metric {
  /** CloudWatch's name of the unit. */
  readonly unit: 'Count' | 'Bytes' | 'Milliseconds';
  /** A counter adds up, a gauge is a state whose newest value counts, a duration has a distribution. */
  readonly kind: 'counter' | 'gauge' | 'duration';
  readonly description: string;
  /** The steps that report it. */
  readonly steps: readonly Step[];
  /** Reported once per view, with the dimension `view`. */
  readonly perView?: true;
  /** An alarm or the overview reads it, so it is always a CloudWatch metric, see {@link ENV.metrics}. */
  readonly alarmed?: true;
  /** The metric's own alarm. Those that need several metrics or the configuration are in `lib/constructs/alarm-list.ts`. */
  readonly alarm?: MetricAlarm;
  /** The outcome of a received record: all metrics of this kind together account for it, see {@link account}. */
  readonly accounts?: true;
}

/** Makes a function that defines metrics of one unit and kind. Its types retain the steps, and whether there is one per view. */
const defines =
  <const U extends Metric['unit'], const K extends Metric['kind']>(unit: U, kind: K) =>
  <const S extends readonly Step[], V extends true | undefined = undefined>(
    description: string,
    steps: S,
    more?: Pick<Metric, 'alarmed' | 'alarm' | 'accounts'> & { readonly perView?: V },
  ) => ({ unit, kind, description, steps, ...more });

const counter = defines('Count', 'counter');
const bytes = defines('Bytes', 'counter');
const gauge = defines('Count', 'gauge');
const age = defines('Milliseconds', 'gauge');
const duration = defines('Milliseconds', 'duration');

/**
 * Each step has its unit of work: mostly a record; an interval in `seal` and `reconcile`, a row in `publish`, a request
 * in `query`.
 */
export const METRICS = {
  received: counter(
    'Received by the step: records; intervals in seal and reconcile, rows in publish, requests in query',
    PIPELINE_STEPS,
    { alarmed: true },
  ),
  written: counter('Of these, processed: acknowledged, durable or answered', PIPELINE_STEPS, { accounts: true }),
  quarantined: counter(
    'Of these, not posts: archive stores them with position and reason, the other steps skip them',
    PIPELINE_STEPS,
    { accounts: true, alarmed: true },
  ),
  dropped: counter(
    'Of these, unaccounted for: the remainder after subtracting all other outcomes; expected to be 0',
    PIPELINE_STEPS,
    { alarmed: true },
  ),
  rejected: counter('Of these, rejected with an error that names the fault to the client (4xx)', ['ingest', 'query'], {
    accounts: true,
  }),
  failed: counter(
    'Of these, failed because of an outage, which the client gets as 5xx; of the canary, failed checks',
    ['ingest', 'query', 'canary'],
    { accounts: true, alarmed: true },
  ),
  repeated: counter(
    'Of these, records that arrived before or brought no new section: skipped',
    ['archive', 'aggregate', 'compact'],
    { accounts: true },
  ),
  controlRecords: counter(
    'Of these, control records: heartbeats and canaries',
    ['ingest', 'archive', 'aggregate', 'compact'],
    { accounts: true },
  ),
  expired: counter(
    'Of these, intervals that cannot be compared: speed rows past their time to live, or older than the list of views',
    ['reconcile'],
    { accounts: true },
  ),
  heartbeats: counter('Heartbeat records written to partitions that had no later record', ['seal']),
  rollUps: counter('Rows of days and months written', ['publish']),
  gap: counter(
    'Offsets missing between what a partition had applied and its next record: the log lost them',
    ['aggregate'],
    {
      alarmed: true,
      alarm: {
        id: 'gap',
        severity: 'critical',
        results: 'wrong',
        text: 'Offsets are missing before the speed layer: the log lost records before they were aggregated',
        above: 0,
        periods: 2,
        datapoints: 1,
      },
    },
  ),
  duration: duration('Duration of a batch, a run or a request', STEPS, { alarmed: true }),
  batchBytes: bytes('Bytes received: bodies, record keys and values, view objects', [
    'ingest',
    'archive',
    'aggregate',
    'publish',
  ]),
  bytes: bytes('Bytes the step wrote', ['ingest', 'archive', 'aggregate', 'compact', 'publish'], { alarmed: true }),
  writeUnits: counter('Keyspaces write units (1 KB each, rounded up per row)', ['aggregate', 'publish'], {
    alarmed: true,
  }),
  conditionFailed: counter('Conditional writes that found another value', ['aggregate', 'publish'], { alarmed: true }),
  retries: counter('Attempts that failed and were repeated', ['aggregate'], { alarmed: true }),
  throttled: counter(
    'Responses by which Keyspaces throttles a statement, which is then retried with backoff',
    ['aggregate', 'publish', 'reconcile', 'query'],
    { alarmed: true },
  ),
  coldStarts: counter('First reports of a new process', STEPS),
  lag: gauge('Records of the log that are not sealed yet when sealing starts', ['seal']),
  freshness: duration(
    'From log append time to visible in the store (archive: durable in the lake), of the newest record of a batch',
    ['archive', 'aggregate'],
    { alarmed: true },
  ),
  boundaryAge: age(
    'Age of the end of the newest published interval; the canary also reports it while the batch layer makes no progress',
    ['publish', 'canary'],
    { alarmed: true },
  ),
  drift: gauge('Sum of the differences between the layers, per view over the intervals of a run', ['reconcile'], {
    perView: true,
  }),
  totalDrift: gauge('Sum of the drift of all views', ['reconcile'], {
    alarmed: true,
    alarm: {
      id: 'drift',
      severity: 'critical',
      results: 'wrong',
      text: 'The layers differ on a published interval: the sum over all views must be 0',
      above: 0,
      periods: 2,
      datapoints: 1,
      // Reported once per interval. The last value holds until the next comparison.
      missing: 'ignore',
    },
  }),
  canarySpeedAge: age('Time since the newest canary that the speed layer shows was sent', ['canary'], {
    alarmed: true,
  }),
  canaryBatchAge: age('Time since the newest canary in a published interval was sent', ['canary'], { alarmed: true }),
};

export type MetricName = keyof typeof METRICS;

/** The metrics that list the step. */
export type MetricOf<S extends Step> = {
  [N in MetricName]: S extends (typeof METRICS)[N]['steps'][number] ? N : never;
}[MetricName];

/** The metrics that list the step and are reported per view. */
export type ViewMetric = {
  [N in MetricName]: true extends (typeof METRICS)[N]['perView'] ? N : never;
}[MetricName];

/** The steps that read or write the view store. */
export type StoreStep = (typeof METRICS.throttled.steps)[number];

/** What {@link report} computes. */
type Computed = 'dropped' | 'coldStarts' | 'throttled';

/** What a step reports: each pipeline step always reports `received` and `written`. */
export type Values<S extends Step> = Readonly<
  Partial<Record<Exclude<MetricOf<S>, ViewMetric | Computed>, number>> &
    Record<Extract<MetricOf<S>, 'received' | 'written'>, number>
>;
export type ViewValues<S extends Step> = Readonly<Record<MetricOf<S> & ViewMetric, number>>;

/** {@link report}, restricted to one step. */
export type ReportOf<S extends Step> = (step: S, values: Values<S>) => void;
/** {@link reportView}, restricted to one step. */
export type ReportViewOf<S extends Step> = (step: S, view: string, values: ViewValues<S>) => void;

type Numbers = Readonly<Partial<Record<MetricName, number>>>;

/** All metrics with the general type, for code that iterates over them. */
export const METRIC_LIST: readonly (Metric & { readonly name: MetricName })[] = Object.entries<Metric>(METRICS).map(
  ([name, metric]) => ({ ...metric, name: name as MetricName }),
);

export function metricsOf(step: Step): readonly (Metric & { readonly name: MetricName })[] {
  return METRIC_LIST.filter(({ steps }) => steps.includes(step));
}

/** A metric's dimensions in CloudWatch, which are its labels in Prometheus. */
export function dimensionsOf(name: MetricName): readonly ('step' | 'view')[] {
  const metric: Metric = METRICS[name];
  return metric.perView ? ['step', 'view'] : ['step'];
}

/**
 * Name in Prometheus: base units, and counters end in `_total`.
 * @see https://prometheus.io/docs/practices/naming/
 */
export function prometheusName(name: MetricName): string {
  const { unit, kind }: Metric = METRICS[name];
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return `pipeline_${snake}${unit === 'Milliseconds' ? '_seconds' : ''}${kind === 'counter' ? '_total' : ''}`;
}

/** Factor from a reported value to Prometheus's base unit: durations are seconds there. */
export function prometheusScale(name: MetricName): number {
  return METRICS[name].unit === 'Milliseconds' ? 0.001 : 1;
}

/**
 * Adds the two counts that all steps have: `quarantined` (0 if the step cannot quarantine) and `dropped`, which is
 * `received` minus everything accounted for. A negative number means that something was counted twice.
 */
export function account(values: Numbers): Numbers {
  if (values.received === undefined) return values;
  const accounted = METRIC_LIST.reduce((sum, { name, accounts }) => sum + (accounts ? (values[name] ?? 0) : 0), 0);
  return { ...values, quarantined: values.quarantined ?? 0, dropped: values.received - accounted };
}

/** `all`, or only the `alarmed` ones; the rest are logged as fields only, because each CloudWatch metric is billed. */
const isMetric = (name: MetricName): boolean => {
  const { alarmed }: Metric = METRICS[name];
  return alarmed === true || requireEnv(ENV.metrics) === 'all';
};

let cold = true;

function write(dimensions: Readonly<Record<string, string>>, values: Numbers): void {
  const names = (Object.keys(values) as MetricName[]).filter(isMetric);
  const directive = {
    Namespace: requireEnv(ENV.metricNamespace),
    Dimensions: [Object.keys(dimensions)],
    Metrics: names.map((name) => ({ Name: name, Unit: METRICS[name].unit })),
  };
  // CloudWatch would reject a directive without a metric.
  const metadata = names.length === 0 ? {} : { _aws: { Timestamp: Date.now(), CloudWatchMetrics: [directive] } };
  writeLine({ ...metadata, ...dimensions, ...values });
}

/**
 * Writes one report of a step: a log line, without an API call. The first report of a process marks a cold start. A step with the view
 * store reports no throttles, because {@link reportThrottled} does: the series of its alarm has data.
 */
export function report<S extends Step>(step: S, values: Values<S>): void {
  const store = (METRICS.throttled.steps as readonly Step[]).includes(step);
  const complete = { ...account(values), ...(store ? { throttled: 0 } : {}) };
  write({ step }, cold ? { ...complete, coldStarts: 1 } : complete);
  cold = false;
}

/** Writes one report of a step about one view. */
export function reportView<S extends Step>(step: S, view: string, values: ViewValues<S>): void {
  write({ step, view }, values);
}

/** Writes that the store throttled a statement. At once, because the step may fail and then reports nothing. */
export function reportThrottled(step: StoreStep): void {
  write({ step }, { throttled: 1 });
}
