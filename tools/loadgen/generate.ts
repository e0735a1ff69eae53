/**
 * Generated posts with the defects of real ones, in the shares that real ones have them: placeholders, three forms of timestamps,
 * numbers as text, names that several persons share, missing sections. A function of the seed.
 */
import { type Section, SECTIONS } from '../../lambda/domain/columns';
import { type Random, seeded, shuffled } from './random';

/** A post before a client sends it: each section as JSON text. */
export interface GeneratedPost {
  /** Names the post in the tally: its index. */
  readonly key: string;
  readonly sections: Readonly<Partial<Record<Section, string>>>;
  /** Read from a file and without a key: may be invalid JSON. */
  readonly doubtful?: true;
}

export interface GenerateOptions {
  readonly posts: number;
  readonly seed: number;
  /** Index of the first post. @default 0 */
  readonly firstIndex?: number;
}

export const CATEGORIES = [
  ...['art', 'beauty', 'christmas', 'diy-and-crafts', 'education', 'event-planning', 'finance', 'home-decor'],
  ...['mens-fashion', 'quotes', 'tattoos', 'travel', 'vehicles'],
];

const FIRST_NAMES = (
  'Aaron Abigail Adam Adrian Adrienne Aimee Alan Albert Alexa Alexander Alicia Alison Allison Amanda Amber Amy Andrea ' +
  'Andrew Angela Anna Anthony April Ashley Barbara Benjamin Beth Brandon Brenda Brian Brittany Carl Carol Casey ' +
  'Catherine Chad Charles Cheryl Chris Christina Cindy Corey Courtney Crystal Cynthia Daniel Danielle Darryl David'
).split(' ');
const LAST_NAMES = (
  'Abbott Acosta Adams Aguilar Allen Alvarez Anderson Andrews Armstrong Arnold Atkins Avila Bailey Baker Baldwin ' +
  'Ball Barnes Barnett Bates Beck Bell Benitez Benjamin Bennett Bishop Black Blair Bowman Boyd Bradley Brooks Brown ' +
  'Bryant Burke Burns Bush Butler Byrd Calderon Campbell Carlson Carr Carter Castillo Chang Chapman Clark Cole Collins'
).split(' ');
const WORDS = (
  'minimal modern vintage easy quick cosy bright small large natural handmade colourful simple classic rustic summer ' +
  'winter garden kitchen paper canvas wooden café weekend city mountain ocean family budget planner sketch pattern'
).split(' ');

/** Names that belong to more than one person. */
const SHARED_NAMES = 40;

/** ~240 names of countries and territories, as clients spell them. */
export function countries(): readonly string[] {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const codes = letters.flatMap((first) => letters.map((second) => first + second));
  // Groups, unknown regions and outdated codes have names, too.
  const excluded = new Set([
    'AQ',
    'EU',
    'EZ',
    'QO',
    'UN',
    'XA',
    'XB',
    'XK',
    'ZZ',
    'SU',
    'DD',
    'YU',
    'TP',
    'YD',
    'NT',
    'FX',
  ]);
  const real = codes.flatMap((code) => (excluded.has(code) ? [] : (names.of(code) ?? [])));
  return [...new Set([...real, 'Antarctica (the territory South of 60 deg S)'])].sort();
}

interface Person {
  readonly first_name: string;
  readonly last_name: string;
  readonly age: number;
  readonly joined: number;
}

interface Poster {
  readonly name: string;
  readonly followers: string;
}

function personsOf(random: Random, count: number): Person[] {
  const person = (name: { first_name: string; last_name: string }): Person => ({
    ...name,
    // From 20 to 60, skewed: most users are young.
    age: 20 + Math.floor(41 * random.next() ** 2),
    joined: random.integer(Date.UTC(2015, 9, 21), Date.UTC(2017, 11, 31)),
  });
  const all = FIRST_NAMES.flatMap((first_name) => LAST_NAMES.map((last_name) => ({ first_name, last_name })));
  const names = shuffled(random, all);
  const persons = names.slice(0, Math.min(count, names.length)).map(person);
  for (const { first_name, last_name } of persons.slice(0, SHARED_NAMES)) {
    for (let i = random.integer(1, 3); i > 0; i--) persons.push(person({ first_name, last_name }));
  }
  return persons;
}

function followersOf(random: Random): string {
  const share = random.next();
  if (share < 0.737) return `${random.integer(1, 999)}k`;
  if (share < 0.74) return `${random.integer(1, 9)}.${random.integer(1, 9)}k`;
  if (share < 0.91) return String(random.integer(0, 999));
  return `${random.integer(1, 15)}M`;
}

/** One of the three forms of an instant. */
function timestampOf(random: Random, at: number): string {
  const iso = new Date(at).toISOString().slice(0, 19);
  const share = random.next();
  if (share < 0.8) return iso.replace('T', ' ');
  return share < 0.92 ? iso : iso.replaceAll('-', ':').replace('T', ' ');
}

function uuidOf(random: Random): string {
  const hex = (length: number) => Array.from({ length }, () => random.integer(0, 15).toString(16)).join('');
  return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
}

function wordsOf(random: Random, count: number): string {
  const text = Array.from({ length: count }, () => random.pick(WORDS)).join(' ');
  return text[0].toUpperCase() + text.slice(1);
}

/** Numbers come as text from some clients. */
const maybeText = (random: Random, value: number): number | string => (random.chance(0.04) ? String(value) : value);

const NO_DESCRIPTION = ['No description available', 'No description available Story format', 'Untitled'];

function descriptionOf(random: Random): string {
  if (random.chance(0.085)) return random.pick(NO_DESCRIPTION);
  const text = `${wordsOf(random, random.integer(8, 40))}.`;
  return random.chance(0.05) ? `\u00a0${text}\u00a0` : text;
}

function formatOf(random: Random): string {
  const share = random.next();
  return share < 0.9 ? 'image' : share < 0.93 ? 'video' : 'multi-video(story page format)';
}

function pinOf(random: Random, index: number, poster: Poster): object {
  const category = random.pick(CATEGORIES);
  const unknown = random.chance(0.007);
  const downloaded = random.chance(0.98);
  const pin: Record<string, unknown> = {
    index: maybeText(random, index),
    unique_id: uuidOf(random),
    title: random.chance(0.007) ? 'No Title Data Available' : wordsOf(random, random.integer(3, 9)),
    description: descriptionOf(random),
    poster_name: unknown ? 'User Info Error' : poster.name,
    follower_count: unknown ? 'User Info Error' : poster.followers,
    tag_list: random.chance(0.013)
      ? 'N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e'
      : Array.from({ length: random.integer(1, 9) }, () => wordsOf(random, 2)).join(','),
    is_image_or_video: formatOf(random),
    image_src: downloaded ? `https://i.example.com/originals/${uuidOf(random)}.jpg` : 'Image src error.',
    downloaded: maybeText(random, downloaded ? 1 : 0),
    save_location: `Local save in /data/${category}`,
    category,
  };
  // Some clients do not send the poster.
  if (random.chance(0.005)) delete pin.poster_name;
  return pin;
}

function geoOf(random: Random, index: number, country: string): object {
  return {
    ind: maybeText(random, index),
    timestamp: timestampOf(random, random.integer(Date.UTC(2017, 9, 1), Date.UTC(2022, 10, 30))),
    latitude: maybeText(random, Math.round((random.next() * 180 - 90) * 1e4) / 1e4),
    longitude: maybeText(random, Math.round((random.next() * 360 - 180) * 1e4) / 1e4),
    country,
  };
}

function userOf(random: Random, index: number, { joined, age, ...name }: Person): object {
  return {
    ind: maybeText(random, index),
    ...name,
    age: maybeText(random, age),
    date_joined: timestampOf(random, joined),
  };
}

/** A post as one JSON text with all its sections. */
export function envelopeOf({ sections }: Pick<GeneratedPost, 'sections'>): string {
  const members = SECTIONS.flatMap((name) => (sections[name] === undefined ? [] : [`"${name}":${sections[name]}`]));
  return `{${members.join(',')}}`;
}

/** What the sections of a post are made of. */
interface Source {
  readonly random: Random;
  readonly index: number;
  readonly country: string;
  readonly persons: readonly Person[];
  readonly posters: readonly Poster[];
}

/** How each section is made, and the share of posts that lack it. */
const MAKERS: Readonly<Record<Section, { readonly missing: number; of(source: Source): object }>> = {
  pin: { missing: 0.01, of: ({ random, index, posters }) => pinOf(random, index, random.pick(posters)) },
  geo: { missing: 0.03, of: ({ random, index, country }) => geoOf(random, index, country) },
  user: { missing: 0.03, of: ({ random, index, persons }) => userOf(random, index, random.pick(persons)) },
};

export function* generate({ posts, seed, firstIndex = 0 }: GenerateOptions): Generator<GeneratedPost> {
  const random = seeded(seed);
  const places = countries();
  // The most frequent country depends on the seed.
  const rotate = random.integer(0, places.length - 1);
  const persons = personsOf(random, Math.max(2 * SHARED_NAMES, Math.floor(posts / 3)));
  const posters = Array.from({ length: Math.max(20, Math.floor(posts / 4)) }, (_, i) => ({
    name: `Poster ${i + 1}`,
    followers: followersOf(random),
  }));
  for (let index = firstIndex; index < firstIndex + posts; index++) {
    const country = places[(rotate + Math.floor(places.length * random.next() ** 3)) % places.length];
    const source = { random, index, country, persons, posters };
    const all = SECTIONS.map((section) => [section, JSON.stringify(MAKERS[section].of(source))] as const);
    const present = all.filter(([section]) => !random.chance(MAKERS[section].missing));
    // A post that would lack all sections has its first.
    yield { key: String(index), sections: Object.fromEntries(present.length > 0 ? present : all.slice(0, 1)) };
  }
}
