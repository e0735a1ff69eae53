/** The command line of `npm run rehearse`. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Stage, STAGES } from '../../lib/config';

export const ORDERS = ['forward', 'reverse'] as const;

/** The order in which independent resources are created: by name, or reversed. */
export type Order = (typeof ORDERS)[number];

export interface RehearsalOptions {
  /** One of {@link DEPLOYED}. */
  readonly stage: Stage;
  /** Further keys of the configuration, each `key=value`. */
  readonly settings: readonly string[];
  /** File to write the checks, the types and the times to, as JSON. */
  readonly results?: string;
}

/** The stages that are deployed: all but `local`. */
export const DEPLOYED = STAGES.filter((stage) => stage !== 'local');

export const USAGE = `npm run rehearse [-- --stage ${DEPLOYED.join('|')}] [-c KEY=VALUE]… [--results FILE]

  --stage S       stage to deploy to the emulator (default dev)
  -c KEY=VALUE    sets a key of the configuration, as for cdk; may be repeated
  --results FILE  write the checks, the types and the times as JSON`;

/**
 * @throws Error naming the option, its value and what is allowed
 */
export function parseOptions(argv: readonly string[]): RehearsalOptions | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      stage: { type: 'string', default: 'dev' },
      setting: { type: 'string', short: 'c', multiple: true, default: [] },
      results: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const stage = DEPLOYED.find((each) => each === values.stage);
  if (stage === undefined) throw new Error(`--stage must be one of ${DEPLOYED.join(', ')}, got '${values.stage}'`);
  const malformed = values.setting.find((each) => !/^\w+=./.test(each) || each.startsWith('stage='));
  if (malformed !== undefined) throw new Error(`-c must be KEY=VALUE, with another key than stage, got '${malformed}'`);
  const results = values.results === undefined ? undefined : resolve(values.results);
  return { stage, settings: values.setting, results };
}
