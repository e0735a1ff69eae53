/**
 * Every metric of the pipeline, once: reports in CloudWatch's embedded metric format, names for Prometheus, dashboards, alarms and
 * `docs/metrics.md` follow from {@link METRICS}. A step can report only what the list gives it.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
import { ENV, requireEnv } from './env';

/** Namespace of a copy of the pipeline in CloudWatch: copies in one account share no metric. */
export function metricNamespace(copy: { readonly project: string; readonly stage: string }): string {
  return `PinterestPipeline/${copy.project}-${copy.stage}`;
}

/** In the order in which a post meets them. */
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
/** All that report: the steps, and the canary that watches them. */
export const STEPS = [...PIPELINE_STEPS, 'canary'] as const;
export type Step = (typeof STEPS)[number];

/** `critical`: somebody has to act now. `warning`: somebody has to look today. */
export type Severity = 'critical' | 'warning';

/** What any alarm states. */
export interface AlarmText {
  /** Last part of the alarm's name, and the anchor of its article in the runbook. */
  readonly id: string;
  readonly severity: Severity;
  /**
   * Whether query results are wrong or merely late during this alarm. If set, the composite alarm of that name notifies.
   * @default - the alarm notifies directly
   */
  readonly answers?: 'wrong' | 'late';
  /** What happened and why the threshold is what it is, one sentence. */
  readonly text: string;
  /** Periods looked at, at least two: a single late report is no alarm. */
  readonly periods: number;
  /** Of these, how many must be bad. @default - all of them */
  readonly datapoints?: number;
}

/** An alarm on the metric of one step, with the same threshold in every deployment. */
export interface MetricAlarm extends AlarmText {
  readonly above: number;
  /** What a period without a report is. */
  readonly missing: 'notBreaching' | 'ignore';
}

export interface Metric {
  /** CloudWatch's name of the unit. */
  readonly unit: 'Count' | 'Bytes' | 'Milliseconds';
  /** A counter adds up, a gauge is a state of which the newest value counts, a duration has a distribution. */
  readonly kind: 'counter' | 'gauge' | 'duration';
  readonly description: string;
  /** Who reports it. */
  readonly steps: readonly Step[];
  /** Reported once a view, with the dimension `view`. */
  readonly perView?: true;
  /** An alarm or the overview looks at it: a metric of CloudWatch even where only such are, see {@link ENV.metrics}. */
  readonly watched?: true;
  /** The metric's own alarm. Those that need several metrics or the configuration are in `lib/constructs/alarm-list.ts`. */
  readonly alarm?: MetricAlarm;
  /** What became of a record that was received: all of these together account for it, see {@link account}. */
  readonly accounts?: true;
}

/** A step's own unit of work: mostly a record; an interval in `seal` and `reconcile`, a row in `publish`, a request in `query`. */
export const METRICS = {
  received: {
    unit: 'Count',
    kind: 'counter',
    description: 'Taken in by the step: records; intervals in seal and reconcile, rows in publish, questions in query',
    steps: PIPELINE_STEPS,
    watched: true,
  },
  written: {
    unit: 'Count',
    kind: 'counter',
    description: 'Of these, carried through: acknowledged, durable or answered',
    steps: PIPELINE_STEPS,
    accounts: true,
  },
  quarantined: {
    unit: 'Count',
    kind: 'counter',
    description: 'Of these, no posts: set aside with position and reason by archive, left out by the others',
    steps: PIPELINE_STEPS,
    accounts: true,
    watched: true,
  },
  dropped: {
    unit: 'Count',
    kind: 'counter',
    description: 'Of these, unaccounted for; 0 by contract, since it is what is left when all else is subtracted',
    steps: PIPELINE_STEPS,
    watched: true,
  },
  rejected: {
    unit: 'Count',
    kind: 'counter',
    description: 'Of these, refused with an error that tells the client what is wrong (4xx)',
    steps: ['ingest', 'query'],
    accounts: true,
  },
  failed: {
    unit: 'Count',
    kind: 'counter',
    description:
      'Of these, not served because of an outage, which the client is told (5xx); of the canary, failed checks',
    steps: ['ingest', 'query', 'canary'],
    accounts: true,
    watched: true,
  },
  repeated: {
    unit: 'Count',
    kind: 'counter',
    description: 'Of these, records seen before or without a new section, left out',
    steps: ['archive', 'aggregate', 'compact'],
    accounts: true,
  },
  controlRecords: {
    unit: 'Count',
    kind: 'counter',
    description: 'Of these, control records: heartbeats and canaries',
    steps: ['ingest', 'archive', 'aggregate', 'compact'],
    accounts: true,
  },
  expired: {
    unit: 'Count',
    kind: 'counter',
    description: 'Of these, intervals whose speed rows are past their time to live: nothing to compare',
    steps: ['reconcile'],
    accounts: true,
  },
  heartbeats: {
    unit: 'Count',
    kind: 'counter',
    description: 'Heartbeat records written to partitions that had no later record',
    steps: ['seal'],
  },
  rollUps: {
    unit: 'Count',
    kind: 'counter',
    description: 'Rows of days and months written',
    steps: ['publish'],
  },
  gap: {
    unit: 'Count',
    kind: 'counter',
    description: 'Offsets missing between what a partition had applied and its next record: the log lost them',
    steps: ['aggregate'],
    watched: true,
    alarm: {
      id: 'gap',
      severity: 'critical',
      answers: 'wrong',
      text: 'Offsets are missing in front of the speed layer: the log lost records before they were aggregated',
      above: 0,
      periods: 2,
      datapoints: 1,
      missing: 'notBreaching',
    },
  },
  duration: {
    unit: 'Milliseconds',
    kind: 'duration',
    description: 'Duration of a batch, a run or a request',
    steps: STEPS,
    watched: true,
  },
  batchBytes: {
    unit: 'Bytes',
    kind: 'counter',
    description: 'Bytes that came in: bodies, record keys and values, view objects',
    steps: ['ingest', 'archive', 'aggregate', 'publish'],
  },
  bytes: {
    unit: 'Bytes',
    kind: 'counter',
    description: 'Bytes the step wrote',
    steps: ['ingest', 'archive', 'aggregate', 'compact', 'publish'],
    watched: true,
  },
  writeUnits: {
    unit: 'Count',
    kind: 'counter',
    description: 'Keyspaces write units (1 KB each, rounded up a row)',
    steps: ['aggregate', 'publish'],
    watched: true,
  },
  conditionFailed: {
    unit: 'Count',
    kind: 'counter',
    description: 'Conditional writes that found another value',
    steps: ['aggregate', 'publish'],
    watched: true,
  },
  retries: {
    unit: 'Count',
    kind: 'counter',
    description: 'Attempts that failed and were repeated',
    steps: ['aggregate'],
    watched: true,
  },
  coldStarts: {
    unit: 'Count',
    kind: 'counter',
    description: 'First reports of a new process',
    steps: STEPS,
  },
  lag: {
    unit: 'Count',
    kind: 'gauge',
    description: 'Records of the log that are not sealed yet when sealing begins',
    steps: ['seal'],
  },
  freshness: {
    unit: 'Milliseconds',
    kind: 'duration',
    description:
      'Log append time to visible in the store (archive: durable in the lake), of the newest record of a batch',
    steps: ['archive', 'aggregate'],
    watched: true,
  },
  boundaryAge: {
    unit: 'Milliseconds',
    kind: 'gauge',
    description:
      'Age of the end of the newest published interval; the canary reports it also while the batch layer stands still',
    steps: ['publish', 'canary'],
    watched: true,
  },
  drift: {
    unit: 'Count',
    kind: 'gauge',
    description: 'Sum of the differences between the layers, of a view over the intervals of a run',
    steps: ['reconcile'],
    perView: true,
  },
  totalDrift: {
    unit: 'Count',
    kind: 'gauge',
    description: 'Sum of the drift of all views',
    steps: ['reconcile'],
    watched: true,
    alarm: {
      id: 'drift',
      severity: 'critical',
      answers: 'wrong',
      text: 'The layers differ on a published interval: the sum over all views is 0 by contract',
      above: 0,
      periods: 2,
      datapoints: 1,
      // Reported once an interval: until the next comparison the last one holds.
      missing: 'ignore',
    },
  },
  canarySpeedAge: {
    unit: 'Milliseconds',
    kind: 'gauge',
    description: 'Time since the newest canary that the speed layer shows was sent',
    steps: ['canary'],
    watched: true,
  },
  canaryBatchAge: {
    unit: 'Milliseconds',
    kind: 'gauge',
    description: 'Time since the newest canary in a published interval was sent',
    steps: ['canary'],
    watched: true,
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

/** The metrics that the list gives a step. */
export type MetricOf<S extends Step> = {
  [N in MetricName]: S extends (typeof METRICS)[N]['steps'][number] ? N : never;
}[MetricName];

/** The metrics that the list gives a step once a view. */
export type ViewMetric = { [N in MetricName]: (typeof METRICS)[N] extends { perView: true } ? N : never }[MetricName];

/** What {@link report} computes itself. */
type Computed = 'dropped' | 'coldStarts';

/** What a step reports: the steps of the pipeline never without what they took in and what they carried through. */
export type Values<S extends Step> = Readonly<
  Partial<Record<Exclude<MetricOf<S>, ViewMetric | Computed>, number>> &
    Record<Extract<MetricOf<S>, 'received' | 'written'>, number>
>;
export type ViewValues<S extends Step> = Readonly<Record<MetricOf<S> & ViewMetric, number>>;

/** {@link report} as one step uses it. */
export type ReportOf<S extends Step> = (step: S, values: Values<S>) => void;
/** {@link reportView} as one step uses it. */
export type ReportViewOf<S extends Step> = (step: S, view: string, values: ViewValues<S>) => void;

type Numbers = Readonly<Partial<Record<MetricName, number>>>;

/** All metrics as the list types them, for code that goes through it. */
export const METRIC_LIST: readonly (Metric & { readonly name: MetricName })[] = Object.entries<Metric>(METRICS).map(
  ([name, metric]) => ({ ...metric, name: name as MetricName }),
);

export function metricsOf(step: Step): readonly (Metric & { readonly name: MetricName })[] {
  return METRIC_LIST.filter(({ steps }) => steps.includes(step));
}

/** Dimensions of a metric in CloudWatch, labels in Prometheus. */
export function dimensionsOf(name: MetricName): readonly ('step' | 'view')[] {
  const metric: Metric = METRICS[name];
  return metric.perView ? ['step', 'view'] : ['step'];
}

/**
 * Name in Prometheus: base units, counters end in `_total`.
 * @see https://prometheus.io/docs/practices/naming/
 */
export function prometheusName(name: MetricName): string {
  const { unit, kind }: Metric = METRICS[name];
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return `pipeline_${snake}${unit === 'Milliseconds' ? '_seconds' : ''}${kind === 'counter' ? '_total' : ''}`;
}

/** What a reported value is multiplied by to get Prometheus's base unit: times are seconds there. */
export function prometheusScale(name: MetricName): number {
  return METRICS[name].unit === 'Milliseconds' ? 0.001 : 1;
}

/**
 * Completes a step's counts by the two that all steps have: what was quarantined (0 if the step can't), and what was dropped,
 * which is received less all that is accounted for. A negative number means that something was counted twice.
 */
export function account(values: Numbers): Numbers {
  if (values.received === undefined) return values;
  const accounted = METRIC_LIST.reduce((sum, { name, accounts }) => sum + (accounts ? (values[name] ?? 0) : 0), 0);
  return { ...values, quarantined: values.quarantined ?? 0, dropped: values.received - accounted };
}

/** `all`, or `watched`: the others are fields of the log line and no metrics, which cost by the piece. */
const isMetric = (name: MetricName): boolean => {
  const { watched }: Metric = METRICS[name];
  return watched === true || requireEnv(ENV.metrics) === 'all';
};

let cold = true;

function write(dimensions: Readonly<Record<string, string>>, values: Numbers): void {
  const names = (Object.keys(values) as MetricName[]).filter(isMetric);
  const directive = {
    Namespace: requireEnv(ENV.metricNamespace),
    Dimensions: [Object.keys(dimensions)],
    Metrics: names.map((name) => ({ Name: name, Unit: METRICS[name].unit })),
  };
  // A directive without a metric would be refused.
  const metadata = names.length === 0 ? {} : { _aws: { Timestamp: Date.now(), CloudWatchMetrics: [directive] } };
  process.stdout.write(`${JSON.stringify({ ...metadata, ...dimensions, ...values })}\n`);
}

/** Writes one report of a step: a log line, no API call. The first of a process says so. */
export function report<S extends Step>(step: S, values: Values<S>): void {
  const complete = account(values);
  write({ step }, cold ? { ...complete, coldStarts: 1 } : complete);
  cold = false;
}

/** Writes one report of a step about one view. */
export function reportView<S extends Step>(step: S, view: string, values: ViewValues<S>): void {
  write({ step, view }, values);
}
