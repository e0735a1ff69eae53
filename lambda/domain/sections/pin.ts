/** The section `pin`: its contract, check, columns and cleaning. */
import { minuteOf } from '../timestamps';
import { invalid } from '../validation-error';
import { type Index, type WholeNumber, type WholeNumberDigits } from './fields';
import { column, type FieldsOf, section } from './section';
import { cleanText, composed, NAME_ALLOWED, tooLong, unless } from './text';

/** The pin: what was posted. */
export interface Pin {
  /** The post's key; equal to `ind` of the post's geo and user sections. */
  index?: Index | null;
  /** The key under another name, which counts where `index` is absent. */
  ind?: Index | null;
  /**
   * Category; compared in lower case.
   * @pattern \S
   */
  category: string;
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

export const pin = section({
  key: 'index',
  fields: {
    index: ['index', 'pseudonymous'],
    ind: ['index', 'pseudonymous'],
    category: ['category', 'none'],
    unique_id: ['text', 'pseudonymous'],
    title: ['text', 'personal'],
    description: ['text', 'personal'],
    poster_name: ['text', 'personal'],
    follower_count: ['count', 'pseudonymous'],
    tag_list: ['tags', 'personal'],
    is_image_or_video: ['text', 'none'],
    image_src: ['text', 'pseudonymous'],
    downloaded: ['flag', 'none'],
    save_location: ['text', 'pseudonymous'],
  } satisfies FieldsOf<Pin>,
  columns: [
    column('unique_id', 'string', 'pseudonymous', 'Identifier of the pin (UUID)'),
    column('title', 'string', 'personal', 'Title; null where the client sent a placeholder'),
    column('description', 'string', 'personal', 'Description; null where the client sent a placeholder'),
    column('poster_name', 'string', 'personal', 'Display name of the poster; absent in some clients'),
    column('follower_count', 'long', 'pseudonymous', 'Followers of the poster'),
    column('tag_list', 'string[]', 'personal', 'Tags'),
    column('media_type', 'string', 'none', 'image, video or multi-video', [...new Set(MEDIA_TYPES.values())]),
    column('image_src', 'string', 'pseudonymous', 'Address of the image'),
    column('downloaded', 'int', 'none', '1 if the client had downloaded the image, else 0'),
    column('save_location', 'string', 'pseudonymous', 'Path to which the client saved the image'),
    column('category', 'string', 'none', 'Category, lower case'),
    column('arrival_minute', 'timestamp', 'none', 'Minute of the log append time of the record that brought the pin'),
  ],
  clean(raw, timestamp, isRead = () => true) {
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
    const saved = isRead('save_location') ? cleanText(raw.save_location) : null;
    return {
      unique_id: isRead('unique_id') ? cleanText(raw.unique_id) : null,
      title: isRead('title') ? unless(cleanText(raw.title), NO_TITLE) : null,
      description: isRead('description') ? unless(cleanText(raw.description), NO_DESCRIPTION) : null,
      poster_name: poster,
      follower_count: followers,
      tag_list: isRead('tag_list') ? cleanTags(raw.tag_list) : null,
      media_type: mediaType,
      image_src: isRead('image_src') ? unless(cleanText(raw.image_src), NO_IMAGE) : null,
      downloaded,
      save_location: saved?.startsWith(LOCAL_SAVE) ? cleanText(saved.slice(LOCAL_SAVE.length)) : saved,
      category: composed(category.toLowerCase()),
      arrival_minute: minuteOf(timestamp),
    };
  },
});
