/** The callers of AWS: the roles of the matrix, and those outside it. */
import { type PipelineConfig } from '../../lib/config';

/** Every caller of the pipeline and the logical id of its role, without the hash at its end. */
export const ROLES = {
  ingest: 'StepsIngestRole',
  archive: 'StepsArchiveRole',
  aggregate: 'StepsAggregateRole',
  seal: 'StepsSealRole',
  compact: 'StepsCompactRole',
  publish: 'StepsPublishRole',
  reconcile: 'StepsReconcileRole',
  query: 'StepsQueryRole',
  canary: 'CanaryRole',
  spark: 'SparkJobRole',
  stopper: 'SparkStopperHandlerRole',
  airflow: 'AirflowRole',
  workflow: 'WorkflowRole',
  jobFiles: 'SparkJobFilesRole',
  dagFiles: 'AirflowDagsRole',
  workflowFiles: 'WorkflowDefinitionRole',
  flowLogs: 'NetworkVpcAllIAMRole',
  mskNodes: 'PrometheusMskNodesRole',
  grafana: 'GrafanaRole',
  grafanaContent: 'GrafanaContentFunctionRole',
} as const;

export type Caller = keyof typeof ROLES;
export const CALLERS = Object.keys(ROLES) as Caller[];
/** The functions that are steps of the pipeline. */
export const STEPS = CALLERS.filter((caller) => ROLES[caller].startsWith('Steps'));
/** Functions in the pipeline's network. */
export const IN_NETWORK: readonly Caller[] = [...STEPS, 'mskNodes'];
/** All functions of the pipeline. A stage may lack those that are not steps. */
export const FUNCTIONS: readonly Caller[] = [...IN_NETWORK, 'canary', 'stopper', 'grafanaContent'];
/** The logical id of a function, without the hash at its end. */
export const functionOf = (caller: Caller) => ROLES[caller].replace(/(Function)?Role$/, 'Function');
/** The logical id of a function's log group, or a workflow's, without the hash at its end. */
export const logsOf = (caller: Caller) => ROLES[caller].replace(/Role$/, 'Logs');

/**
 * Callers that a local run lacks. It copies files directly, has no network, knows its broker, deploys nothing and runs Airflow with
 * the DAG. Its Grafana needs no role.
 */
export const NOT_LOCAL: readonly Caller[] = [
  'stopper',
  'workflow',
  'jobFiles',
  'dagFiles',
  'workflowFiles',
  'flowLogs',
  'mskNodes',
  'grafana',
  'grafanaContent',
];

/** Documented calls of some callers. */
export interface ServiceCalls {
  readonly why: string;
  readonly see: string;
  readonly callers: readonly Caller[];
  /** Action → resources; `LOGS` is the log group of the caller, `ASSETS` are the deployment's assets that it reads. */
  readonly calls: Readonly<Record<string, readonly string[]>>;
  readonly context?: Readonly<Record<string, string>>;
  /** Configurations in which the calls occur. @default - all */
  readonly where?: (config: PipelineConfig) => boolean;
  /** Whether the function's own code makes the calls. @default - the service does */
  readonly byCode?: true;
}
