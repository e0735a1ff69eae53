/**
 * What clients send. These types and those of the sections are the documented contract: the JSON Schema of a post and the OpenAPI
 * document are generated from them (`npm run generate`), and `check.ts` enforces them.
 */
import { bySection, type Section, SECTION_TABLE } from './columns';
import { type Geo } from './sections/geo';
import { type Pin } from './sections/pin';
import { type KeyField, type RawSection } from './sections/section';
import { type User } from './sections/user';

/**
 * A post, or the sections of it that the client has: at least one.
 * @additionalProperties false
 * @minProperties 1
 */
export interface Post {
  pin?: Pin | null;
  geo?: Geo | null;
  user?: User | null;
}

/** Of the schema of a post. To be raised with each change of it: `npm run schema:check` compares it with the released one. */
export const POST_SCHEMA_VERSION = 1;

/** What one record of a request may be: a whole post, or one flat section recognised by its fields. @public */
export type PostRecord = Post | Pin | Geo | User;

/** The field of each section that holds the post's key, by the contract. */
export const KEY_FIELD: Readonly<Record<Section, KeyField>> = bySection((section) => SECTION_TABLE[section].key);

const DIGIT_0 = 48;
/** Of an index: up to so many a number is exact. */
const MOST_DIGITS = 16;

/** What holds a section's key: its own field, or, where that is absent, the one of the other sections. */
export function keyIn(section: Section, raw: RawSection): unknown {
  const own = KEY_FIELD[section];
  return raw[own] ?? raw[own === 'ind' ? 'index' : 'ind'];
}

/** The Kafka key of a post: all its sections have it, so all go to one partition, in order. */
export function keyOf(index: number): string {
  return String(index);
}

/** Whether the bytes are {@link keyOf} the index: compared as digits, since each record is asked. */
export function isKeyOf(index: number, key: Uint8Array | null): boolean {
  if (key === null || key.length === 0 || (key[0] === DIGIT_0 && key.length > 1)) return false;
  let number = 0;
  for (let i = 0; i < key.length; i++) {
    const digit = key[i] - DIGIT_0;
    if (digit < 0 || digit > 9) return false;
    number = number * 10 + digit;
  }
  return number === index && key.length <= MOST_DIGITS;
}
