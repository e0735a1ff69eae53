import fc from 'fast-check';
import { type Sections } from '../../../../lambda/domain/columns';
import { PostColumns, waitingPosts } from '../../../../lambda/domain/post-columns';
import { RecentPosts } from '../../../../lambda/domain/recent-posts';
import { HOUR } from '../../../../lambda/domain/time';
import { VIEWS } from '../../../../lambda/domain/views';
import { decodePosts, encodePosts } from '../../../../lambda/formats/post-blob';
import { speedSchema } from '../../../../lambda/formats/speed-head';

const { columns, waiting } = speedSchema(VIEWS, 60);
const PIN = { category: 'art', follower_count: 12_000, poster_name: null, title: 'A long title', media_type: 'image' };
const GEO = { country: 'Fiji', post_year: 2020, latitude: 1.5 };
const USER = { age_group: '18-24', join_year: 2016, first_name: 'Ann' };

/** @param variant makes values differ, so that it shows whose value was taken */
const sectionsOf = (mask: number, variant = ''): Sections => ({
  ...(mask & 1 && { pin: { ...PIN, category: `art${variant}` } }),
  ...(mask & 2 && { geo: { ...GEO, country: `Fiji${variant}` } }),
  ...(mask & 4 && { user: { ...USER, age_group: `old${variant}` } }),
});

interface Arrival {
  /** How many intervals after the one before. */
  readonly later: number;
  readonly index: number;
  readonly mask: number;
}

const arrivals = fc.array(
  fc.record({
    later: fc.constantFrom(0, 0, 0, 0, 1, 2),
    index: fc.integer({ min: 0, max: 4 }),
    mask: fc.integer({ min: 1, max: 7 }),
  }),
  { maxLength: 30 },
);

/** Remembers all of them. @returns the stored pieces of each interval, in order, and what each arrival brought */
function lived(list: readonly Arrival[], recent: RecentPosts) {
  let interval = 0;
  const stored: { readonly interval: number; readonly blob: Buffer }[] = [];
  const brought = list.map(({ later, index, mask }, i) => {
    interval += later;
    const sections = sectionsOf(mask, String(i));
    const post = recent.remember(interval, index, sections);
    if (!post) return undefined;
    const posts = PostColumns.of(columns);
    posts.push(index, post.known, post.news, post.sections);
    for (const piece of waitingPosts(posts, waiting)) {
      stored.push({ interval, blob: encodePosts({ views: 'v', posts: piece, canaries: new Map() }) });
    }
    return post;
  });
  return { brought, stored };
}

describe('recent posts', () => {
  it('wait with the columns of views that read several sections', () => {
    expect(waiting).toEqual([
      'age_group',
      'category',
      'country',
      'follower_count',
      'join_year',
      'post_year',
      'poster_name',
    ]);
  });

  it('are the same live and replayed from what is stored, cut anywhere, whatever the horizon', () => {
    fc.assert(
      fc.property(arrivals, fc.nat(3), fc.nat(30), fc.nat(30), (list, horizon, cut, again) => {
        const live = new RecentPosts(horizon, 24, waiting);
        const before = lived(list.slice(0, cut), live);
        const replayed = new RecentPosts(horizon, 24, waiting);
        // The end of the log may be replayed once more, however long it is: also what has left since.
        const tail = before.stored.slice(-1 - again);
        for (const { interval, blob } of [...before.stored, ...tail])
          replayed.replay(interval, decodePosts(blob).posts);
        expect(replayed.size).toBe(live.size);
        const passed = list.slice(0, cut).reduce((sum, { later }) => sum + later, 0);
        const rest = list.slice(cut).map((each, i) => (i === 0 ? { ...each, later: each.later + passed } : each));
        expect(lived(rest, replayed)).toEqual(lived(rest, live));
      }),
      { numRuns: 100 },
    );
  });

  it('leave with their interval, once so many newer ones have posts', () => {
    const recent = new RecentPosts(1, 24, waiting);
    for (const interval of [5, 6]) recent.remember(interval, interval, sectionsOf(7));
    expect(recent.remember(6, 5, sectionsOf(7))).toBeUndefined();
    recent.remember(9, 9, sectionsOf(7));
    expect(recent.remember(9, 6, sectionsOf(7))).toBeUndefined();
    expect(recent.remember(9, 5, sectionsOf(7))).toMatchObject({ known: 7, news: 7 });
    expect(recent.size).toBe(3);
  });

  it('leave once the batch layer has forgotten them, however few intervals have posts', () => {
    const recent = new RecentPosts(9, 2, waiting);
    recent.remember(0, 1, sectionsOf(1));
    recent.remember(HOUR, 2, sectionsOf(1));
    expect(recent.remember(2 * HOUR, 1, sectionsOf(3))).toMatchObject({ known: 3, news: 2 });
    expect(recent.remember(3 * HOUR, 1, sectionsOf(1))).toMatchObject({ known: 3, news: 1 });
    expect(recent.remember(3 * HOUR, 2, sectionsOf(1))).toBeUndefined();
  });

  it('give the first value of a section that comes again, and the new one of a section that is new', () => {
    const recent = new RecentPosts(1, 24, waiting);
    recent.remember(0, 1, sectionsOf(1));
    const again = { pin: { ...PIN, category: 'travel' }, geo: GEO };
    const post = recent.remember(1, 1, again)!;
    expect(post).toMatchObject({ known: 3, news: 2 });
    expect([post.sections.pin!.category, post.sections.geo!.country]).toEqual(['art', 'Fiji']);
    expect(recent.remember(1, 1, again)).toBeUndefined();
  });

  it('have no columns any more once they are complete', () => {
    const recent = new RecentPosts(1, 24, waiting);
    recent.remember(0, 1, sectionsOf(3));
    const { stored } = lived([{ later: 1, index: 1, mask: 4 }], recent);
    const { posts } = decodePosts(stored[0].blob);
    expect([posts.index, posts.known, posts.news].map(({ all }) => [...all])).toEqual([[1], [7], [4]]);
    expect([...posts.columns.values()].map((column) => column.valueAt(0))).toEqual(waiting.map(() => null));
  });

  it('that were complete and lost a section to the horizon do not count again what they joined', () => {
    const recent = new RecentPosts(2, 24, waiting);
    for (const [interval, mask] of [1, 2, 4].entries()) recent.remember(interval, 1, sectionsOf(mask));
    recent.remember(3, 2, sectionsOf(7));
    const post = recent.remember(3, 1, sectionsOf(1))!;
    expect(post).toMatchObject({ known: 7, news: 1 });
    expect(Object.keys(post.sections)).toEqual(['pin']);
  });
});
