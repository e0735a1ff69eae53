/** Random numbers by seed: the same seed gives the same posts on every machine. */
export interface Random {
  /** From 0 (included) to 1. */
  next(): number;
  /** An integer, both ends included. */
  integer(min: number, max: number): number;
  pick<T>(from: readonly T[]): T;
  /** True with this probability. */
  chance(probability: number): boolean;
}

/** Mulberry32: 32 bits of state, which is plenty for test data. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    integer: (min, max) => min + Math.floor(next() * (max - min + 1)),
    pick: (from) => from[Math.floor(next() * from.length)],
    chance: (probability) => next() < probability,
  };
}

/** In another order. */
export function shuffled<T>(random: Random, some: readonly T[]): T[] {
  const all = [...some];
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}
