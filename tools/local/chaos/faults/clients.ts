/** Faults of clients: what they send, and how. */
import { SECTIONS } from '../../../../lambda/domain/columns';
import { type GeneratedPost, generate } from '../../../loadgen/generate';
import { type Random, shuffled } from '../../../loadgen/random';
import { type Fault, type Target } from '../fault';

const STORM_POSTS = 3_000;
const STORM_CLIENTS = 60;
/** Less than any response takes under that load. */
const IMPATIENT_MS = 40;
const APART_POSTS = 600;
const HOSTILE_POSTS = 850;

const postsOf = ({ random, indexes }: Target, posts: number) =>
  generate({ posts, seed: random.integer(0, 1e9), firstIndex: indexes(posts) });

/** The sections of posts one by one, each twice, in no order. */
function apart(random: Random, posts: Iterable<GeneratedPost>): GeneratedPost[] {
  const single = [...posts].flatMap(({ key, sections }) =>
    SECTIONS.flatMap((name) => (sections[name] === undefined ? [] : [{ key, sections: { [name]: sections[name] } }])),
  );
  return shuffled(random, [...single, ...single]);
}

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** Texts that have broken other programs. */
const TEXTS = [
  '\u0000\u001f\u007f',
  'e\u0301 é \ufb01',
  '\u202etfel ot thgir',
  '\ud83d\udc69\u200d\ud83d\udc67 \ud83c\uddf9\ud83c\udde9',
  '\ud800',
  '\uffff\u{10ffff}',
  "'; DROP TABLE posts; --",
  '${jndi:ldap://x}',
  '=1+1',
  '../../../etc/passwd',
  '__proto__',
  'NaN',
  'null',
  '\u001f',
  '  \u00a0 \u3000 ',
  'İı ß ẞ',
  'a'.repeat(20_000),
];

const json = (fields: object): string => JSON.stringify(fields);

/** Each makes a section of a post of an index, as JSON text. The API may reject it; what it accepts is counted. */
const HOSTILE: readonly ((index: number, random: Random) => GeneratedPost['sections'])[] = [
  // As many keys of a view as posts.
  (index, random) => ({
    pin: json({ index, category: `category ${index} ${random.next()}`, poster_name: `${index}` }),
  }),
  (index, random) => ({
    pin: json({
      index,
      category: `c${random.pick(TEXTS)}`,
      title: random.pick(TEXTS),
      poster_name: random.pick(TEXTS),
    }),
  }),
  (index, random) => ({
    geo: json({ ind: index, country: `c${random.pick(TEXTS)}`, timestamp: '2021-05-01 10:00:00' }),
  }),
  (index, random) => ({ pin: json({ index, category: 'art', description: 'x'.repeat(random.integer(1, 990_000)) }) }),
  (index) => ({ pin: json({ index, category: 'art', description: 'x'.repeat(1_100_000) }) }),
  (index, random) => ({ pin: `{"index":${index},"category":"art","more":${nested(random.integer(1, 40))}}` }),
  (index) => ({ pin: `{"index":${index},"category":"art","more":${nested(20_000)}}` }),
  (index) => ({ pin: `{"index":${index},"category":"art","category":"travel","index":${index}}` }),
  (index) => ({ pin: `{"index":${index},"category":"art","__proto__":{"index":1},"constructor":{"prototype":1}}` }),
  (index) => ({ pin: `{"index":"${index}","category":"art","follower_count":"9999999999999999k"}` }),
  (index) => ({ pin: `{"index":${index}e0,"category":"art","follower_count":1e308}` }),
  (index) => ({ pin: `{"index":${index},"category":["art"]}` }),
  (index) => ({ pin: `{"index":-${index},"category":"art"}` }),
  (index) => ({ pin: `{"index":${index}.5,"category":"art"}` }),
  (index) => ({ pin: `{"index":${index}` }),
  (index) => ({ geo: `{"ind":${index},"country":"Chad","timestamp":"9999-99-99 99:99:99","latitude":1e999}` }),
  (index) => ({ user: `{"ind":${index},"first_name":"","last_name":"","age":-1,"date_joined":"0000-00-00"}` }),
];

function hostile({ random, indexes }: Target): GeneratedPost[] {
  const first = indexes(HOSTILE_POSTS);
  return Array.from({ length: HOSTILE_POSTS }, (_, i) => ({
    key: String(first + i),
    sections: HOSTILE[i % HOSTILE.length](first + i, random),
    doubtful: true,
  }));
}

export const CLIENT_FAULTS: readonly Fault[] = [
  {
    name: 'retry-storm',
    what: '60 clients give up requests after 40 ms and repeat them, as long as it takes',
    seconds: 0,
    strike: async (target) => {
      const sending = target.send(postsOf(target, STORM_POSTS), {
        concurrency: STORM_CLIENTS,
        timeout: IMPATIENT_MS,
        batch: 10,
      });
      return () => sending;
    },
  },
  {
    name: 'sections-apart',
    what: 'sections of posts come one by one, each twice, in no order, over the border of an interval',
    seconds: 0,
    recovered: 'published',
    strike: async (target) => {
      const records = apart(target.random, postsOf(target, APART_POSTS));
      // So that they take more than a minute.
      const sending = target.send(records, { rate: records.length / 70, batch: 5 });
      return () => sending;
    },
  },
  {
    name: 'hostile-posts',
    what: 'posts with endless cardinality, size and depth, with broken JSON, Unicode and numbers',
    seconds: 0,
    strike: async (target) => {
      const sending = target.send(hostile(target), { batch: 3 });
      return () => sending;
    },
  },
];
