import { FUNCTION_MB } from '../../lib/capacity/functions';

/** Facts of the templates that prices depend on; a test compares them with the synthesized ones. */
export const MEMORY_MB = {
  ...FUNCTION_MB,
  seal: 512,
  publish: 1024,
  reconcile: 1024,
  query: 1024,
  canary: 256,
} as const;

export type Step = keyof typeof MEMORY_MB;

/** Interface endpoints of the network: Kafka, Keyspaces, logs. */
export const INTERFACE_ENDPOINTS = 3;

/** Minimum number of pollers of each event source. */
export const MINIMUM_POLLERS = 1;
