/**
 * The cleaning: the only place where dirty values are interpreted. One function a section takes a section whose structure
 * was checked (`check.ts`) and the append time of its record, and gives the typed columns of `columns.ts`, or says which value it cannot
 * interpret. Everything downstream (archive, Parquet, Spark, both layers) works on these columns and never parses text.
 *
 * This is the hot path of three handlers: one pass over each text, no backtracking, no Date where digits stay in place.
 */
import { type Section, type SectionColumns } from './columns';
import { toNumber, type RawSection } from './check';
import { invalid, type ValidationError } from './validation-error';
import { cleanTimestamp, minuteOf } from './timestamps';
import { sketch } from './person-sketch';

export type Cleaned = SectionColumns | ValidationError;

/** Tells the two outcomes apart: no column is called `allowed`. */
export function isRefused(cleaned: Cleaned): cleaned is ValidationError {
  return 'allowed' in cleaned;
}

const CONTROL = /[\u0000-\u001f]/;
const CONTROLS = /[\u0000-\u001f]/g;

/**
 * Trimmed text (Unicode spaces such as U+00A0 too), null if nothing is left. C0 control characters become spaces, because
 * U+001F separates the dimensions of a view's key; a lone surrogate, which UTF-8 cannot carry, becomes U+FFFD.
 */
export function cleanText(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const spaced = CONTROL.test(value) ? value.replace(CONTROLS, ' ') : value;
  const trimmed = spaced.trim();
  if (trimmed === '') return null;
  return trimmed.isWellFormed() ? trimmed : trimmed.toWellFormed();
}

/**
 * Texts that are dimensions of views. Longer ones are no names: they would only swell rows, which hold 1 MB at most, and a row
 * that cannot be written stops its partition.
 */
const LONGEST_NAME = 256;
const NAME_ALLOWED = `a text of at most ${LONGEST_NAME} characters`;
const tooLong = (name: string | null) => name !== null && name.length > LONGEST_NAME;

function unless(text: string | null, placeholders: readonly string[]): string | null {
  return text === null || placeholders.includes(text) ? null : text;
}

const UNKNOWN_POSTER = ['User Info Error'];
const NO_TITLE = ['No Title Data Available'];
const NO_DESCRIPTION = ['No description available', 'No description available Story format', 'Untitled'];
/** What clients send for no tags: the placeholder's characters, joined by commas. */
const NO_TAGS = 'N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e';
const NO_IMAGE = ['Image src error.'];
const LOCAL_SAVE = 'Local save in ';

const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ['image', 'image'],
  ['video', 'video'],
  ['multi-video', 'multi-video'],
  ['multi-video(story page format)', 'multi-video'],
]);

const DIGIT_0 = 48;
const DIGIT_9 = 57;
const POINT = 46;

/** Powers of ten that the suffixes of a follower count stand for. */
function suffixDigits(code: number): number {
  switch (code) {
    case 107: // k
    case 75:
      return 3;
    case 109: // m
    case 77:
      return 6;
    case 98: // b
    case 66:
      return 9;
    default:
      return -1;
  }
}

/**
 * `1234`, `12k`, `1.5M`, `1B` as an integer, exact (decimal digits are moved, never multiplied as binary fractions);
 * a fraction finer than 1 is rounded half up.
 * @returns undefined if the text is of another form, or beyond 2^53 - 1
 */
export function parseCount(text: string): number | undefined {
  const end = text.length;
  const scale = end > 0 ? suffixDigits(text.charCodeAt(end - 1)) : -1;
  const last = scale < 0 ? end : end - 1;
  let value = 0;
  let fractionDigits = -1;
  let roundUp = 0;
  for (let i = 0; i < last; i++) {
    const code = text.charCodeAt(i);
    if (code === POINT) {
      // A point needs a suffix, a digit before it, a digit after it, and to be the only one.
      if (scale < 0 || fractionDigits >= 0 || i === 0 || i === last - 1) return undefined;
      fractionDigits = 0;
    } else if (code < DIGIT_0 || code > DIGIT_9) {
      return undefined;
    } else if (fractionDigits >= scale && fractionDigits >= 0) {
      if (fractionDigits === scale) roundUp = code >= DIGIT_0 + 5 ? 1 : 0;
      fractionDigits++;
    } else {
      value = value * 10 + (code - DIGIT_0);
      if (value > Number.MAX_SAFE_INTEGER) return undefined;
      if (fractionDigits >= 0) fractionDigits++;
    }
  }
  if (last === 0) return undefined;
  if (scale > 0) value = (value + roundUp) * 10 ** Math.max(0, scale - Math.max(0, fractionDigits));
  return Number.isSafeInteger(value) ? value : undefined;
}

const COUNT_ALLOWED = '1234, 12k, 1.5M or 1B (at most 2^53 - 1), User Info Error or null';

function cleanTags(value: unknown): readonly string[] | null {
  if (value === undefined || value === null) return null;
  if (value === NO_TAGS) return [];
  const parts = typeof value === 'string' ? value.split(',') : (value as readonly string[]);
  const tags: string[] = [];
  for (const part of parts) {
    const tag = cleanText(part);
    if (tag !== null) tags.push(tag);
  }
  return tags;
}

/** @param timestamp append time of the record, ms since the epoch */
export function cleanPin(raw: RawSection, timestamp: number): Cleaned {
  let followers: number | null = null;
  if (raw.follower_count !== undefined && raw.follower_count !== null) {
    const text = String(raw.follower_count).trim();
    if (text !== UNKNOWN_POSTER[0]) {
      const count = parseCount(text);
      if (count === undefined) return invalid('pin.follower_count', raw.follower_count, COUNT_ALLOWED);
      followers = count;
    }
  }
  const format = cleanText(raw.is_image_or_video);
  const mediaType = format === null ? null : MEDIA_TYPES.get(format);
  if (mediaType === undefined) {
    return invalid(
      'pin.is_image_or_video',
      raw.is_image_or_video,
      'image, video, multi-video(story page format) or null',
    );
  }
  const downloaded = raw.downloaded === undefined || raw.downloaded === null ? null : Number(raw.downloaded) + 0;
  if (downloaded !== null && downloaded !== 0 && downloaded !== 1) {
    return invalid('pin.downloaded', raw.downloaded, '0, 1 or null');
  }
  const category = cleanText(raw.category);
  // Control characters alone pass the structural check, and are nothing once they are spaces.
  if (category === null) return invalid('pin.category', raw.category, 'a non-blank string');
  if (tooLong(category)) return invalid('pin.category', raw.category, NAME_ALLOWED);
  const poster = unless(cleanText(raw.poster_name), UNKNOWN_POSTER);
  if (tooLong(poster)) return invalid('pin.poster_name', raw.poster_name, `${NAME_ALLOWED}, or null`);
  const saved = cleanText(raw.save_location);
  return {
    unique_id: cleanText(raw.unique_id),
    title: unless(cleanText(raw.title), NO_TITLE),
    description: unless(cleanText(raw.description), NO_DESCRIPTION),
    poster_name: poster,
    follower_count: followers,
    tag_list: cleanTags(raw.tag_list),
    media_type: mediaType,
    image_src: unless(cleanText(raw.image_src), NO_IMAGE),
    downloaded,
    save_location: saved?.startsWith(LOCAL_SAVE) ? cleanText(saved.slice(LOCAL_SAVE.length)) : saved,
    category: category.toLowerCase(),
    arrival_minute: minuteOf(timestamp),
  };
}

function cleanDegrees(value: unknown, limit: number): number | null | undefined {
  if (value === undefined || value === null) return null;
  const degrees = toNumber(value);
  return degrees !== undefined && degrees >= -limit && degrees <= limit ? degrees + 0 : undefined;
}

const TIME_ALLOWED = 'YYYY-MM-DD HH:MM:SS, ISO 8601 or YYYY:MM:DD HH:MM:SS, from 1900 to 9999, or null';

export function cleanGeo(raw: RawSection): Cleaned {
  const postedAt = cleanTimestamp(raw.timestamp);
  if (postedAt === undefined) return invalid('geo.timestamp', raw.timestamp, TIME_ALLOWED);
  const latitude = cleanDegrees(raw.latitude, 90);
  if (latitude === undefined) return invalid('geo.latitude', raw.latitude, 'a finite number from -90 to 90, or null');
  const longitude = cleanDegrees(raw.longitude, 180);
  if (longitude === undefined)
    return invalid('geo.longitude', raw.longitude, 'a finite number from -180 to 180, or null');
  const country = cleanText(raw.country);
  if (tooLong(country)) return invalid('geo.country', raw.country, `${NAME_ALLOWED}, or null`);
  return {
    posted_at: postedAt,
    post_year: postedAt === null ? null : Number(postedAt.slice(0, 4)),
    latitude,
    longitude,
    country,
  };
}

/** `18-24`, `25-35`, `36-50`, `50+` (over 50); null under 18 and unknown. */
export function ageGroup(age: number | null): string | null {
  if (age === null || age < 18) return null;
  if (age <= 24) return '18-24';
  if (age <= 35) return '25-35';
  if (age <= 50) return '36-50';
  return '50+';
}

const MAX_AGE = 150;

export function cleanUser(raw: RawSection): Cleaned {
  const age = raw.age === undefined || raw.age === null ? null : Number(raw.age) + 0;
  if (age !== null && !(Number.isInteger(age) && age >= 0 && age <= MAX_AGE)) {
    return invalid('user.age', raw.age, `an integer from 0 to ${MAX_AGE}, or null`);
  }
  const joined = cleanTimestamp(raw.date_joined);
  if (joined === undefined) return invalid('user.date_joined', raw.date_joined, TIME_ALLOWED);
  const firstName = cleanText(raw.first_name);
  const lastName = cleanText(raw.last_name);
  // There is no user id: who lacks a part of the identity cannot be told from others, so is no distinct person.
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
}

/** Cleans a section by its name. */
export function cleanSection(section: Section, raw: RawSection, timestamp: number): Cleaned {
  switch (section) {
    case 'pin':
      return cleanPin(raw, timestamp);
    case 'geo':
      return cleanGeo(raw);
    case 'user':
      return cleanUser(raw);
  }
}
