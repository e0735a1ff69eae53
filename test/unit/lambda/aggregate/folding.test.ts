import fc from 'fast-check';
import { FOLD, headAfter, nextFold, type Fold, type FoldLimits } from '../../../../lambda/aggregate/folding';
import { FIRST_HEAD, type SpeedHead } from '../../../../lambda/formats/speed-head';
import { type Delta } from '../../../../lambda/formats/speed-log';

/** What folding looks at. */
type Outline = Pick<Delta, 'from' | 'to' | 'interval' | 'asOf' | 'bytes'> & {
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
      return { from, to, interval, asOf: interval * 10 + (to % 10), bytes, posts: { rows } };
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

  it('has each record in exactly one run or delta, in order, at any time', () => {
    fc.assert(
      fc.property(chains, limits, (chain, at) => {
        const state = begin();
        for (const delta of chain) {
          state.deltas = [...state.deltas, delta];
          foldAll(state, at, 1);
          const ranges = [...closedOf(state), ...state.head.runs, ...state.deltas];
          expect(ranges.map(({ from }) => from)).toEqual([0, ...ranges.slice(0, -1).map(({ to }) => to + 1)]);
          expect(ranges.at(-1)!.to).toBe(delta.to);
          expect(state.deltas.every(({ interval }) => interval === delta.interval)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('leaves few rows to read, and writes a record again a few times', () => {
    const state = begin();
    const [posts, deltas] = [{ rows: 1 }, 10_000];
    for (let i = 0; i < deltas; i++) {
      state.deltas = [...state.deltas, { from: i, to: i, interval: 7, asOf: i, bytes: 900, posts }];
      foldAll(state, FOLD, 1);
      expect(state.head.runs.length + state.deltas.length).toBeLessThan(64 + 4 * FOLD.runs);
    }
    const written = state.folds.reduce((sum, { run }) => sum + run.to - run.from + 1, 0);
    expect(written / deltas).toBeLessThan(5);
  });

  it('folds large deltas a few at a time, and small ones by the number', () => {
    const of = (bytes: number, count: number) =>
      nextFold(
        FIRST_HEAD,
        Array.from({ length: count }, (_, i) => ({ from: i, to: i, interval: 7, asOf: 0, bytes }) as Delta),
      );
    expect([of(100_000, 3), of(100_000, 4)?.deltas.length]).toEqual([undefined, 4]);
    expect([of(10, 63), of(10, 70)?.deltas.length]).toEqual([undefined, 64]);
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
    }));
    foldAll(state, FOLD, 1);
    expect(state.head).toMatchObject({ remembered: [9, 10], closed: 11, runs: [] });
    expect(state.deltas.map(({ interval }) => interval)).toEqual([12]);
  });
});
