/**
 * What clients send. These types are the documented contract: the JSON Schema of a post and the OpenAPI document are
 * generated from them (`npm run schemas`), and `check.ts` enforces them at the door.
 */
import { type Section } from './columns';

/** A whole number from 0 to 2^53 - 1, or its decimal digits as a string. */
export type Index = IndexNumber | IndexDigits;
/**
 * @asType integer
 * @minimum 0
 * @maximum 9007199254740991
 */
export type IndexNumber = number;
/** @pattern ^\s*[0-9]+\s*$ */
export type IndexDigits = string;

/**
 * @asType integer
 * @minimum -9007199254740991
 * @maximum 9007199254740991
 */
export type WholeNumber = number;
/** @pattern ^\s*-?[0-9]+\s*$ */
export type WholeNumberDigits = string;
/** @pattern ^\s*-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\s*$ */
export type NumberDigits = string;

/** The pin: what was posted. */
export interface Pin {
  /** The post's key; equal to `ind` of the post's geo and user sections. */
  index: Index;
  /** Identifier of the pin (UUID). */
  unique_id?: string | null;
  /** `No Title Data Available` and blank mean none. */
  title?: string | null;
  /** `No description available`, `No description available Story format`, `Untitled` and blank mean none. */
  description?: string | null;
  /** Display name of the poster; `User Info Error` and absent mean unknown. */
  poster_name?: string | null;
  /** `1234`, `12k`, `1.5M`, `1B` (any case); `User Info Error` means unknown. */
  follower_count?: string | number | null;
  /** Tags with commas between them, or as an array. */
  tag_list?: string | string[] | null;
  /** `image`, `video` or `multi-video(story page format)`. */
  is_image_or_video?: string | null;
  /** Address of the image; `Image src error.` means none. */
  image_src?: string | null;
  /** 1 if the client had downloaded the image, else 0. */
  downloaded?: WholeNumber | WholeNumberDigits | boolean | null;
  /** `Local save in /data/art`, or the path alone. */
  save_location?: string | null;
  /**
   * Category; compared in lower case.
   * @pattern \S
   */
  category: string;
}

/** Where and when it was posted. */
export interface Geo {
  /** The post's key; equal to `index` of the post's pin. */
  ind: Index;
  /** `YYYY-MM-DD HH:MM:SS`, ISO 8601, or `YYYY:MM:DD HH:MM:SS`; UTC where no zone is given. */
  timestamp?: string | null;
  /** Degrees north, -90 to 90. */
  latitude?: number | NumberDigits | null;
  /** Degrees east, -180 to 180. */
  longitude?: number | NumberDigits | null;
  /** Country name. */
  country?: string | null;
}

/** Who posted it. */
export interface User {
  /** The post's key; equal to `index` of the post's pin. */
  ind: Index;
  first_name?: string | null;
  last_name?: string | null;
  /** Years, 0 to 150. */
  age?: WholeNumber | WholeNumberDigits | null;
  /** When the user joined; the forms of `Geo.timestamp`. */
  date_joined?: string | null;
}

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

/** What one record of a request may be: a whole post, or one flat section recognised by its fields. @public */
export type PostRecord = Post | Pin | Geo | User;

/** The field of each section that holds the post's key. */
export const KEY_FIELD: Readonly<Record<Section, 'index' | 'ind'>> = { pin: 'index', geo: 'ind', user: 'ind' };

const DIGITS = /^\d+$/;

/** The post's index; undefined if `value` is not an integer from 0 to 2^53 - 1, as a number or digits. */
export function toIndex(value: unknown): number | undefined {
  const index =
    typeof value === 'number' ? value : typeof value === 'string' && DIGITS.test(value.trim()) ? Number(value) : -1;
  // Adding 0 makes -0, which is a JSON number too, a plain 0.
  return Number.isSafeInteger(index) && index >= 0 ? index + 0 : undefined;
}

/** The Kafka key of a post: all its sections have it, so all go to one partition, in order. */
export function keyOf(index: number): string {
  return String(index);
}
