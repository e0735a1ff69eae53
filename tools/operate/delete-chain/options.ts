/** The command line of `delete-chain`. */
import { integer, parse, required, text, withDefault } from '../../kit/options';
import { changes } from '../options';

export interface DeleteChainOptions {
  readonly region: string;
  readonly keyspace: string;
  readonly topic: string;
  readonly partition: number;
  /** Whether it is deleted. */
  readonly change: boolean;
}

const MAX_PARTITION = 999;

export const OPTIONS = {
  region: required(text('REGION', 'of the deployment', 'the name of a region')),
  keyspace: required(text('KEYSPACE', 'with the tables of the views', 'the name of a keyspace')),
  topic: withDefault('posts', text('T', 'the topic', 'the name of a topic')),
  partition: required(integer('N', 'the partition of the topic', 0, MAX_PARTITION)),
  ...changes(
    'reports how many rows the chain has, changes nothing',
    'deletes them, while the event source is disabled',
  ),
};

/** @throws Error of one line that names the option, its value and what is allowed */
export function parseDeleteChainOptions(argv: readonly string[]): DeleteChainOptions {
  const { yes, 'dry-run': look, ...options } = parse(argv, OPTIONS).values;
  if (yes && look) throw new Error('--yes and --dry-run exclude each other');
  return { ...options, change: yes };
}
