/** Facts of the templates on which prices depend. A test compares them with the synthesized templates. */
import { type PipelineConfig } from '../../lib/config';
import { FUNCTION_MB } from '../../lib/capacity/functions';

export const MEMORY_MB = {
  ...FUNCTION_MB,
  seal: 512,
  publish: 1024,
  reconcile: 1024,
  query: 1024,
  canary: 256,
} as const;

export type Step = keyof typeof MEMORY_MB;

/** Interface endpoints of the network: Kafka, Keyspaces, and logs for Spark. */
export const interfaceEndpoints = ({ viewsEngine }: Pick<PipelineConfig, 'viewsEngine'>) =>
  viewsEngine === 'duckdb' ? 2 : 3;

/** Minimum number of pollers of each event source. */
export const MINIMUM_POLLERS = 1;
