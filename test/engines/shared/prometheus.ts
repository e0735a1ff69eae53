import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { type EventSourcePlan } from '../../../tools/assembly/local-plan';
import { type EventSource, startEventSource } from '../../../tools/local/aws/event-source';
import { serveMetrics } from '../../../tools/local/aws/metrics-page';
import { type RunningServer } from '../../../tools/local/aws/server';
import { type KafkaEngine, prometheusConfig } from '../../../tools/engines';
import { localJobs, type Monitoring, ruleFiles, startMonitoring } from '../../../tools/local/run/monitoring';
import { expressionsWithoutData, loadedRules, type Rule, seriesOf } from '../../support/prometheus-queries';
import { sharedCassandra, sharedKafka } from '../support/shared-engines';
import { ALERT_CASES, ruleTests } from './prometheus-cases';

const TOPIC = 'watched';
const RECEIVED = { namespace: 'Test', name: 'received', dimensions: { step: 'archive' } };
const RECORDS_PER_SEND = 50;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'prometheus-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What promtool says. @throws Error with its output, if it finds fault */
function promtool(...args: readonly string[]): string {
  try {
    return execFileSync('promtool', args, { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(' ')}:\n${stdout ?? ''}${stderr ?? String(error)}`);
  }
}

describe('promtool', () => {
  test('finds no fault in the rules', () => {
    expect(promtool('check', 'rules', '--lint=all', '--lint-fatal', ...ruleFiles())).toContain('SUCCESS');
  });

  test('finds no fault in the configuration of the local run', () => {
    const engines = { kafka: { exporter: '127.0.0.1:1' }, cassandra: { exporter: '127.0.0.1:2' } };
    const jobs = localJobs({ ...engines, functions: '127.0.0.1:3' }, '127.0.0.1:4', '/a (b)');
    const file = join(dir, 'prometheus.json');
    writeFileSync(file, prometheusConfig({ jobs, ruleFiles: ruleFiles() }));
    expect(promtool('check', 'config', file)).toContain('SUCCESS');
  });

  test('sees each alert fire when it should, and not when it should not', () => {
    const file = join(dir, 'tests.json');
    writeFileSync(file, ruleTests(ruleFiles()));
    expect(promtool('test', 'rules', file)).toContain('SUCCESS');
  });
});

describe('a real Prometheus over a real broker and store', () => {
  let kafka: KafkaEngine;
  let source: EventSource;
  let page: RunningServer;
  let monitoring: Monitoring;
  let rules: Rule[];

  const plan: EventSourcePlan = {
    path: 'Test/Source',
    logicalId: 'Source',
    functionName: 'reader',
    clusterArn: 'arn:aws:kafka:us-east-1:123456789012:cluster/test/1',
    topics: [TOPIC],
    consumerGroup: 'readers',
    enabled: true,
    startingPosition: 'TRIM_HORIZON',
    batchSize: 100,
    windowSeconds: 0,
  };

  beforeAll(async () => {
    kafka = sharedKafka();
    await kafka.createTopic(TOPIC, 3);
    source = startEventSource(plan, { brokers: kafka.brokers, invoke: async () => ({ payload: 'null' }) });
    page = await serveMetrics({
      series: () => [{ ...RECEIVED, sum: 7, count: 2, last: 3 }],
      lags: async () => {
        const sum = Object.values(await source.lag()).reduce((a, b) => a + b, 0);
        return [{ groupId: plan.consumerGroup, topic: TOPIC, sum }];
      },
    });
    const functions = new URL(page.url).host;
    monitoring = await startMonitoring(join(dir, 'prometheus'), {
      ...{ kafka, cassandra: sharedCassandra() },
      ...{ functions, intervalSeconds: 1 },
    });
    rules = await loadedRules(monitoring.prometheus.url);
  }, 180_000);

  afterAll(async () => {
    await monitoring?.stop();
    await page?.stop();
    await source?.stop();
  }, 60_000);

  const produce = async (): Promise<void> => {
    const client = new Kafka({ clientId: 'test', brokers: [kafka.plainBrokers], logLevel: logLevel.NOTHING });
    const producer = client.producer();
    await producer.connect();
    const messages = Array.from({ length: RECORDS_PER_SEND }, (_, i) => ({ key: String(i), value: '{"index":1}' }));
    await producer.send({ topic: TOPIC, messages });
    await producer.disconnect();
  };

  test('every alert has its cases', () => {
    const alerts = rules.filter(({ type }) => type === 'alerting').map(({ name }) => name);
    expect(Object.keys(ALERT_CASES).sort()).toEqual(alerts.sort());
  });

  test('every expression of the rules has data, under a load of some hundred records', async () => {
    const { url } = monitoring.prometheus;
    const expressions = [...new Set(rules.map(({ query }) => query))];
    let missing = expressions;
    for (const deadline = Date.now() + 90_000; missing.length > 0 && Date.now() < deadline;) {
      await produce();
      await sleep(2_000);
      missing = await expressionsWithoutData(url, expressions);
    }
    expect(rules.filter(({ query }) => missing.includes(query)).map(({ name }) => name)).toEqual([]);
  }, 180_000);

  test('the store and the functions are read, too', async () => {
    const { url } = monitoring.prometheus;
    const read = [
      'org_apache_cassandra_metrics_ClientRequest_Count{job="cassandra"}',
      'pipeline_received_total{job="functions",step="archive"} == 7',
      'node_memory_MemAvailable_bytes{job="node",cluster="local",broker="b-1"}',
    ];
    expect(await expressionsWithoutData(url, read)).toEqual([]);
  });

  test('an expression without data is found, and one that compares is not taken for one', async () => {
    const { url } = monitoring.prometheus;
    expect(await expressionsWithoutData(url, ['no_such_metric', 'up{job="jmx"} == 0', '0 / 0'])).toEqual([
      'no_such_metric',
      '0 / 0',
    ]);
    await expect(seriesOf(url, 'sum by (')).rejects.toThrow('parse error');
  });

  test('what no rule and no dashboard reads is not kept', async () => {
    expect(await seriesOf(monitoring.prometheus.url, '{job="jmx",__name__=~"kafka_.*_FiveMinuteRate"}')).toBe(0);
    expect(await seriesOf(monitoring.prometheus.url, 'count({job="jmx"}) < 150')).toBe(1);
  });
});
