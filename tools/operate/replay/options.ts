/** The command line of `replay`. */
import { integer, invalid, optional, parse, text, withDefault } from '../../kit/options';
import { changes, changingBy, functionName, LAKE, partition, TOPIC } from '../options';
import { type Filter } from './core';

export interface ReplayOptions {
  readonly lake: string;
  readonly topic: string;
  readonly filter: Filter;
  /** Name of the ingest function. Undefined for a dry run. */
  readonly ingest: string | undefined;
}

const offset = (help: string, from = 0) => integer('N', help, from, Number.MAX_SAFE_INTEGER);

export const OPTIONS = {
  partition: optional(partition('records of this partition only')),
  from: withDefault('0', offset('the first offset')),
  to: optional(offset('the last offset')),
  reason: optional(text('TEXT', 'records whose reason contains the text', 'a text')),
  lake: LAKE,
  topic: TOPIC,
  ingest: functionName('the name of the ingest function'),
  ...changes(
    'reports which records are posts by the current rules, changes nothing',
    'sends these again, and moves them to quarantine/replayed/',
  ),
};

/** @throws Error of one line that names the option, its value and what is allowed */
export function parseReplayOptions(argv: readonly string[]): ReplayOptions {
  const { values } = parse(argv, OPTIONS);
  const { lake, topic, from, to = Number.MAX_SAFE_INTEGER, reason } = values;
  if (to < from) invalid('to', offset('', from).allowed, String(to));
  return {
    lake,
    topic,
    filter: { partition: values.partition, from, to, reason },
    ingest: changingBy('ingest', values.ingest, values),
  };
}
