import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import {
  clusterNameOf,
  diskUsed,
  measureBrokers,
  type WatchedBroker,
} from '../../../../../tools/local/aws/broker-metrics';
import { DataPoints } from '../../../../../tools/local/aws/data-points';

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => server.close()));

/** The address of an exporter that serves a page. */
async function exporterOf(page: string): Promise<string> {
  const server = createServer((_, response) => response.end(page));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const BROKER: WatchedBroker = { id: 1, pid: process.pid, data: tmpdir(), running: () => true };
const OFFLINE = { namespace: 'AWS/Kafka', name: 'OfflinePartitionsCount', dimensions: { 'Cluster Name': 'posts' } };
const diskOf = (id: string) => ({
  namespace: 'AWS/Kafka',
  name: 'KafkaDataLogsDiskUsed',
  dimensions: { 'Cluster Name': 'posts', 'Broker ID': id },
});

async function pointsOf(...brokers: readonly WatchedBroker[]) {
  const points = new DataPoints();
  await measureBrokers(points, 'posts', brokers);
  return (metric: typeof OFFLINE | ReturnType<typeof diskOf>) => points.values(metric, 0, Infinity);
}

test('partitions without a leader are what the controller reports', async () => {
  const controller = await exporterOf(
    'kafka_controller_KafkaController_Value{name="GlobalTopicCount"} 9.0\n' +
      'kafka_controller_KafkaController_Value{name="OfflinePartitionsCount"} 3.0\n',
  );
  const other = await exporterOf('java_lang_Memory_HeapMemoryUsage_used 1.0\n');
  const values = await pointsOf({ ...BROKER, exporter: controller }, { ...BROKER, id: 2, exporter: other });
  expect(values(OFFLINE)).toEqual([3]);
});

test('without a response of the exporter nothing is reported about them', async () => {
  const values = await pointsOf({ ...BROKER, exporter: '127.0.0.1:1' }, { ...BROKER, id: 2 });
  expect(values(OFFLINE)).toEqual([]);
});

test('disk usage is that of the disk which the broker process sees, and is unknown for a broker that is down', async () => {
  const values = await pointsOf(BROKER, { ...BROKER, id: 2, running: () => false });
  const [used] = values(diskOf('1'));
  expect(used).toBeGreaterThan(0);
  expect(used).toBeLessThanOrEqual(100);
  expect(values(diskOf('2'))).toEqual([]);
  await expect(diskUsed({ ...BROKER, data: '/nowhere' })).rejects.toThrow('ENOENT');
});

test('the name of a cluster comes from its ARN', () => {
  expect(clusterNameOf('arn:aws:kafka:eu-central-1:123456789012:cluster/posts/0-1')).toBe('posts');
});
