/** How the topic shares the brokers' volumes: retention in bytes, so that no rate of posts fills one. */
import { type PipelineConfig } from '../config/schema';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** Share of a volume that the topic may fill. The alarm is at 80 %, and Kafka's own topics need some of the rest. */
export const VOLUME_SHARE = 0.7;

/** A segment is deleted as a whole, once all that is retained lies behind it: smaller ones waste less of the volume. */
const SEGMENTS = 16;
const LARGEST_SEGMENT = GIB;
/** Twice the largest batch that a producer may send, which must fit into a segment. */
const SMALLEST_SEGMENT = 16 * MIB;

type Volumes = Pick<PipelineConfig, 'brokers' | 'brokerVolumeGb' | 'partitions' | 'replicationFactor'>;

/** Replicas of the topic's partitions on the broker that has most of them. */
export const replicasPerBroker = ({
  partitions,
  replicationFactor,
  brokers,
}: Omit<Volumes, 'brokerVolumeGb'>): number => Math.ceil((partitions * replicationFactor) / brokers);

export interface TopicBytes {
  /** `retention.bytes`: of a partition. */
  readonly retention: number;
  /** `segment.bytes` */
  readonly segment: number;
}

/** With retention and the segment that is being written, all replicas of a broker fill its share at most. */
export function topicBytes(config: Volumes): TopicBytes {
  const perReplica = Math.floor((VOLUME_SHARE * config.brokerVolumeGb * GIB) / replicasPerBroker(config));
  const segment = Math.floor(Math.min(LARGEST_SEGMENT, Math.max(SMALLEST_SEGMENT, perReplica / SEGMENTS)));
  return { retention: Math.max(segment, perReplica - segment), segment };
}

/** Hours of posts that the topic retains by bytes at a rate. */
export const hoursRetained = (config: Volumes & Pick<PipelineConfig, 'postBytes'>, rate: number): number =>
  (topicBytes(config).retention * config.partitions) / (rate * config.postBytes * 3_600);
