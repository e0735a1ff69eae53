/** The command line of `npm run erase`. */
import { cleanText } from '../../../lambda/domain/clean';
import { toIndex } from '../../../lambda/domain/post';
import { cleanTimestamp } from '../../../lambda/domain/timestamps';
import { changingBy, parsedOptions, refuse, whole } from '../options';
import { type Person, type Target } from './core';

export const USAGE = `npm run -s erase -- --lake BUCKET <whom> [--yes --compact FUNCTION]

Whom: a person, by all that a post says of one, or posts, or both.
  --first-name F --last-name L --age N --date-joined T
  --post KEY           may be repeated
Where and how:
  --lake BUCKET        the lake's bucket
  --compact FUNCTION   the function that compacts, by name
  --concurrency N      objects at once, 1 to 256 (default 16)
  --dry-run            search and tell, change nothing (default)
  --yes                erase, then search again

Ends with 1 if something is left after --yes.`;

export interface EraseOptions {
  readonly target: Target;
  readonly lake: string;
  readonly concurrency: number;
  /** Name of the function that compacts, if it is to be done; undefined for a search. */
  readonly compact: string | undefined;
}

const MAX_AGE = 150;
const MAX_CONCURRENCY = 256;
const PERSON = ['first-name', 'last-name', 'age', 'date-joined'] as const;

const OPTIONS = {
  'first-name': { type: 'string' },
  'last-name': { type: 'string' },
  age: { type: 'string' },
  'date-joined': { type: 'string' },
  post: { type: 'string', multiple: true, default: [] as string[] },
  lake: { type: 'string' },
  compact: { type: 'string' },
  concurrency: { type: 'string', default: '16' },
  'dry-run': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parsed>;

const parsed = (argv: readonly string[]) => parsedOptions(argv, OPTIONS);

function nameOf(option: 'first-name' | 'last-name', value: string): string {
  return cleanText(value) ?? refuse(option, value, 'a name');
}

/** There is no user id: a person is all four, and nobody is erased by less. */
function personOf(values: Values): Person | undefined {
  const given = PERSON.filter((option) => values[option] !== undefined);
  if (given.length === 0) return undefined;
  const lacking = PERSON.filter((option) => values[option] === undefined);
  if (lacking.length > 0) {
    throw new Error(`--${lacking[0]} must be given too: a person is ${PERSON.map((each) => `--${each}`).join(', ')}`);
  }
  const joined = values['date-joined']!;
  return {
    first_name: nameOf('first-name', values['first-name']!),
    last_name: nameOf('last-name', values['last-name']!),
    age: whole('age', values.age!, 0, MAX_AGE),
    date_joined: cleanTimestamp(joined) ?? refuse('date-joined', joined, 'YYYY-MM-DD HH:MM:SS or ISO 8601'),
  };
}

/** @throws Error of one line that names the option, its value and what is allowed */
export function parseEraseOptions(argv: readonly string[]): EraseOptions | 'help' {
  const values = parsed(argv);
  if (values.help) return 'help';
  if (!values.lake) refuse('lake', values.lake, 'the name of an interval');
  const person = personOf(values);
  const posts = values.post.map(
    (text) => toIndex(text) ?? refuse('post', text, `an integer from 0 to ${Number.MAX_SAFE_INTEGER}`),
  );
  if (!person && posts.length === 0) {
    throw new Error(`whom to erase must be given: ${PERSON.map((each) => `--${each}`).join(', ')}, or --post`);
  }
  const compact = changingBy('compact', values.compact, values);
  return {
    target: { person, posts },
    lake: values.lake,
    concurrency: whole('concurrency', values.concurrency, 1, MAX_CONCURRENCY),
    compact,
  };
}
