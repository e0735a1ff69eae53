/** Prometheus for a local run: jobs and rules of the deployed one, with this machine in the role of a broker. */
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
  /** @default - it is not read */
  readonly cassandra?: Pick<CassandraEngine, 'exporter'>;
  /** `127.0.0.1:PORT` whose `/metrics` has the metrics of the functions. @default - none */
  readonly functions?: string;
  /** `127.0.0.1:PORT` whose `/metrics` has the metrics of Airflow. @default - none */
  readonly airflow?: string;
  /** Seconds between two scrapes. @default 5 */
  readonly intervalSeconds?: number;
  /** Absolute. @default - the deployed ones */
  readonly ruleFiles?: readonly string[];
}

export interface Monitoring {
  readonly prometheus: PrometheusEngine;
  stop(): Promise<void>;
}

/** Whether Prometheus is installed; engines run their exporters only if it is. */
export const canMonitor = (): boolean => findProgram('prometheus') !== undefined;

const fixed = (target: string, labels: Readonly<Record<string, string>> = {}) => ({
  static_configs: [{ targets: [target], labels }],
});

/** The job that reads node exporters as those of brokers. @param mount mount point of the brokers' data on their machines */
export function nodeJob(cluster: string, targets: ReturnType<typeof fixed>, mount: string): ScrapeJob {
  const asOnBrokers = {
    source_labels: ['mountpoint'],
    regex: mount.replace(/[.+*?()[\]{}|\\^$]/g, '\\$&'),
    target_label: 'mountpoint',
    replacement: DATA_MOUNT,
  };
  return brokerJob('node', cluster, { targets, relabelMetrics: [asOnBrokers] });
}

/** @param node address of the node exporter @param mount mount point of the brokers' data on this machine */
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
  if (cassandra?.exporter !== undefined) {
    // Keyspaces has no MBeans, so only a few of the local store's metrics are stored.
    const stored =
      'org_apache_cassandra_metrics_ClientRequest_(Count|99thPercentile)|java_lang_Memory_HeapMemoryUsage_.*';
    jobs.push({
      job_name: 'cassandra',
      ...fixed(cassandra.exporter),
      metric_relabel_configs: [{ source_labels: ['__name__'], regex: stored, action: 'keep' }],
    });
  }
  if (functions !== undefined) {
    jobs.push({
      job_name: 'functions',
      ...fixed(functions),
      // MSK's brokers report the lag of consumer groups, Apache Kafka's do not: here the event sources report it.
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

/** The rule files that are deployed. */
export const ruleFiles = (): string[] =>
  readdirSync(RULES_FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(RULES_FOLDER, name));

/**
 * Starts the node exporter, if it is installed, and Prometheus.
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
