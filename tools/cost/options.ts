/** The command line of `cost`. */
import { type PipelineConfig } from '../../lib/config';
import { configOf, DEPLOYMENT, flag, integer, parse, required, withDefault } from '../kit/options';
import { type Load } from './workload';

export interface CostOptions extends Load {
  readonly config: PipelineConfig;
  readonly json: boolean;
}

const LEAST_RATE = 0.001;
const HIGHEST_RATE = 1_000_000;
/** Posts that fit a request even if each has only a few hundred bytes. */
const MOST_IN_REQUEST = 10_000;

function rate(text: string): number | undefined {
  const value = /^\d{1,7}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN;
  return value >= LEAST_RATE && value <= HIGHEST_RATE ? value : undefined;
}

export const OPTIONS = {
  stage: DEPLOYMENT.stage,
  rate: required({
    ...{ value: 'R', help: 'posts a second, constant through the month', parse: rate },
    allowed: `a number from ${LEAST_RATE} to ${HIGHEST_RATE}`,
  }),
  batch: withDefault('100', integer('B', 'posts in a request', 1, MOST_IN_REQUEST)),
  context: DEPLOYMENT.context,
  json: flag('prints JSON: perMillionPosts, monthly, components, levers …'),
};

/** @throws Error of one line that names the option, its value and what is allowed */
export function parseCostOptions(argv: readonly string[]): CostOptions {
  const { values } = parse(argv, OPTIONS);
  const { rate, batch, json } = values;
  return { rate, batch, json, config: configOf(values) };
}
