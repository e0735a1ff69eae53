/** For each alert: what makes it fire, and what is close to that and must not. Values are series in promtool's notation. */

export interface AlertCase {
  /** `series → values`, a value a minute. */
  readonly fires: Readonly<Record<string, string>>;
  readonly silent: Readonly<Record<string, string>>;
  /** Minutes after which both are looked at. */
  readonly after: number;
}

const at = 'cluster="c",broker="b-1"';
const jmx = (metric: string, name: string, more = '') => `${metric}{job="jmx",${at},name="${name}"${more}}`;
const controller = (name: string) => jmx('kafka_controller_KafkaController_Value', name);
const replicas = (name: string) => jmx('kafka_server_ReplicaManager_Value', name);
const disk = (side: string) => `node_filesystem_${side}_bytes{job="node",${at},mountpoint="/kafka/datalogs"}`;
const topic = (name: string, of: string) => jmx('kafka_server_BrokerTopicMetrics_Count', name, `,topic="${of}"`);
const lag =
  'kafka_consumer_group_ConsumerLagMetrics_Value{job="jmx",cluster="c",name="SumOffsetLag",groupId="g",topic="posts"}';
const idle = `node_cpu_seconds_total{job="node",${at},cpu="0",mode="idle"}`;
const heap = (side: string) => `java_lang_Memory_HeapMemoryUsage_${side}{job="jmx",${at}}`;
const collections = `jvm_gc_collection_seconds_sum{job="jmx",${at},gc="G1 Young Generation"}`;
const handlers = jmx('kafka_server_KafkaRequestHandlerPool_OneMinuteRate', 'RequestHandlerAvgIdlePercent');
const produce = jmx('kafka_network_RequestMetrics_99thPercentile', 'TotalTimeMs', ',request="Produce"');
const unclean = jmx('kafka_controller_ControllerStats_Count', 'UncleanLeaderElectionsPerSec');

export const ALERT_CASES: Readonly<Record<string, AlertCase>> = {
  KafkaNodeDown: {
    fires: { [`up{job="jmx",${at}}`]: '0x20' },
    // Back after four minutes; and the node exporter alone is no broker.
    silent: { [`up{job="jmx",${at}}`]: '1x5 0x4 1x10', [`up{job="node",${at}}`]: '0x20' },
    after: 10,
  },
  KafkaOfflinePartitions: {
    fires: { [controller('OfflinePartitionsCount')]: '0 2x10' },
    silent: { [controller('OfflinePartitionsCount')]: '0x10' },
    after: 5,
  },
  KafkaControllers: {
    fires: { [controller('ActiveControllerCount')]: '0x10' },
    silent: { [controller('ActiveControllerCount')]: '1x10' },
    after: 8,
  },
  KafkaUncleanElection: {
    fires: { [unclean]: '0x5 1x10' },
    silent: { [unclean]: '3x15' },
    after: 10,
  },
  KafkaUnderMinIsr: {
    fires: { [replicas('UnderMinIsrPartitionCount')]: '1x10' },
    silent: { [replicas('UnderMinIsrPartitionCount')]: '0x10' },
    after: 5,
  },
  KafkaUnderReplicated: {
    fires: { [replicas('UnderReplicatedPartitions')]: '4x30' },
    // A broker that is patched.
    silent: { [replicas('UnderReplicatedPartitions')]: '0x5 4x15 0x10' },
    after: 25,
  },
  KafkaDiskFilling: {
    fires: { [disk('avail')]: '19x20', [disk('size')]: '100x20' },
    silent: { [disk('avail')]: '21x20', [disk('size')]: '100x20' },
    after: 15,
  },
  KafkaDiskFull: {
    fires: { [disk('avail')]: '7x20', [disk('size')]: '100x20' },
    silent: { [disk('avail')]: '9x20', [disk('size')]: '100x20' },
    after: 15,
  },
  KafkaCpuHigh: {
    // Of the 60 seconds of a minute, 20 idle; then 30.
    fires: { [idle]: '0+20x30' },
    silent: { [idle]: '0+30x30' },
    after: 25,
  },
  KafkaProduceSlow: {
    fires: { [produce]: '1200x20' },
    silent: { [produce]: '900x20' },
    after: 15,
  },
  KafkaHandlersBusy: {
    fires: { [handlers]: '0.1x20' },
    silent: { [handlers]: '0.5x20' },
    after: 15,
  },
  KafkaProduceFailing: {
    fires: { [topic('FailedProduceRequestsPerSec', '')]: '0+60x20' },
    silent: { [topic('FailedProduceRequestsPerSec', '')]: '7x20' },
    after: 15,
  },
  KafkaConsumerLate: {
    // Ten records a second: 12,000 of them came in twenty minutes.
    fires: { [topic('MessagesInPerSec', 'posts')]: '0+600x30', [lag]: '12000x30' },
    silent: { [topic('MessagesInPerSec', 'posts')]: '0+600x30', [lag]: '6000x30' },
    after: 20,
  },
  KafkaHeapFull: {
    fires: { [heap('used')]: '90x40', [heap('max')]: '100x40' },
    // It is full before each collection, and not after it.
    silent: {
      [heap('used')]: '90 95 40 90 95 40 90 95 40 90 95 40 90 95 40 90 95 40 90 95 40',
      [heap('max')]: '100x40',
    },
    after: 20,
  },
  KafkaGarbageCollection: {
    fires: { [collections]: '0+12x30' },
    silent: { [collections]: '0+3x30' },
    after: 20,
  },
};

/** A file for `promtool test rules`: JSON is YAML. */
export function ruleTests(ruleFiles: readonly string[]): string {
  const tests = Object.entries(ALERT_CASES).flatMap(([alert, { fires, silent, after }]) =>
    [fires, silent].map((series) => ({
      name: `${alert} ${series === fires ? 'fires' : 'is silent'}`,
      interval: '1m',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [
        {
          expr: `count by (alertname) (ALERTS{alertname="${alert}",alertstate="firing"})`,
          eval_time: `${after}m`,
          exp_samples: series === fires ? [{ labels: `{alertname="${alert}"}`, value: 1 }] : [],
        },
      ],
    })),
  );
  return JSON.stringify({ rule_files: ruleFiles, evaluation_interval: '1m', tests }, null, 2);
}
