/** The command line of `capacity`. */
import { type PipelineConfig } from '../../lib/config';
import { POSTS_PER_REQUEST } from '../../lib/capacity/loads';
import { configOf, DEPLOYMENT, flag, integer, optional, parse, withDefault } from '../kit/options';

export interface CapacityOptions {
  readonly config: PipelineConfig;
  /** Posts a second. @default - the rate that the stage is built for */
  readonly rate?: number;
  readonly batch: number;
  readonly json: boolean;
}

export const OPTIONS = {
  stage: DEPLOYMENT.stage,
  rate: optional(integer('R', 'posts a second instead of postsPerSecond, for which the stage is built', 1, 1_000_000)),
  batch: withDefault(String(POSTS_PER_REQUEST), integer('B', 'posts in a request', 1, 10_000)),
  context: DEPLOYMENT.context,
  json: flag('prints JSON: components with load, limit, source and share, and the first to bind'),
};

/** @throws Error of one line that names the option, its value and what is allowed */
export function parseCapacityOptions(argv: readonly string[]): CapacityOptions {
  const { values } = parse(argv, OPTIONS);
  const { rate, batch, json } = values;
  return { rate, batch, json, config: configOf(values) };
}
