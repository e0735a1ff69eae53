/** The section `user`: its contract, check, columns and cleaning. */
import { sketch } from '../person-sketch';
import { cleanTimestamp, TIME_ALLOWED } from '../timestamps';
import { invalid } from '../validation-error';
import { type Index, type WholeNumber, type WholeNumberDigits } from './fields';
import { column, type FieldsOf, section } from './section';
import { cleanText } from './text';

/** Who posted it. */
export interface User {
  /** The post's key; equal to `index` of the post's pin. */
  ind?: Index | null;
  /** The key under another name, which counts where `ind` is absent. */
  index?: Index | null;
  first_name?: string | null;
  last_name?: string | null;
  /** Years, 0 to 150. */
  age?: WholeNumber | WholeNumberDigits | null;
  /** When the user joined; the forms of `Geo.timestamp`. */
  date_joined?: string | null;
}

const AGE_GROUPS = ['18-24', '25-35', '36-50', '50+'] as const;

/** The group of an age; `50+` is over 50. Null under 18 and unknown. */
export function ageGroup(age: number | null): string | null {
  if (age === null || age < 18) return null;
  return AGE_GROUPS[age <= 24 ? 0 : age <= 35 ? 1 : age <= 50 ? 2 : 3];
}

const MAX_AGE = 150;

export const user = section({
  key: 'ind',
  fields: {
    ind: ['index', 'pseudonymous'],
    index: ['index', 'pseudonymous'],
    first_name: ['text', 'personal'],
    last_name: ['text', 'personal'],
    age: ['integer', 'personal'],
    date_joined: ['text', 'personal'],
  } satisfies FieldsOf<User>,
  columns: [
    column('first_name', 'string', 'personal', 'First name'),
    column('last_name', 'string', 'personal', 'Last name'),
    column('age', 'int', 'personal', 'Age in years'),
    column('age_group', 'string', 'none', '18-24, 25-35, 36-50, 50+; null under 18 and unknown', AGE_GROUPS),
    column('date_joined', 'timestamp', 'personal', 'When the user joined, UTC'),
    column('join_year', 'int', 'none', 'Year of date_joined'),
    column(
      'user_register',
      'int',
      'pseudonymous',
      'HyperLogLog register of the person (hash of first_name, last_name, age, date_joined)',
    ),
    column('user_rank', 'int', 'pseudonymous', 'HyperLogLog rank of the person in user_register'),
  ],
  clean(raw) {
    const age = raw.age === undefined || raw.age === null ? null : Number(raw.age) + 0;
    if (age !== null && !(Number.isInteger(age) && age >= 0 && age <= MAX_AGE)) {
      return invalid('user.age', raw.age, `an integer from 0 to ${MAX_AGE}, or null`);
    }
    const joined = cleanTimestamp(raw.date_joined);
    if (joined === undefined) return invalid('user.date_joined', raw.date_joined, TIME_ALLOWED);
    const firstName = cleanText(raw.first_name);
    const lastName = cleanText(raw.last_name);
    // There is no user id: somebody without a part of the identity can't be distinguished from others, and is not a distinct person.
    const known = firstName !== null && lastName !== null && age !== null && joined !== null;
    const person = known ? sketch(`${firstName}\u001f${lastName}\u001f${age}\u001f${joined}`) : undefined;
    return {
      first_name: firstName,
      last_name: lastName,
      age,
      age_group: ageGroup(age),
      date_joined: joined,
      join_year: joined === null ? null : Number(joined.slice(0, 4)),
      user_register: person ? person.register : null,
      user_rank: person ? person.rank : null,
    };
  },
});
