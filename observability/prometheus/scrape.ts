/**
 * What Prometheus reads from the brokers, on AWS and in the local run. Both use one list, so that a rule or a panel has data
 * in both.
 *
 * Names are those of MSK's exporters: the default form of the JMX exporter, with an MBean's `name` as a label.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/open-monitoring.html
 */
import { join } from 'node:path';

/** Folder with the files of recording and alert rules. */
export const RULES_FOLDER = join(__dirname, 'rules');

/** Mount point of a broker's data volume, as its node exporter reports it. */
export const DATA_MOUNT = '/kafka/datalogs';

export type ExporterName = 'jmx' | 'node';

/** Ports of the exporters in MSK's brokers and controllers. */
export const EXPORTER_PORTS: Readonly<Record<ExporterName, number>> = { jmx: 11001, node: 11002 };

/**
 * The series to store, as `metric;name label;request label`. A broker has thousands of series, and each is billed. Rules and
 * dashboards read only these.
 */
const SERIES: Readonly<Record<ExporterName, readonly string[]>> = {
  jmx: [
    'kafka_controller_KafkaController_Value;(OfflinePartitionsCount|ActiveControllerCount|GlobalPartitionCount|GlobalTopicCount);',
    'kafka_controller_ControllerStats_Count;UncleanLeaderElectionsPerSec;',
    'kafka_server_ReplicaManager_Value;(UnderReplicatedPartitions|UnderMinIsrPartitionCount|LeaderCount|PartitionCount);',
    'kafka_server_BrokerTopicMetrics_Count;(MessagesIn|BytesIn|BytesOut|FailedProduceRequests|FailedFetchRequests)PerSec;',
    'kafka_server_KafkaRequestHandlerPool_OneMinuteRate;RequestHandlerAvgIdlePercent;',
    'kafka_network_RequestMetrics_99thPercentile;TotalTimeMs;(Produce|FetchConsumer)',
    'kafka_consumer_group_ConsumerLagMetrics_Value;SumOffsetLag;',
    'java_lang_Memory_HeapMemoryUsage_(used|max);;',
    'jvm_gc_collection_seconds_(sum|count);;',
  ],
  node: [
    'node_cpu_seconds_total;;',
    'node_filesystem_(avail|size)_bytes;;',
    'node_memory_Mem(Available|Total)_bytes;;',
    'node_load1;;',
  ],
};

/** A part of Prometheus' configuration. @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config */
export interface Relabelling {
  readonly source_labels?: readonly string[];
  readonly regex?: string;
  readonly action?: 'replace' | 'keep';
  readonly target_label?: string;
  readonly replacement?: string;
}

/** @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config */
export interface ScrapeJob {
  readonly job_name: string;
  readonly relabel_configs?: readonly Relabelling[];
  readonly metric_relabel_configs?: readonly Relabelling[];
  readonly [discovery: string]: unknown;
}

/** How a job finds its targets, and how it changes their labels. */
export interface Discovery {
  /** E.g. `dns_sd_configs` or `static_configs`. */
  readonly targets: Readonly<Record<string, unknown>>;
  /** Must give each target a label `broker`. */
  readonly relabel?: readonly Relabelling[];
  /** Applied before other series are dropped. */
  readonly relabelMetrics?: readonly Relabelling[];
}

/** The job that reads one of the two exporters of every broker. @param cluster value of the label `cluster` */
export function brokerJob(exporter: ExporterName, cluster: string, discovery: Discovery): ScrapeJob {
  return {
    job_name: exporter,
    ...discovery.targets,
    relabel_configs: [...(discovery.relabel ?? []), { target_label: 'cluster', replacement: cluster }],
    metric_relabel_configs: [
      ...(discovery.relabelMetrics ?? []),
      { source_labels: ['__name__', 'name', 'request'], regex: SERIES[exporter].join('|'), action: 'keep' },
    ],
  };
}
