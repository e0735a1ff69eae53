/** What is erased, as plain values: which posts are a person's, and what remains of their records in the raw log. */
import { SECTIONS, type SectionColumns } from '../../../lambda/domain/columns';
import { KEY_FIELD, keyIn } from '../../../lambda/domain/post';
import { toIndex } from '../../../lambda/domain/sections/fields';
import { cleanText, composed } from '../../../lambda/domain/sections/text';
import { user as userSection } from '../../../lambda/domain/sections/user';
import { cleanTimestamp } from '../../../lambda/domain/timestamps';
import { isValidationError } from '../../../lambda/domain/validation-error';

/** A person as posts name one: there is no user id. Values are cleaned. */
export interface Person {
  readonly first_name: string;
  readonly last_name: string;
  readonly age: number;
  /** ISO 8601, UTC, with milliseconds. */
  readonly date_joined: string;
}

/** At least one of both. */
export interface Target {
  readonly person?: Person;
  /** Keys of posts. */
  readonly posts: readonly number[];
}

/** A line of the raw log, as far as erasing looks at it; `lambda/formats/raw-line.ts` has all of it. */
interface Line {
  readonly o: number;
  readonly t: number;
  readonly s: string;
  readonly k?: number;
  readonly user?: SectionColumns;
  readonly erased?: true;
}

export interface Redacted {
  readonly ndjson: string;
  /** Records that were erased now. */
  readonly records: number;
}

const MARK = '"erased":true';

/** Records that were archived before the cleaning composed texts have the Unicode form in which they were sent. */
const sameName = (stored: unknown, name: string) => typeof stored === 'string' && composed(stored) === name;

function isPerson(person: Person, user: SectionColumns | undefined): boolean {
  return (
    user !== undefined &&
    sameName(user.first_name, person.first_name) &&
    sameName(user.last_name, person.last_name) &&
    user.age === person.age &&
    user.date_joined === person.date_joined
  );
}

const linesOf = (ndjson: string) => ndjson.split('\n').filter((line) => line !== '');

/**
 * The posts of an object of the raw log that are the person's, and those that were erased before: an interrupted
 * run may have erased the record that names the person, but not yet the other sections of the same post.
 */
export function postsOf(ndjson: string, person: Person): number[] {
  // As JSON.stringify wrote it, so other lines need not be parsed.
  const name = JSON.stringify(person.last_name);
  return linesOf(ndjson)
    .filter((line) => composed(line).includes(name) || line.includes(MARK))
    .map((line) => JSON.parse(line) as Line)
    .filter(({ user, erased }) => erased || isPerson(person, user))
    .map(({ k }) => k!);
}

/**
 * An object of the raw log without the posts of the given keys. Their lines remain, with offset, time, key and a mark, so the
 * object has every offset that its name states, and compaction reads records without a section. Other lines are retained
 * byte for byte. Redaction is idempotent.
 */
export function redact(ndjson: string, posts: ReadonlySet<number>): Redacted {
  let records = 0;
  const lines = linesOf(ndjson).map((line) => {
    const { o, t, s, k, erased } = JSON.parse(line) as Line;
    if (k === undefined || !posts.has(k) || erased) return line;
    records++;
    return JSON.stringify({ o, t, s, k, erased: true });
  });
  return { ndjson: lines.map((line) => `${line}\n`).join(''), records };
}

/** An object of the quarantine, as far as erasing looks at it. */
interface Quarantined {
  /** Base64, as is the payload. */
  readonly key?: string;
  readonly payload?: string;
}

type Fields = Readonly<Record<string, unknown>>;

const asFields = (value: unknown): Fields | undefined =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : undefined;

const decoded = (base64: string | undefined) => Buffer.from(base64 ?? '', 'base64').toString('utf8');

/** Escapes of JSON as the characters that they stand for, also where the text is not JSON. */
const unescaped = (text: string) =>
  text.replace(/\\u([0-9a-f]{4})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));

function parsed(text: string): Fields | undefined {
  try {
    return asFields(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Whether the names are the person's, and whether age and day confirm it: they may be missing, or the reason for quarantine. */
function compare(person: Person, user: Fields): { readonly possible: boolean; readonly sure: boolean } {
  if (cleanText(user.first_name) !== person.first_name || cleanText(user.last_name) !== person.last_name) {
    return { possible: false, sure: false };
  }
  const cleaned = userSection.clean({ age: user.age }, 0);
  const known = [
    [isValidationError(cleaned) ? null : cleaned.age, person.age],
    [cleanTimestamp(user.date_joined) ?? null, person.date_joined],
  ].filter(([value]) => value !== null);
  const possible = known.every(([value, wanted]) => value === wanted);
  return { possible, sure: possible && known.length > 0 };
}

export interface QuarantinedPosts {
  /** The record may name the person. */
  readonly person: boolean;
  /** The post that the record attributes to the person by more than a name, which several persons may share. */
  readonly own: number | undefined;
  /** Every key that it was sent with or that a section names: they may differ, which is a reason for quarantine. */
  readonly posts: readonly number[];
}

/**
 * @param body an object of the quarantine
 * @returns whom the record is about, as far as a record that could not be interpreted shows it
 */
export function quarantined(body: string, person: Person | undefined): QuarantinedPosts {
  const { key, payload } = JSON.parse(body) as Quarantined;
  const text = decoded(payload);
  const value = parsed(text);
  const sections = [value, ...SECTIONS.map((section) => asFields(value?.[section]))];
  const keys = [decoded(key), ...sections.flatMap((each) => Object.values(KEY_FIELD).map((field) => each?.[field]))];
  const posts = [...new Set(keys.map(toIndex).filter((index) => index !== undefined))];
  if (!person) return { person: false, own: undefined, posts };
  const user = asFields(value?.user) ?? (value && 'first_name' in value ? value : undefined);
  if (user) {
    const { possible, sure } = compare(person, user);
    return { person: possible, own: sure ? toIndex(keyIn('user', user)) : undefined, posts };
  }
  // Another form, or invalid JSON: a text with both names counts as the person's.
  const plain = composed(unescaped(text));
  const holds = (name: string) => plain.includes(name) || plain.includes(JSON.stringify(name).slice(1, -1));
  return { person: holds(person.first_name) && holds(person.last_name), own: undefined, posts };
}
