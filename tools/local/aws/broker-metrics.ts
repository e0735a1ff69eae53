/** The metrics of brokers that MSK reports to CloudWatch and that alarms read. */
import { statfs } from 'node:fs/promises';
import { platform } from 'node:os';
import { type KafkaEngine } from '../../engines';
import { type DataPoints } from './data-points';

/** The exporter of a frozen broker must not block the next evaluation. */
const PATIENCE_MS = 2_000;

const OFFLINE_PARTITIONS = /^kafka_controller_KafkaController_Value\{name="OfflinePartitionsCount"\} (\S+)$/m;

/** `arn:aws:kafka:region:account:cluster/name/uuid` → name, the dimension `Cluster Name` */
export const clusterNameOf = (clusterArn: string): string => clusterArn.split('/')[1];

/** The part of a {@link KafkaEngine} that is measured. */
export type WatchedBroker = Pick<KafkaEngine, 'id' | 'pid' | 'data' | 'exporter' | 'running'>;

/**
 * Adds a point for each metric that can be measured: none for a broker that is down, and no count of partitions without a
 * leader where no controller responds.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html
 */
export async function measureBrokers(
  points: Pick<DataPoints, 'add'>,
  clusterName: string,
  brokers: readonly WatchedBroker[],
): Promise<void> {
  const add = (name: string, value: number | undefined, of: Readonly<Record<string, string>> = {}) => {
    if (value === undefined) return;
    points.add({ namespace: 'AWS/Kafka', name, dimensions: { 'Cluster Name': clusterName, ...of } }, value, Date.now());
  };
  await Promise.all(
    brokers.map(async (broker) => {
      const [offline, disk] = await Promise.all([offlinePartitions(broker), diskUsed(broker)]);
      add('OfflinePartitionsCount', offline);
      add('KafkaDataLogsDiskUsed', disk, { 'Broker ID': String(broker.id) });
    }),
  );
}

async function offlinePartitions({ exporter }: WatchedBroker): Promise<number | undefined> {
  if (exporter === undefined) return undefined;
  try {
    const page = await fetch(`http://${exporter}/metrics`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const found = OFFLINE_PARTITIONS.exec(await page.text());
    return found ? Number(found[1]) : undefined;
  } catch {
    return undefined;
  }
}

/** Used percentage of the disk with a broker's log, in the broker's own mount namespace. Undefined if the broker is down. */
export async function diskUsed({ pid, data, running }: WatchedBroker): Promise<number | undefined> {
  if (!running()) return undefined;
  const { blocks, bfree, bavail } = await statfs(platform() === 'linux' ? `/proc/${pid}/root${data}` : data);
  const used = blocks - bfree;
  // Like df: what is reserved for root is neither used nor free.
  return (100 * used) / (used + bavail);
}
