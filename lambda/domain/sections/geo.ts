/** The section `geo`: its contract, check, columns and cleaning. */
import { cleanTimestamp, TIME_ALLOWED } from '../timestamps';
import { invalid } from '../validation-error';
import { type Index, type NumberDigits, toNumber } from './fields';
import { column, type FieldsOf, section } from './section';
import { cleanText, NAME_ALLOWED, tooLong } from './text';

/** Where and when it was posted. */
export interface Geo {
  /** The post's key; equal to `index` of the post's pin. */
  ind?: Index | null;
  /** The key under another name, which counts where `ind` is absent. */
  index?: Index | null;
  /** `YYYY-MM-DD HH:MM:SS`, ISO 8601, or `YYYY:MM:DD HH:MM:SS`; UTC where no zone is given. */
  timestamp?: string | null;
  /** Degrees north, -90 to 90. */
  latitude?: number | NumberDigits | null;
  /** Degrees east, -180 to 180. */
  longitude?: number | NumberDigits | null;
  /** Country name. */
  country?: string | null;
}

function cleanDegrees(value: unknown, limit: number): number | null | undefined {
  if (value === undefined || value === null) return null;
  const degrees = toNumber(value);
  return degrees !== undefined && degrees >= -limit && degrees <= limit ? degrees + 0 : undefined;
}

export const geo = section({
  key: 'ind',
  fields: {
    ind: ['index', 'pseudonymous'],
    index: ['index', 'pseudonymous'],
    timestamp: ['text', 'pseudonymous'],
    latitude: ['degrees', 'personal'],
    longitude: ['degrees', 'personal'],
    country: ['text', 'none'],
  } satisfies FieldsOf<Geo>,
  columns: [
    column('posted_at', 'timestamp', 'pseudonymous', 'Time of the post, UTC'),
    column('post_year', 'int', 'none', 'Year of posted_at'),
    column('latitude', 'double', 'personal', 'Degrees north'),
    column('longitude', 'double', 'personal', 'Degrees east'),
    column('country', 'string', 'none', 'Country name as the client sent it, trimmed'),
  ],
  clean(raw) {
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
  },
});
