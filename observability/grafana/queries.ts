/** The queries of panels, with functions for each data source. */
import {
  ConnectionArgsBuilder,
  DataqueryBuilder as AthenaQuery,
  FormatOptions,
} from '@grafana/grafana-foundation-sdk/athena';
import {
  MetricEditorMode,
  MetricQueryType,
  MetricsQueryBuilder,
  QueryMode,
} from '@grafana/grafana-foundation-sdk/cloudwatch';
import { type Builder, type Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import { type DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import { DataqueryBuilder as PrometheusQuery, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import {
  type Metric,
  type MetricName,
  type MetricOf,
  METRICS,
  type Step,
  type ViewMetric,
} from '../../lambda/runtime/metrics';
import { AWS_METRICS, type AwsDimensions, type AwsMetric, type ConstantName, type ServiceName } from './aws-metrics';
import { type DataSourceName, sourceOf } from './sources';

/** Grafana's ids of units. */
export const UNITS = {
  count: 'short',
  perSecond: 'cps',
  bytes: 'bytes',
  bytesPerSecond: 'Bps',
  milliseconds: 'ms',
  seconds: 's',
  /** 0 to 1. */
  share: 'percentunit',
  none: 'none',
} as const;
export type Unit = keyof typeof UNITS;

export type Statistic = 'Sum' | 'Average' | 'Maximum' | 'Minimum' | 'p50' | 'p95' | 'p99' | 'SampleCount';

/** A query and the name of its series. */
export interface Query {
  readonly source: DataSourceName;
  readonly label: string;
  readonly unit: Unit;
  /** Its values are counts of separate events, which add up. @default - they are states */
  readonly adds?: boolean;
  /** The metric of a step that it asks for. @default - another metric, or no metric */
  readonly reported?: MetricName;
  /** @param source @default - the one that the board's variable names */
  readonly build: (refId: string, source?: DataSourceRef) => Builder<Dataquery>;
}

/** The reference to a constant of the board, for use in a query. */
export const constant = (name: ConstantName): string => `\${${name}}`;

function cloudwatch(
  label: string,
  unit: Unit,
  namespace: string,
  metric: string,
  statistic: Statistic,
  dimensions: Readonly<Record<string, string>>,
): Query {
  return {
    source: 'cloudwatch',
    label,
    unit,
    build: (refId, source = sourceOf('cloudwatch')) =>
      new MetricsQueryBuilder()
        .refId(refId)
        .datasource(source)
        .queryMode(QueryMode.Metrics)
        .metricQueryType(MetricQueryType.Search)
        .metricEditorMode(MetricEditorMode.Builder)
        .id('')
        .region('default')
        .namespace(namespace)
        .metricName(metric)
        .statistic(statistic)
        .dimensions(Object.fromEntries(Object.entries(dimensions).map(([name, value]) => [name, [value]])))
        .matchExact(true)
        .label(label)
        .period(''),
  };
}

/** The statistic that fits the metric's kind: the sum of a counter, the maximum of a gauge, the 99th percentile of a duration. */
export function statisticOf(name: MetricName): Statistic {
  const { kind }: Metric = METRICS[name];
  return kind === 'counter' ? 'Sum' : kind === 'gauge' ? 'Maximum' : 'p99';
}

/**
 * A metric that a step reports.
 *
 * @param label name of the series, if not the metric's
 * @param statistic @default - the one that fits its kind
 */
export function metric<S extends Step>(
  step: S,
  name: Exclude<MetricOf<S>, ViewMetric>,
  label: string = name,
  statistic: Statistic = statisticOf(name),
): Query {
  return reported(label, name, statistic, { step });
}

const UNIT_OF = { Count: 'count', Bytes: 'bytes', Milliseconds: 'milliseconds' } as const;

function reported(
  label: string,
  name: MetricName,
  statistic: Statistic,
  dimensions: Readonly<Record<string, string>>,
): Query {
  const { unit, kind } = METRICS[name];
  const query = cloudwatch(label, UNIT_OF[unit], constant('namespace'), name, statistic, dimensions);
  return { ...query, reported: name, adds: kind === 'counter' };
}

/** Metrics of a step under their own names. */
export function metricsOf<S extends Step>(step: S, names: readonly Exclude<MetricOf<S>, ViewMetric>[]): Query[] {
  return names.map((name) => metric(step, name));
}

/** Percentiles of a step's duration. They are also the names of the series. */
export function percentilesOf<S extends Step>(
  step: S,
  name: Exclude<MetricOf<S>, ViewMetric>,
  percentiles: readonly Extract<Statistic, `p${number}`>[],
): Query[] {
  return percentiles.map((percentile) => metric(step, name, percentile, percentile));
}

/** The same metric of several steps, each under the step's name. */
export function byStep<S extends Step>(
  steps: readonly S[],
  name: Exclude<MetricOf<S>, ViewMetric>,
  statistic?: Statistic,
): Query[] {
  return steps.map((step) => metric(step, name, step, statistic));
}

/** A metric that a step reports per view, as one series per view. */
export function metricByView<S extends Step>(step: S, name: MetricOf<S> & ViewMetric): Query {
  return reported("${PROP('Dim.view')}", name, statisticOf(name), { step, view: '*' });
}

/** A metric of an AWS service. */
export function awsMetric<S extends ServiceName>(
  service: S,
  name: AwsMetric<S>,
  statistic: Statistic,
  dimensions: AwsDimensions<S>,
  label: string,
): Query {
  const unit = /Latency|Duration/.test(name) ? 'milliseconds' : name.includes('Bytes') ? 'bytes' : 'count';
  return cloudwatch(label, unit, AWS_METRICS[service].namespace, name, statistic, dimensions);
}

/** The names of recording rules state their units. The first that matches applies. */
const RULE_UNITS: readonly (readonly [RegExp, Unit])[] = [
  [/:ratio/, 'share'],
  [/:milliseconds/, 'milliseconds'],
  [/:seconds/, 'seconds'],
  [/bytes.*:rate/, 'bytesPerSecond'],
  [/:rate/, 'perSecond'],
];

/** A PromQL expression on metrics of the brokers' exporters or on recording rules. */
export function promql(expression: string, label: string): Query {
  return {
    source: 'amp',
    label,
    unit: RULE_UNITS.find(([name]) => name.test(expression))?.[1] ?? 'count',
    build: (refId, source = sourceOf('amp')) =>
      new PrometheusQuery()
        .refId(refId)
        .datasource(source)
        .expr(expression)
        .legendFormat(label)
        .format(PromQueryFormat.TimeSeries)
        .range(),
  };
}

/** Minutes for which Athena reuses a result. Athena bills the bytes read, and the lake grows once per interval. */
const REUSE_MINUTES = 60;

/** SQL on the table `posts` of the lake. */
export function athena(sql: string, label: string): Query {
  return {
    source: 'athena',
    label,
    unit: 'none',
    build: (refId, source = sourceOf('athena')) =>
      new AthenaQuery()
        .refId(refId)
        .datasource(source)
        .format(FormatOptions.Table)
        .connectionArgs(
          new ConnectionArgsBuilder()
            .region('__default')
            .catalog('__default')
            .database('__default')
            .resultReuseEnabled(true)
            .resultReuseMaxAgeInMinutes(REUSE_MINUTES),
        )
        .rawSQL(sql),
  };
}
