/**
 * Metrics in CloudWatch's embedded metric format: one log line a report, no API call.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */

export const METRIC_NAMESPACE = 'PinterestPipeline';

/** Every metric the functions report; the unit is CloudWatch's. */
export const METRICS = {
  received: { unit: 'Count', description: 'Records taken in by the step' },
  written: { unit: 'Count', description: 'Records the step made durable' },
  quarantined: { unit: 'Count', description: 'Records that are no post, set aside with position and reason' },
  rejected: { unit: 'Count', description: 'Records refused with an error to the client' },
  repeated: { unit: 'Count', description: 'Records or sections seen before, left out' },
  ticks: { unit: 'Count', description: 'Control records' },
  bytes: { unit: 'Bytes', description: 'Bytes the step wrote' },
  writeUnits: { unit: 'Count', description: 'Keyspaces write units (1 KB each, rounded up a row)' },
  conditionFailed: { unit: 'Count', description: 'Conditional writes that found another value' },
  retries: { unit: 'Count', description: 'Attempts that failed and were repeated' },
  duration: { unit: 'Milliseconds', description: 'Duration of the step' },
  freshness: {
    unit: 'Milliseconds',
    description: 'Log append time to visible in the store, of the newest record of a batch',
  },
  boundaryAge: { unit: 'Milliseconds', description: 'Age of the end of the newest published bucket' },
  drift: { unit: 'Count', description: 'Sum of the differences between the layers, per view' },
} as const;

export type MetricName = keyof typeof METRICS;
export type Dimensions = Readonly<Record<string, string>>;

/** Writes one report of a step. `step` and the further dimensions become CloudWatch dimensions. */
export function report(
  step: string,
  values: Readonly<Partial<Record<MetricName, number>>>,
  dimensions: Dimensions = {},
  now: number = Date.now(),
): void {
  const all = { step, ...dimensions };
  process.stdout.write(
    `${JSON.stringify({
      _aws: {
        Timestamp: now,
        CloudWatchMetrics: [
          {
            Namespace: METRIC_NAMESPACE,
            Dimensions: [Object.keys(all)],
            Metrics: Object.keys(values).map((name) => ({ Name: name, Unit: METRICS[name as MetricName].unit })),
          },
        ],
      },
      ...all,
      ...values,
    })}\n`,
  );
}
