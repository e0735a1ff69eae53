/** The command line of `preflight`. */
import { type PipelineConfig } from '../../lib/config';
import { configOf, DEPLOYMENT, parse } from '../kit/options';

/** @throws Error of one line that names the option, its value and what is allowed */
export const parsePreflightOptions = (argv: readonly string[]): PipelineConfig =>
  configOf(parse(argv, DEPLOYMENT).values);
