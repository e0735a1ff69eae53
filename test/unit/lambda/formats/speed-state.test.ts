import fc from 'fast-check';
import {
  decodeState,
  emptyState,
  encodeState,
  remember,
  stateSchema,
  type PartitionState,
} from '../../../../lambda/formats/speed-state';
import { type Sections } from '../../../../lambda/domain/columns';
import { VIEWS } from '../../../../lambda/domain/views';

const SCHEMA = stateSchema(VIEWS, 60);
const COLUMNS = SCHEMA.columns;
const PIN = { category: 'art', follower_count: 12_000, poster_name: null, title: 'A long title', media_type: 'image' };
const GEO = { country: 'Fiji', post_year: 2020, latitude: 1.5 };
const USER = { age_group: '18-24', join_year: 2016, first_name: 'Ann' };

const sectionsOf = (mask: number): Sections => ({
  ...(mask & 1 && { pin: PIN }),
  ...(mask & 2 && { geo: GEO }),
  ...(mask & 4 && { user: USER }),
});

const filled = (arrivals: readonly (readonly [number, number])[], limit: number): PartitionState => {
  const state = emptyState();
  for (const [index, mask] of arrivals) remember(state, index, sectionsOf(mask), limit, COLUMNS);
  return state;
};

const arrivals = fc.array(fc.tuple(fc.maxSafeInteger().map(Math.abs), fc.integer({ min: 1, max: 7 })), {
  maxLength: 40,
});

describe('the state', () => {
  it('keeps only the columns of views that read several sections', () => {
    expect(COLUMNS).toEqual({
      pin: ['category', 'follower_count', 'poster_name'],
      geo: ['country', 'post_year'],
      user: ['age_group', 'join_year'],
    });
  });

  it('comes back from its blob as it was, in the same order', () => {
    fc.assert(
      fc.property(arrivals, fc.nat(2 ** 45), (list, interval) => {
        const state = { ...filled(list, 30), appliedOffset: 99, interval };
        const back = decodeState(99, encodeState(state, SCHEMA), SCHEMA);
        expect(back).toEqual(state);
        expect([...back.recent.keys()]).toEqual([...state.recent.keys()]);
      }),
    );
  });

  it('forgets the post that came first when one too many is there', () => {
    const state = filled(
      [
        [1, 1],
        [2, 1],
        [1, 2],
        [3, 1],
      ],
      2,
    );
    expect([...state.recent.keys()]).toEqual([2, 3]);
  });

  it('gives the first value of a section that comes again, and the new one of a section that is new', () => {
    const state = filled([[1, 1]], 10);
    const again = { pin: { ...PIN, category: 'travel' }, geo: GEO };
    const outcome = remember(state, 1, again, 10, COLUMNS)!;
    expect(outcome).toMatchObject({ known: 3, news: 2 });
    expect(outcome.sections.pin!.category).toBe('art');
    expect(outcome.sections.geo!.country).toBe('Fiji');
    expect(remember(state, 1, again, 10, COLUMNS)).toBeUndefined();
  });

  it('keeps no columns of a post that is complete', () => {
    const state = filled(
      [
        [1, 3],
        [1, 4],
      ],
      10,
    );
    expect(state.recent.get(1)).toStrictEqual({ seen: 7, incomplete: undefined });
  });

  it('takes about three bytes a post once posts are complete', () => {
    const state = filled(
      Array.from({ length: 20_000 }, (_, i) => [(i * 7919) % 1_000_003, 7] as const),
      20_000,
    );
    expect(encodeState(state, SCHEMA).length).toBeLessThan(20_000 * 3.5);
  });

  it('of another version is refused', () => {
    expect(() => decodeState(0, Buffer.from([7, 1]), SCHEMA)).toThrow('the state must have version 1, got 7');
  });

  it('that does not fit a row is refused, saying what to do', () => {
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 2147483647);
    const state = filled(
      Array.from({ length: 400_000 }, () => [random() * 4000 + (random() % 4000), 7] as const),
      400_000,
    );
    expect(() => encodeState(state, SCHEMA)).toThrow(/at most 921600 fit a row: fewer recentPosts are needed/);
  });
});
