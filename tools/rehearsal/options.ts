/** The command line of `rehearse`. */
import { resolve } from 'node:path';
import { type Stage } from '../../lib/config';
import { DEPLOYMENT, optional, parse, text } from '../kit/options';

export const ORDERS = ['forward', 'reverse'] as const;

/** The order in which independent resources are created: by name, or reversed. */
export type Order = (typeof ORDERS)[number];

export interface RehearsalOptions {
  /** One of the deployed stages. */
  readonly stage: Stage;
  /** Further keys of the configuration, each `key=value`. */
  readonly settings: readonly string[];
  /** File to write the checks, the types and the times to, as JSON. */
  readonly results?: string;
}

export const OPTIONS = {
  ...DEPLOYMENT,
  results: optional(text('FILE', 'writes the checks, the types and the times as JSON', 'a file')),
};

/** @throws Error naming the option, its value and what is allowed */
export function parseOptions(argv: readonly string[]): RehearsalOptions {
  const { stage, context: settings, results } = parse(argv, OPTIONS).values;
  return { stage, settings, results: results && resolve(results) };
}
