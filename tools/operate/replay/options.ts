/** The command line of `npm run replay`. */
import { changingBy, parsedOptions, refuse, whole } from '../options';
import { type Filter } from './core';

export const USAGE = `npm run -s replay -- --lake BUCKET [which] [--yes --ingest FUNCTION]

Which records of the quarantine:
  --partition N        of this partition only
  --from N, --to N     of these offsets only, both included
  --reason TEXT        whose reason holds the text
Where and how:
  --lake BUCKET        the lake's bucket
  --topic T            the topic (default posts)
  --ingest FUNCTION    the function that takes posts, by name
  --dry-run            tell which are posts by the rules of now, change nothing (default)
  --yes                send these again, and move them to quarantine/replayed/`;

export interface ReplayOptions {
  readonly lake: string;
  readonly topic: string;
  readonly filter: Filter;
  /** Name of the function that takes posts, if it is to be done; undefined to look only. */
  readonly ingest: string | undefined;
}

const OPTIONS = {
  partition: { type: 'string' },
  from: { type: 'string', default: '0' },
  to: { type: 'string', default: String(Number.MAX_SAFE_INTEGER) },
  reason: { type: 'string' },
  lake: { type: 'string' },
  topic: { type: 'string', default: 'posts' },
  ingest: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const MAX_PARTITION = 999;

/** @throws Error of one line that names the option, its value and what is allowed */
export function parseReplayOptions(argv: readonly string[]): ReplayOptions | 'help' {
  const values = parsedOptions(argv, OPTIONS);
  if (values.help) return 'help';
  if (!values.lake) refuse('lake', values.lake, 'the name of an interval');
  if (!values.topic) refuse('topic', values.topic, 'the name of a topic');
  const ingest = changingBy('ingest', values.ingest, values);
  const from = whole('from', values.from, 0, Number.MAX_SAFE_INTEGER);
  return {
    lake: values.lake,
    topic: values.topic,
    filter: {
      partition: values.partition === undefined ? undefined : whole('partition', values.partition, 0, MAX_PARTITION),
      from,
      to: whole('to', values.to, from, Number.MAX_SAFE_INTEGER),
      reason: values.reason,
    },
    ingest,
  };
}
