/**
 * What takes two brokers: real ones, the second of which is frozen. The rules are the deployed ones; a minute of their times
 * is a second.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { type KafkaEngine, startKafka } from '../../local/engines/kafka';
import { newQuorum } from '../../local/engines/kafka-config';
import { type PrometheusEngine, startPrometheus } from '../../local/engines/prometheus';
import { brokerJob } from '../../prometheus/scrape';
import { untilAlerts } from '../support/until-alerts';
import { repeatedly } from '../support/repeatedly';
import { SHORTER } from '../support/shorter-alarms';
import { writeShorterRules } from '../support/shorter-rules';

const SILENT = ['KafkaNodeDown', 'KafkaOfflinePartitions', 'KafkaUnderReplicated', 'KafkaUnderMinIsr'];

let dir: string;
let first: KafkaEngine;
let second: KafkaEngine;
let prometheus: PrometheusEngine;
let producer: Producer;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kafka-faults-'));
  const quorum = await newQuorum([1]);
  first = await startKafka({ dir: join(dir, 'first'), exporter: true, quorum });
  second = await startKafka({ dir: join(dir, 'second'), exporter: true, quorum, id: 2 });
  const kafka = new Kafka({ clientId: 'test', brokers: [first.plainBrokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const configEntries = [{ name: 'min.insync.replicas', value: '2' }];
  await admin.createTopics({
    topics: [
      { topic: 'replicated', replicaAssignment: [{ partition: 0, replicas: [1, 2] }], configEntries },
      { topic: 'alone', replicaAssignment: [{ partition: 0, replicas: [2] }] },
    ],
  });
  await admin.disconnect();
  producer = kafka.producer({ retry: { retries: 0 } });
  await producer.connect();
  const target = (broker: string, { exporter }: KafkaEngine) => ({ targets: [exporter], labels: { broker } });
  prometheus = await startPrometheus({
    dir: join(dir, 'prometheus'),
    jobs: [brokerJob('jmx', 'test', { targets: { static_configs: [target('b-1', first), target('b-2', second)] } })],
    ruleFiles: writeShorterRules(join(dir, 'rules'), SHORTER),
    intervalSeconds: 1,
  });
}, 120_000);

afterAll(async () => {
  await producer?.disconnect().catch(() => undefined);
  await prometheus?.stop();
  await Promise.all([second?.kill9(), first?.kill9()]);
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

const write = () => producer.send({ topic: 'replicated', acks: -1, messages: [{ value: 'v' }] });

test('a broker that is frozen is told by six alerts, and all that speak of the present end when it is back', async () => {
  await write();
  await untilAlerts(prometheus.url, false, ...SILENT, 'KafkaProduceFailing', 'KafkaProduceSlow');
  second.suspend();
  // Some wait for the frozen replica until it is given up; those after them are refused, as replicas are too few.
  const stop = repeatedly(300, write);
  await untilAlerts(prometheus.url, true, ...SILENT, 'KafkaProduceFailing', 'KafkaProduceSlow');
  await stop();
  second.resume();
  await untilAlerts(prometheus.url, false, ...SILENT, 'KafkaProduceFailing');
  await expect(write()).resolves.toBeDefined();
}, 300_000);
