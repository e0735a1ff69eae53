/**
 * Posts as clients send them, and what is true of each: the columns that views read. Both are written down here, beside each other;
 * the product's cleaning has no part in it.
 */
import { sketch } from '../../lambda/domain/person-sketch';
import { type Person } from '../operate/erase/core';
import { type Random } from './world';

export type SectionName = 'pin' | 'geo' | 'user';
export const SECTION_NAMES: readonly SectionName[] = ['pin', 'geo', 'user'];

export type Truth = Readonly<Record<string, string | number | null>>;

export interface SimulatedPost {
  readonly index: number;
  /** What is sent, by section. */
  readonly sent: Readonly<Record<SectionName, Readonly<Record<string, unknown>>>>;
  /** What is true of it, by section. */
  readonly truth: Readonly<Record<SectionName, Truth>>;
  /** A value in it cannot be interpreted: its record is quarantined, and counts nowhere. */
  readonly bad: boolean;
  /** A version with stricter rules quarantines its records. Each section has a field of another one, so the path must name it. */
  readonly strict: boolean;
  /** Who posted it. */
  readonly person: Person;
}

export interface PostOptions {
  /** Names in decomposed Unicode. */
  readonly decomposed?: boolean;
  /** A value in it cannot be interpreted: its record is quarantined, and counts nowhere. */
  readonly bad?: boolean;
  readonly strict?: boolean;
}

const CATEGORIES: readonly (readonly [string, string])[] = [
  ['art', 'art'],
  ['Travel', 'travel'],
  [' food ', 'food'],
];
const COUNTRIES: readonly (readonly [string | null, string | null])[] = [
  ['Fiji', 'Fiji'],
  ['Korea, Republic of', 'Korea, Republic of'],
  ['\u00c5land Islands ', '\u00c5land Islands'],
  [null, null],
];
const DECOMPOSED = ['A\u030aland Islands', '\u00c5land Islands'] as const;
const FOLLOWERS: readonly (readonly [string | number, number | null])[] = [
  ['12k', 12_000],
  ['1.5M', 1_500_000],
  [7, 7],
  ['User Info Error', null],
];
const MEDIA: readonly (readonly [string | null, string | null])[] = [
  ['image', 'image'],
  ['video', 'video'],
  ['multi-video(story page format)', 'multi-video'],
  [null, null],
];
const AGES: readonly (readonly [number, string | null])[] = [
  [17, null],
  [18, '18-24'],
  [25, '25-35'],
  [50, '36-50'],
  [51, '50+'],
];

/** Of a post there are versions: a client that sends a section again may have changed it. The first one on the topic counts. */
export const VERSIONS = 2;

export function makePost(
  index: number,
  version: number,
  random: Random,
  { decomposed, bad = false, strict = false }: PostOptions = {},
): SimulatedPost {
  const [sentCategory, category] = random.pick(CATEGORIES);
  const [sentCountry, country] = decomposed && random.chance(0.3) ? DECOMPOSED : random.pick(COUNTRIES);
  const [sentFollowers, followers] = random.pick(FOLLOWERS);
  const [sentMedia, media] = random.pick(MEDIA);
  const [age, ageGroup] = random.pick(AGES);
  const poster = random.chance(0.2) ? null : `poster ${random.integer(0, 20)}`;
  const year = random.integer(2015, 2018);
  const joined = random.integer(2012, 2014);
  const name = `Zo\u00eb ${random.integer(0, 30)}`;
  const sentName = decomposed && random.chance(0.5) ? name.normalize('NFD') : name;
  const person = { first_name: name, last_name: 'x', age, date_joined: `${joined}-02-03T04:05:06.000Z` };
  const { register, rank } = sketch(Object.values(person).join('\u001f'));
  return {
    index,
    bad,
    strict,
    person,
    sent: {
      pin: {
        index,
        category: sentCategory,
        follower_count: bad ? 'many' : sentFollowers,
        poster_name: poster,
        is_image_or_video: sentMedia,
        version,
      },
      geo: {
        ...{ version, ind: index, timestamp: `${year}-03-04 05:06:07`, country: sentCountry },
        ...(strict && { title: 'A bay' }),
      },
      user: {
        ...{ version, ind: index, first_name: sentName, last_name: 'x', age },
        date_joined: `${joined}-02-03T04:05:06`,
        ...(strict && { country: 'Fiji' }),
      },
    },
    truth: {
      pin: { category, follower_count: followers, poster_name: poster, media_type: media },
      geo: { country, post_year: year },
      user: { age_group: ageGroup, join_year: joined, user_register: register, user_rank: rank },
    },
  };
}
