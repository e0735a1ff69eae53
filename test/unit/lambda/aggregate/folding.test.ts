import fc from 'fast-check';
import { FOLD, headAfter, nextFold, type Fold, type FoldLimits } from '../../../../lambda/aggregate/folding';
import { FIRST_HEAD, type SpeedHead } from '../../../../lambda/formats/speed-head';
import { type Delta } from '../../../../lambda/formats/speed-log';

/** What folding looks at. */
type Outline = Pick<Delta, 'from' | 'to' | 'interval' | 'asOf' | 'bytes' | 'canaries'> & {
  readonly posts: { readonly rows: number };
};

const chains = fc
  .array(
    fc.record({
      length: fc.integer({ min: 1, max: 4 }),
      later: fc.constantFrom(0, 0, 0, 0, 0, 1, 3),
      bytes: fc.nat(100),
      rows: fc.nat(2),
    }),
    { maxLength: 40 },
  )
  .map((list) => {
    let [to, interval] = [-1, 7];
    return list.map(({ length, later, bytes, rows }): Outline => {
      const from = to + 1;
      to += length;
      interval += later;
      return { from, to, interval, asOf: interval * 10 + (to % 10), bytes, posts: { rows }, canaries: new Map() };
    });
  });
const limits: fc.Arbitrary<FoldLimits> = fc.record({
  deltas: fc.integer({ min: 1, max: 6 }),
  bytes: fc.integer({ min: 1, max: 200 }),
  fewest: fc.integer({ min: 1, max: 3 }),
  runs: fc.integer({ min: 2, max: 3 }),
  ms: fc.constant(1),
});

interface State {
  head: SpeedHead;
  deltas: readonly Outline[];
  readonly folds: Fold[];
}

function foldAll(state: State, at: FoldLimits, horizon: number): void {
  for (;;) {
    const fold = nextFold(state.head, state.deltas as unknown as Delta[], at);
    if (!fold) return;
    state.folds.push(fold);
    state.head = headAfter(state.head, fold, horizon);
    state.deltas = state.deltas.filter(({ from }) => from > state.head.foldedTo);
  }
}

const begin = (): State => ({ head: FIRST_HEAD, deltas: [], folds: [] });
const closedOf = ({ folds }: State) =>
  folds.flatMap(({ closes, interval, run }) => (closes ? [{ interval, ...run }] : []));

describe('folding', () => {
  it('ends in the same runs and the same head, however late it happens', () => {
    fc.assert(
      fc.property(chains, limits, fc.nat(2), fc.array(fc.boolean(), { maxLength: 40 }), (chain, at, horizon, now) => {
        const [early, late, mixed] = [begin(), begin(), begin()];
        chain.forEach((delta, i) => {
          for (const state of [early, late, mixed]) state.deltas = [...state.deltas, delta];
          foldAll(early, at, horizon);
          if (now[i]) foldAll(mixed, at, horizon);
        });
        for (const state of [late, mixed]) foldAll(state, at, horizon);
        expect([late.head, late.deltas, closedOf(late)]).toEqual([early.head, early.deltas, closedOf(early)]);
        expect([mixed.head, mixed.deltas, closedOf(mixed)]).toEqual([early.head, early.deltas, closedOf(early)]);
      }),
      { numRuns: 300 },
    );
  });

  it('has each record that adds something in exactly one run or delta, in order, at any time', () => {
    fc.assert(
      fc.property(chains, limits, (chain, at) => {
        const state = begin();
        for (const delta of chain) {
          state.deltas = [...state.deltas, delta];
          foldAll(state, at, 1);
          const ranges = [...closedOf(state), ...state.head.runs, ...state.deltas];
          ranges.forEach(({ from }, i) => expect(from).toBeGreaterThan(ranges[i - 1]?.to ?? -1));
          for (const { from, to, posts } of chain.filter((each) => each.to <= delta.to)) {
            const covering = ranges.filter((range) => range.from <= from && range.to >= to);
            if (posts.rows > 0) expect(covering).toHaveLength(1);
          }
          expect(state.deltas.at(-1)?.to ?? state.head.foldedTo).toBe(delta.to);
          expect(state.deltas.every(({ interval }) => interval === delta.interval)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('leaves few rows to read, and writes a record again a few times', () => {
    const state = begin();
    const [posts, deltas, canaries] = [{ rows: 1 }, 10_000, new Map()];
    for (let i = 0; i < deltas; i++) {
      state.deltas = [...state.deltas, { from: i, to: i, interval: 7, asOf: i, bytes: 900, posts, canaries }];
      foldAll(state, FOLD, 1);
      expect(state.head.runs.length + state.deltas.length).toBeLessThan(FOLD.deltas + 4 * FOLD.runs);
    }
    const written = state.folds.reduce((sum, { run }) => sum + run.to - run.from + 1, 0);
    expect(written / deltas).toBeLessThan(5);
  });

  it('folds large deltas a few at a time, and small ones by the number', () => {
    const of = (bytes: number, count: number) =>
      nextFold(
        FIRST_HEAD,
        Array.from({ length: count }, (_, i) => {
          return { from: i, to: i, interval: 7, asOf: 0, bytes, posts: { rows: 1 } } as Delta;
        }),
      );
    expect([of(200_000, 3), of(200_000, 4)?.deltas.length]).toEqual([undefined, 4]);
    expect([of(10, 127), of(10, 140)?.deltas.length]).toEqual([undefined, 128]);
  });

  it('remembers the newest intervals with posts', () => {
    const state = begin();
    const rows = [1, 0, 1, 1, 0, 0];
    state.deltas = rows.map((each, i) => ({
      from: i,
      to: i,
      interval: 7 + i,
      asOf: 0,
      bytes: 1,
      posts: { rows: each },
      canaries: new Map(),
    }));
    foldAll(state, FOLD, 1);
    expect(state.head).toMatchObject({ remembered: [9, 10], closed: 10, runs: [], foldedTo: 5 });
  });

  it('passes over what adds nothing and has nothing before it, so that its expiry is not missed', () => {
    const of = (rows: number, i: number, interval = 7): Outline => {
      return { from: i, to: i, interval, asOf: 0, bytes: 1, posts: { rows }, canaries: new Map() };
    };
    const state = begin();
    state.deltas = [of(0, 0), of(0, 1), of(1, 2), of(0, 3)];
    foldAll(state, FOLD, 1);
    expect([state.head.foldedTo, state.head.runs, state.deltas.length]).toEqual([1, [], 2]);
    // The interval ends, and after it nothing is left that could expire.
    state.deltas = [...state.deltas, of(0, 4, 8)];
    foldAll(state, FOLD, 1);
    expect(state.head).toMatchObject({ foldedTo: 4, interval: 8, closed: 7, runs: [] });
    expect(state.deltas).toEqual([]);
    // A canary adds something.
    state.deltas = [{ ...of(0, 5, 8), canaries: new Map([['2026-11-22T21:00:00.000Z', 1]]) }];
    foldAll(state, FOLD, 1);
    expect(state.head.foldedTo).toBe(4);
  });
});
