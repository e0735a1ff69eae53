/** Prometheus over a local run: the jobs and rules of the deployed one, with this machine in the place of a broker. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { brokerJob, DATA_MOUNT, RULES_FOLDER, type ScrapeJob } from '../../../observability/prometheus/scrape';
import {
  type CassandraEngine,
  findProgram,
  type KafkaEngine,
  mountPointOf,
  type PrometheusEngine,
  startNodeExporter,
  startPrometheus,
} from '../../engines';

/** Value of the label `cluster`. */
const CLUSTER = 'local';

export interface Watched {
  readonly kafka: Pick<KafkaEngine, 'exporter'>;
  readonly cassandra: Pick<CassandraEngine, 'exporter'>;
  /** `127.0.0.1:PORT` where `/metrics` tells what the functions counted. @default - none */
  readonly functions?: string;
  /** `127.0.0.1:PORT` where `/metrics` tells of Airflow. @default - none */
  readonly airflow?: string;
  /** Between two scrapes. @default 5 */
  readonly intervalSeconds?: number;
  /** Absolute. @default - the deployed ones */
  readonly ruleFiles?: readonly string[];
}

export interface Monitoring {
  readonly prometheus: PrometheusEngine;
  stop(): Promise<void>;
}

/** Whether this machine can watch a run: engines are started with their exporters only then. */
export const canMonitor = (): boolean => findProgram('prometheus') !== undefined;

const fixed = (target: string, labels: Readonly<Record<string, string>> = {}) => ({
  static_configs: [{ targets: [target], labels }],
});

/** The job that reads node exporters as if they were a broker's. @param mount where the brokers' data is on their machines */
export function nodeJob(cluster: string, targets: ReturnType<typeof fixed>, mount: string): ScrapeJob {
  const asOnBrokers = {
    source_labels: ['mountpoint'],
    regex: mount.replace(/[.+*?()[\]{}|\\^$]/g, '\\$&'),
    target_label: 'mountpoint',
    replacement: DATA_MOUNT,
  };
  return brokerJob('node', cluster, { targets, relabelMetrics: [asOnBrokers] });
}

/** @param node address of the node exporter @param mount where the brokers' data is on this machine */
export function localJobs(
  { kafka, cassandra, functions, airflow }: Watched,
  node: string | undefined,
  mount: string,
): ScrapeJob[] {
  const broker = { broker: 'b-1' };
  const jobs: ScrapeJob[] = [];
  if (kafka.exporter !== undefined) {
    jobs.push(brokerJob('jmx', CLUSTER, { targets: fixed(kafka.exporter, broker) }));
  }
  if (node !== undefined) {
    jobs.push(nodeJob(CLUSTER, fixed(node, broker), mount));
  }
  if (cassandra.exporter !== undefined) {
    // Keyspaces shows no MBeans: what only the local store tells is kept short.
    const kept =
      'org_apache_cassandra_metrics_ClientRequest_(Count|99thPercentile)|java_lang_Memory_HeapMemoryUsage_.*';
    jobs.push({
      job_name: 'cassandra',
      ...fixed(cassandra.exporter),
      metric_relabel_configs: [{ source_labels: ['__name__'], regex: kept, action: 'keep' }],
    });
  }
  if (functions !== undefined) {
    jobs.push({
      job_name: 'functions',
      ...fixed(functions),
      // MSK's brokers tell the lag of consumer groups, Apache Kafka's do not: here the event sources tell it in their place.
      metric_relabel_configs: [
        { source_labels: ['__name__'], regex: 'kafka_consumer_group_.*', target_label: 'job', replacement: 'jmx' },
        {
          source_labels: ['__name__'],
          regex: 'kafka_consumer_group_.*',
          target_label: 'cluster',
          replacement: CLUSTER,
        },
      ],
    });
  }
  if (airflow !== undefined) jobs.push({ job_name: 'airflow', ...fixed(airflow) });
  return jobs;
}

/** The rule files, as they are deployed. */
export const ruleFiles = (): string[] =>
  readdirSync(RULES_FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(RULES_FOLDER, name));

/**
 * Starts the node exporter, if there is one, and Prometheus.
 * @param directory absolute folder for data and logs
 */
export async function startMonitoring(directory: string, watched: Watched): Promise<Monitoring> {
  const node = await startNodeExporter(directory);
  try {
    const prometheus = await startPrometheus({
      dir: directory,
      jobs: localJobs(watched, node?.address, mountPointOf(directory)),
      ruleFiles: watched.ruleFiles ?? ruleFiles(),
      intervalSeconds: watched.intervalSeconds,
    });
    return {
      prometheus,
      stop: async () => {
        await prometheus.stop();
        await node?.stop();
      },
    };
  } catch (error) {
    await node?.stop();
    throw error;
  }
}
