/**
 * A cluster of two brokers, the first of which is a controller, and a controller that is no broker; watched by Prometheus and
 * by the alarms of the templates, a minute of whose times is a second. The first broker has a small disk, where one can be had.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Admin, Kafka, logLevel, type Producer } from 'kafkajs';
import { loadConfig } from '../../../lib/config';
import { planOf } from '../../../tools/assembly/read-plan';
import { synthesizeAssembly } from '../../../tools/assembly/synthesize';
import { clusterNameOf, measureBrokers } from '../../../tools/local/aws/broker-metrics';
import { DataPoints } from '../../../tools/local/aws/data-points';
import {
  type KafkaEngine,
  type KafkaNode,
  newQuorum,
  type PrometheusEngine,
  settled,
  startController,
  startKafka,
  startNodeExporter,
  startPrometheus,
  stopAll,
  type Stoppable,
} from '../../../tools/engines';
import { type RunningAlarms, watchAlarms } from '../../../tools/local/run/alarms';
import { nodeJob } from '../../../tools/local/run/monitoring';
import { brokerJob } from '../../../observability/prometheus/scrape';
import { SHORTER, shorterAlarm } from '../../support/shorter-alarms';
import { writeShorterRules } from '../../support/shorter-rules';
import { canMount, mountSmallDisk } from './small-disk';

const CLUSTER = 'test';
const DISK_MB = 96;
/** What the small disk is: no file system counts as none. */
const NO_DISKS = '^$';
const SECOND_MS = 1_000;

export interface WatchedCluster {
  readonly first: KafkaEngine;
  readonly second: KafkaEngine;
  readonly controller: KafkaNode;
  readonly prometheus: PrometheusEngine;
  /** Those that look at MSK's own metrics. */
  readonly alarms: RunningAlarms;
  readonly admin: Admin;
  /** It gives up at once. */
  readonly producer: Producer;
  stop(): Promise<void>;
}

export async function startWatchedCluster(): Promise<WatchedCluster> {
  const dir = mkdtempSync(join(tmpdir(), 'kafka-faults-'));
  const up: Stoppable[] = [];
  const stop = async () => {
    await stopAll(up);
    rmSync(dir, { recursive: true, force: true });
  };
  const node = async <T extends KafkaNode>(starting: Promise<T>): Promise<T> => {
    const started = await starting;
    up.push({ stop: () => started.kill9() });
    return started;
  };
  try {
    const disk = canMount() ? await mountSmallDisk(join(dir, 'first', 'data'), DISK_MB) : undefined;
    if (disk) up.push(disk);
    const quorum = await newQuorum([1, 3]);
    const at = (name: string) => ({ dir: join(dir, name), exporter: true, quorum });
    const [first, second, controller] = await settled([
      node(startKafka({ ...at('first'), id: 1, launcher: disk?.launcher })),
      node(startKafka({ ...at('second'), id: 2 })),
      node(startController({ ...at('controller'), id: 3 })),
    ]);
    const exporter = await startNodeExporter(dir, disk && { launcher: disk.launcher, noDisks: NO_DISKS });
    if (exporter) up.push(exporter);

    const target = (broker: string, address = '') => ({ targets: [address], labels: { broker } });
    const jmx = [target('b-1', first.exporter), target('b-2', second.exporter), target('c-3', controller.exporter)];
    const prometheus = await startPrometheus({
      dir: join(dir, 'prometheus'),
      jobs: [
        brokerJob('jmx', CLUSTER, { targets: { static_configs: jmx } }),
        nodeJob(CLUSTER, { static_configs: [target('b-1', exporter?.address)] }, first.data),
      ],
      ruleFiles: writeShorterRules(join(dir, 'rules'), SHORTER),
      intervalSeconds: 1,
    });
    up.push(prometheus);
    const alarms = watchBrokers([first, second]);
    up.push(alarms);

    const kafka = new Kafka({ clientId: 'test', brokers: [first.plainBrokers], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    const producer = kafka.producer({ retry: { retries: 0 } });
    up.push({ stop: () => admin.disconnect() }, { stop: () => producer.disconnect().catch(() => undefined) });
    await Promise.all([admin.connect(), producer.connect()]);
    return { first, second, controller, prometheus, alarms, admin, producer, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function watchBrokers(brokers: readonly KafkaEngine[]): RunningAlarms {
  const { alarms, eventSources } = planOf(synthesizeAssembly(loadConfig({ stage: 'local' })));
  const points = new DataPoints();
  const measured = ['OfflinePartitionsCount', 'KafkaDataLogsDiskUsed'];
  const ofBrokers = alarms.filter(({ metrics }) => metrics.every(({ name }) => measured.includes(name)));
  const measure = () => measureBrokers(points, clusterNameOf(eventSources[0].clusterArn), brokers);
  return watchAlarms({ alarms: ofBrokers, compositeAlarms: [] }, points, [measure], {
    everyMs: SECOND_MS,
    change: shorterAlarm,
  });
}
