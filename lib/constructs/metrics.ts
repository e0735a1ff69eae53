import { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import {
  dimensionsOf,
  metricNamespace,
  METRICS,
  type MetricName,
  type MetricOf,
  type Step,
  type ViewMetric,
} from '../../lambda/runtime/metrics';
import { type PipelineConfig } from '../config';
import { type Canary } from './canary';
import { type FunctionHttpApi } from './http-api';
import { type KafkaCluster } from './kafka-cluster';
import { type PipelineFunction } from './pipeline-function';
import { type PipelineSteps } from './pipeline-steps';

/** The parts of a deployment that dashboards and alarms read. */
export interface Monitored {
  readonly config: PipelineConfig;
  readonly kafka: KafkaCluster;
  readonly steps: PipelineSteps;
  /** Absent where `canaryMinutes` is 0. */
  readonly canary?: Canary;
  readonly ingestApi: FunctionHttpApi;
  readonly queryApi: FunctionHttpApi;
}

/** The function of a step. Undefined for the canary if there is none. */
export function functionOf(monitored: Monitored, step: Step): PipelineFunction | undefined {
  return step === 'canary' ? monitored.canary?.function : monitored.steps[step];
}

export const FIVE_MINUTES = Duration.minutes(5);

export interface MetricChoice {
  /** @default - the sum of a counter, the maximum of a gauge, the 99th percentile of a duration */
  readonly statistic?: string;
  /** @default - five minutes */
  readonly period?: Duration;
  /** @default - the metric's name */
  readonly label?: string;
}

const STATISTICS = { counter: Stats.SUM, gauge: Stats.MAXIMUM, duration: Stats.p(99) } as const;

function metricOf(config: PipelineConfig, name: MetricName, dimensions: Record<string, string>, choice: MetricChoice) {
  const given = Object.keys(dimensions).sort().join();
  const listed = [...dimensionsOf(name)].sort().join();
  if (given !== listed) throw new Error(`dimensions of metric ${name} must be ${listed}, got ${given}`);
  return new Metric({
    namespace: metricNamespace(config),
    metricName: name,
    dimensionsMap: dimensions,
    statistic: choice.statistic ?? STATISTICS[METRICS[name].kind],
    period: choice.period ?? FIVE_MINUTES,
    label: choice.label,
  });
}

/** The CloudWatch metric of a step. */
export function stepMetric<S extends Step>(
  config: PipelineConfig,
  step: S,
  name: Exclude<MetricOf<S>, ViewMetric>,
  choice: MetricChoice = {},
): Metric {
  return metricOf(config, name, { step }, choice);
}

/** The CloudWatch metric of a step and a view. */
export function viewMetric<S extends Step>(
  config: PipelineConfig,
  step: S,
  view: string,
  name: MetricOf<S> & ViewMetric,
  choice: MetricChoice = {},
): Metric {
  return metricOf(config, name, { step, view }, choice);
}

/**
 * Lag, in records, of the partition that is furthest behind in a consumer group. The cluster reports it, because the functions
 * don't know it.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/consumer-lag.html
 */
export function consumerLag(monitored: Monitored, step: 'archive' | 'aggregate', choice: MetricChoice = {}): Metric {
  return kafkaMetric(monitored, 'MaxOffsetLag', choice, {
    'Consumer Group': monitored.steps.consumerGroup(step),
    Topic: monitored.kafka.topicName,
  });
}

/** @see https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html */
export function kafkaMetric(
  { kafka }: Monitored,
  metricName: string,
  choice: MetricChoice = {},
  dimensions: Record<string, string> = {},
): Metric {
  return new Metric({
    namespace: 'AWS/Kafka',
    metricName,
    dimensionsMap: { 'Cluster Name': kafka.clusterName, ...dimensions },
    statistic: choice.statistic ?? Stats.MAXIMUM,
    period: choice.period ?? FIVE_MINUTES,
    label: choice.label,
  });
}
