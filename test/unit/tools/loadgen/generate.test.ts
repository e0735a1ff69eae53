import { decodeRecord, type Decoded } from '../../../../lambda/domain/decode';
import { SECTIONS } from '../../../../lambda/domain/columns';
import { CATEGORIES, countries, generate, type GeneratedPost } from '../../../../tools/loadgen/generate';

const posts = [...generate({ posts: 5_000, seed: 7 })];

function decode({ key, sections }: GeneratedPost): Decoded {
  const text = `{${Object.entries(sections)
    .map(([name, section]) => `"${name}":${section}`)
    .join(',')}}`;
  const record = { partition: 0, offset: 0, timestamp: 0, headers: {} };
  return decodeRecord({ ...record, key: Buffer.from(key), value: Buffer.from(text) });
}
const decoded = posts.map(decode);
const columns = (section: 'pin' | 'geo' | 'user') =>
  decoded.flatMap((each) => (each.kind === 'post' && each.sections[section] ? [each.sections[section]] : []));
const raw = (section: 'pin' | 'geo' | 'user') =>
  posts.flatMap(({ sections }) =>
    sections[section] ? [JSON.parse(sections[section]) as Record<string, unknown>] : [],
  );
const share = <T>(of: readonly T[], is: (each: T) => boolean) => of.filter(is).length / of.length;

test('the same seed gives the same posts, another seed others', () => {
  expect([...generate({ posts: 20, seed: 7 })]).toEqual([...generate({ posts: 20, seed: 7 })]);
  expect([...generate({ posts: 20, seed: 8 })]).not.toEqual([...generate({ posts: 20, seed: 7 })]);
});

test('every post can be decoded, under its own key', () => {
  expect(decoded.filter(({ kind }) => kind !== 'post')).toEqual([]);
  expect(posts.map(({ key }) => key)).toEqual([...posts.keys()].map(String));
});

test('indexes start at the given one', () => {
  expect([...generate({ posts: 2, seed: 1, firstIndex: 100 })].map(({ key }) => key)).toEqual(['100', '101']);
});

test('some posts lack a section, none lacks all', () => {
  for (const section of SECTIONS) {
    const missing = share(posts, ({ sections }) => sections[section] === undefined);
    expect(missing).toBeGreaterThan(0.002);
    expect(missing).toBeLessThan(0.06);
  }
  expect(posts.filter(({ sections }) => Object.keys(sections).length === 0)).toEqual([]);
});

test('defects have the shares of real posts', () => {
  const pins = raw('pin');
  const followers = pins.map(({ follower_count: text }) => String(text));
  const near = (found: number, expected: number) =>
    expect(Math.abs(found - expected)).toBeLessThan(0.25 * expected + 0.004);
  near(
    share(followers, (text) => /^[\d.]+k$/.test(text)),
    0.74,
  );
  near(
    share(followers, (text) => /^\d+$/.test(text)),
    0.17,
  );
  near(
    share(followers, (text) => /^\d+M$/.test(text)),
    0.08,
  );
  near(
    share(followers, (text) => text === 'User Info Error'),
    0.007,
  );
  near(
    share(columns('pin'), ({ description }) => description === null),
    0.085,
  );
  near(
    share(columns('pin'), ({ title }) => title === null),
    0.007,
  );
  near(
    share(columns('pin'), ({ tag_list: tags }) => (tags as string[]).length === 0),
    0.013,
  );
  near(
    share(columns('pin'), ({ image_src: src }) => src === null),
    0.02,
  );
  near(
    share(columns('pin'), ({ media_type: type }) => type === 'image'),
    0.9,
  );
  near(
    share(columns('pin'), ({ media_type: type }) => type === 'multi-video'),
    0.07,
  );
  const forms = raw('geo').map(({ timestamp }) => String(timestamp).replace(/\d/g, '9'));
  expect(new Set(forms)).toEqual(new Set(['9999-99-99 99:99:99', '9999-99-99T99:99:99', '9999:99:99 99:99:99']));
});

test('all categories and most countries occur, countries skewed', () => {
  expect(new Set(columns('pin').map(({ category }) => category))).toEqual(new Set(CATEGORIES));
  expect(countries().length).toBeGreaterThan(230);
  expect(countries().length).toBeLessThan(265);
  expect(countries()).toContain('Antarctica (the territory South of 60 deg S)');
  const perCountry = [...Map.groupBy(columns('geo'), ({ country }) => country).values()].map(({ length }) => length);
  expect(perCountry.length).toBeGreaterThan(200);
  expect(Math.max(...perCountry)).toBeGreaterThan(20 * (5_000 / countries().length));
});

test('forty names are shared by several persons', () => {
  const persons = new Map<string, Set<string>>();
  for (const { first_name: first, last_name: last, age, date_joined: joined } of columns('user')) {
    const name = `${String(first)} ${String(last)}`;
    persons.set(name, (persons.get(name) ?? new Set()).add(`${String(age)} ${String(joined)}`));
  }
  const shared = [...persons.values()].filter(({ size }) => size > 1).length;
  expect(shared).toBeGreaterThan(30);
  expect(shared).toBeLessThanOrEqual(40);
});
