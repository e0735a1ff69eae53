/** Kafka, Cassandra, S3, Spark, Airflow and Prometheus without Docker: all that this package offers. See README.md. */
export {
  ALL_DAGS,
  type AirflowEngine,
  type AirflowOptions,
  type DagRun,
  startAirflow,
  type TaskInstance,
} from './airflow';
export { type CassandraEngine, type CassandraOptions, startCassandra } from './cassandra';
export { type Engine } from './engine';
export { ownedFolder } from './leftovers';
export { findJava, type Java } from './java.cjs';
export {
  type ControllerOptions,
  type KafkaEngine,
  type KafkaNode,
  type KafkaOptions,
  startController,
  startKafka,
} from './kafka';
export { newQuorum, type Quorum } from './kafka-config';
export { type KeyspaceProperties, type TableProperties } from './keyspaces-ddl';
export { mountPointOf, type NodeExporter, type NodeExporterOptions, startNodeExporter } from './node-exporter';
export { installed } from './paths';
export { claimPort, freePort, HOST, isOpen } from './ports';
export {
  findProgram,
  prometheusConfig,
  type PrometheusEngine,
  PROMETHEUS_HINT,
  type PrometheusOptions,
  type ScrapeJob,
  startPrometheus,
} from './prometheus';
export { s3Client, type S3Engine, type S3Options, startS3 } from './s3';
export { type SparkCommand, sparkCommand, type SparkOptions } from './spark';
export { type Command, type Supervised, supervise } from './supervise';
export { settled, type Stoppable, stopAll } from './together';
