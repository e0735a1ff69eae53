/** The command line of `erase`. */
import { toIndex } from '../../../lambda/domain/sections/fields';
import { cleanText } from '../../../lambda/domain/sections/text';
import { cleanTimestamp } from '../../../lambda/domain/timestamps';
import { integer, optional, parse, repeated, text, type Values, withDefault } from '../../kit/options';
import { changes, changingBy, functionName, LAKE } from '../options';
import { type Person, type Target } from './core';

export interface EraseOptions {
  readonly target: Target;
  readonly lake: string;
  readonly concurrency: number;
  /** Name of the function that compacts; undefined for a dry run. */
  readonly compact: string | undefined;
  /** Name of the function that publishes, to delete what it replaced; undefined for a dry run as well. */
  readonly publish: string | undefined;
}

const PERSON = ['first-name', 'last-name', 'age', 'date-joined'] as const;

const name = (value: string, help: string) => ({
  ...text(value, help, 'a name'),
  parse: (given: string) => cleanText(given) ?? undefined,
});

export const OPTIONS = {
  'first-name': optional(name('F', 'first name of the person')),
  'last-name': optional(name('L', 'last name of the person')),
  age: optional(integer('N', 'age of the person', 0, 150)),
  'date-joined': optional({
    ...text('T', 'instant at which the person joined', 'YYYY-MM-DD HH:MM:SS or ISO 8601'),
    parse: (given) => cleanTimestamp(given) ?? undefined,
  }),
  post: repeated({
    ...integer('KEY', 'key of a post', 0, Number.MAX_SAFE_INTEGER),
    parse: (given) => toIndex(given) ?? undefined,
  }),
  lake: LAKE,
  compact: functionName('the function that compacts, by name'),
  publish: functionName('the function that publishes, by name: deletes at once the views that were replaced'),
  concurrency: withDefault('16', integer('N', 'objects at once, 1 to 256', 1, 256)),
  ...changes('searches and reports, changes nothing', 'erases, then searches again'),
};

/** There is no user id: a person is all four, and nobody is erased by less. */
function personOf(values: Values<typeof OPTIONS>): Person | undefined {
  const { 'first-name': first_name, 'last-name': last_name, age, 'date-joined': date_joined } = values;
  if (PERSON.every((option) => values[option] === undefined)) return undefined;
  if (first_name === undefined || last_name === undefined || age === undefined || date_joined === undefined) {
    const missing = PERSON.find((option) => values[option] === undefined);
    throw new Error(`--${missing} must be given too: a person is ${PERSON.map((each) => `--${each}`).join(', ')}`);
  }
  return { first_name, last_name, age, date_joined };
}

/** @throws Error of one line that names the option, its value and what is allowed */
export function parseEraseOptions(argv: readonly string[]): EraseOptions {
  const { values } = parse(argv, OPTIONS);
  const { post: posts, lake, concurrency } = values;
  const person = personOf(values);
  if (!person && posts.length === 0) {
    throw new Error(`whom to erase must be given: ${PERSON.map((each) => `--${each}`).join(', ')}, or --post`);
  }
  const compact = changingBy('compact', values.compact, values);
  return { target: { person, posts }, lake, concurrency, compact, publish: compact && values.publish };
}
