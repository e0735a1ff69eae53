/** Metrics that AWS services publish of themselves, with the sets of dimensions under which they do. */
import { AWS_METRICS } from '../../observability/grafana/aws-metrics';
import { type MetricId } from '../../tools/assembly/alarm-terms';

interface Published {
  readonly namespace: string;
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
}

/** @see https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html, level DEFAULT */
const KAFKA: readonly Published[] = [
  {
    namespace: 'AWS/Kafka',
    dimensions: ['Cluster Name'],
    metrics: ['ActiveControllerCount', 'GlobalPartitionCount', 'GlobalTopicCount', 'OfflinePartitionsCount'],
  },
  {
    namespace: 'AWS/Kafka',
    dimensions: ['Cluster Name', 'Broker ID'],
    metrics: ['KafkaAppLogsDiskUsed', 'KafkaDataLogsDiskUsed', 'UnderReplicatedPartitions'],
  },
  /** @see https://docs.aws.amazon.com/msk/latest/developerguide/consumer-lag.html */
  {
    namespace: 'AWS/Kafka',
    dimensions: ['Cluster Name', 'Consumer Group', 'Topic'],
    metrics: ['EstimatedMaxTimeLag', 'MaxOffsetLag', 'SumOffsetLag'],
  },
];

const PUBLISHED: readonly Published[] = [...Object.values(AWS_METRICS), ...KAFKA];

/** Whether the service publishes such a metric under exactly these dimensions. */
export function isPublished({ namespace, name, dimensions }: MetricId): boolean {
  const given = Object.keys(dimensions).sort().join();
  return PUBLISHED.some(
    (each) =>
      each.namespace === namespace && each.metrics.includes(name) && [...each.dimensions].sort().join() === given,
  );
}
