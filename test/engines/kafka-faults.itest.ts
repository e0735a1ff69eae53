/**
 * What takes more than one broker, or a broker that nothing else needs: one is frozen, a disk is filled, memory is taken. The
 * rules and alarms are the deployed ones; a minute of their times is a second.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { diskUsed } from '../../tools/local/aws/broker-metrics';
import { vectorOf } from '../support/prometheus-queries';
import { repeatedly } from '../../tools/kit/repeatedly';
import { SET_OFF_IN_A_CLUSTER, TAKES_A_DISK } from '../support/set-off-in-a-cluster';
import { idOf, untilAlarms, untilAlerts } from '../support/until';
import { flood, heapKept, occupy, squeeze, timeCollecting } from './support/kafka-load';
import { canMount, MOUNT_HINT } from './support/small-disk';
import { startWatchedCluster, type WatchedCluster } from './support/watched-cluster';

jest.setTimeout(300_000);

const SILENT = ['KafkaNodeDown', 'KafkaOfflinePartitions', 'KafkaUnderReplicated', 'KafkaUnderMinIsr'];
/** Less than a request may have. */
const MESSAGE_BYTES = 1_000_000;
const FULL_PERCENT = 94;

let cluster: WatchedCluster;

const hasDisk = canMount();
const testWithDisk = hasDisk ? test : test.skip;

beforeAll(async () => {
  if (!hasDisk) process.stdout.write(`${MOUNT_HINT}\n`);
  cluster = await startWatchedCluster();
  const minInSync = [{ name: 'min.insync.replicas', value: '2' }];
  const on = (...replicas: number[]) => [{ partition: 0, replicas }];
  await cluster.admin.createTopics({
    waitForLeaders: true,
    topics: [
      { topic: 'replicated', replicaAssignment: on(1, 2), configEntries: minInSync },
      { topic: 'on-first', replicaAssignment: on(1) },
      { topic: 'on-second', replicaAssignment: on(2) },
    ],
  });
});

afterAll(() => cluster?.stop());

const untilFire = (...names: readonly string[]) => untilAlerts(cluster.prometheus.url, true, ...names);
const untilOver = (...names: readonly string[]) => untilAlerts(cluster.prometheus.url, false, ...names);

const write = () => cluster.producer.send({ topic: 'replicated', acks: -1, messages: [{ value: 'v' }] });

test('a frozen broker fires six alerts and an alarm, and those about the present end when it is back', async () => {
  const { second, alarms } = cluster;
  await write();
  await untilOver(...SILENT, 'KafkaProduceFailing', 'KafkaProduceSlow');
  second.suspend();
  // Some wait for the frozen replica until it is given up; those after them are refused, as replicas are too few.
  const stop = repeatedly(300, write);
  await untilFire(...SILENT, 'KafkaProduceFailing', 'KafkaProduceSlow');
  await untilAlarms(alarms, 'ALARM', 'kafka-offline');
  await stop();
  second.resume();
  await untilOver(...SILENT, 'KafkaProduceFailing');
  await untilAlarms(alarms, 'OK', 'kafka-offline');
  await expect(write()).resolves.toBeDefined();
});

test('a quorum without its majority fires the alert for a missing controller until it is whole again', async () => {
  await untilOver('KafkaControllers');
  cluster.controller.suspend();
  await untilFire('KafkaControllers');
  cluster.controller.resume();
  await untilOver('KafkaControllers');
});

testWithDisk('a disk fires its alerts when it fills up and when it is full, until records are deleted', async () => {
  const { admin, alarms, first, producer } = cluster;
  await untilAlarms(alarms, 'OK', 'kafka-disk');
  while ((await diskUsed(first))! < FULL_PERCENT) {
    await producer.send({ topic: 'on-first', messages: [{ value: randomBytes(MESSAGE_BYTES) }] });
  }
  await untilFire('KafkaDiskFilling', 'KafkaDiskFull');
  await untilAlarms(alarms, 'ALARM', 'kafka-disk');
  await admin.deleteTopics({ topics: ['on-first'] });
  await untilOver('KafkaDiskFilling', 'KafkaDiskFull');
  await untilAlarms(alarms, 'OK', 'kafka-disk');
});

test('overloaded brokers fire the alerts for processors, handlers, heap and garbage collection', async () => {
  const { first, second } = cluster;
  // The idle time of handlers is an average over a minute, which a new process does not have behind it.
  await second.restart();
  const loads = {
    KafkaCpuHigh: occupy(availableParallelism()),
    KafkaHeapFull: squeeze(first, heapKept, [0.88, 0.93]),
    KafkaGarbageCollection: squeeze(second, timeCollecting, [0.2, 0.4]),
    KafkaHandlersBusy: await flood(second.plainBrokers, 'on-second', 8),
  };
  // Each load ends with its alert: the others then have the processors.
  const firing = Object.entries(loads).map(([alert, stop]) => untilFire(alert).then(stop));
  try {
    await Promise.all(firing);
  } finally {
    await Promise.all(Object.values(loads).map((stop) => stop()));
  }
  await untilOver('KafkaGarbageCollection', 'KafkaHandlersBusy');
  // What was set aside is garbage now, but nothing asks for it to be collected: as the runbook says, a restart does.
  await first.restart();
  await untilOver('KafkaHeapFull');
});

test('every alert that needs a cluster fired', async () => {
  const alerts = await vectorOf(cluster.prometheus.url, 'last_over_time(ALERTS{alertstate="firing"}[1h])');
  const alarms = cluster.alarms.transitions.filter(({ to }) => to === 'ALARM').map(({ alarm }) => idOf(alarm));
  const seen = new Set([...alerts.map(({ labels }) => labels.alertname), ...alarms]);
  const made = SET_OFF_IN_A_CLUSTER.filter((name) => hasDisk || !TAKES_A_DISK.includes(name));
  expect(made.filter((name) => !seen.has(name))).toEqual([]);
});
