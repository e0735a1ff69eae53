/** The command line of `delete-chain`. */
import { parse, required, text } from '../../kit/options';
import { changes, isChanging, partition, TOPIC } from '../options';

export interface DeleteChainOptions {
  readonly region: string;
  readonly keyspace: string;
  readonly topic: string;
  readonly partition: number;
  /** Whether it is deleted. */
  readonly change: boolean;
}

export const OPTIONS = {
  region: required(text('REGION', 'of the deployment', 'the name of a region')),
  keyspace: required(text('KEYSPACE', 'with the tables of the views', 'the name of a keyspace')),
  topic: TOPIC,
  partition: required(partition('the partition of the topic')),
  ...changes(
    'reports how many rows the chain has, changes nothing',
    'deletes them, while the event source is disabled',
  ),
};

/** @throws Error of one line that names the option, its value and what is allowed */
export function parseDeleteChainOptions(argv: readonly string[]): DeleteChainOptions {
  const { values } = parse(argv, OPTIONS);
  const { region, keyspace, topic } = values;
  return { region, keyspace, topic, partition: values.partition, change: isChanging(values) };
}
