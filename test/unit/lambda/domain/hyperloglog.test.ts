import { estimate } from '../../../../lambda/domain/hyperloglog';
import { REGISTERS, sketch } from '../../../../lambda/domain/person-sketch';

function ranksOf(persons: number, seed: number): Iterable<number> {
  const registers = new Map<number, number>();
  for (let i = 0; i < persons; i++) {
    const { register, rank } = sketch(`person ${seed}-${i}`);
    registers.set(register, Math.max(rank, registers.get(register) ?? 0));
  }
  return registers.values();
}

/** Registers as a perfect hash would fill them, by a fixed seed: what `sketch` does, for numbers too large to hash here. */
function simulatedRanks(things: number, seed: number): Iterable<number> {
  const registers = new Map<number, number>();
  const draw = () => (seed = (seed * 48271) % 2147483647);
  for (let i = 0; i < things; i++) {
    const register = draw() % REGISTERS;
    let rank = 1;
    for (let bits = draw(); rank < 30 && bits < 2 ** 30; bits *= 2) rank++;
    if (rank > (registers.get(register) ?? 0)) registers.set(register, rank);
  }
  return registers.values();
}

describe('the number of distinct persons', () => {
  it('is 0 without registers', () => {
    expect(estimate([])).toBe(0);
  });

  it.each([1, 10, 100, 1_000, 10_000])('is within 2 percent for %d persons', (persons) => {
    for (const seed of [1, 2, 3]) {
      expect(Math.abs(estimate(ranksOf(persons, seed)) / persons - 1)).toBeLessThan(0.02);
    }
  });

  it.each([20_000, 41_000, 60_000, 82_000, 300_000])('is within 2 percent for %d things, by simulation', (things) => {
    for (const seed of [11, 12]) {
      expect(Math.abs(estimate(simulatedRanks(things, seed)) / things - 1)).toBeLessThan(0.02);
    }
  });

  it('is exact after rounding while it is small', () => {
    for (let persons = 0; persons <= 40; persons++) expect(Math.round(estimate(ranksOf(persons, 7)))).toBe(persons);
  });

  it('refuses what cannot be registers', () => {
    expect(() => estimate([0])).toThrow('rank must be an integer from 1 to 51, got 0');
    expect(() => estimate([52])).toThrow('got 52');
    expect(() => estimate(new Array<number>(REGISTERS + 1).fill(1))).toThrow(`there are ${REGISTERS} registers, got`);
  });
});
