import { hash64, REGISTERS, sketch } from '../../../../lambda/domain/person-sketch';

/** The estimator of the paper, with linear counting below its range. */
function estimate(registers: Uint8Array): number {
  let sum = 0;
  let empty = 0;
  for (const rank of registers) {
    sum += 2 ** -rank;
    if (rank === 0) empty++;
  }
  const raw = ((0.7213 / (1 + 1.079 / REGISTERS)) * REGISTERS * REGISTERS) / sum;
  return raw <= 2.5 * REGISTERS && empty > 0 ? REGISTERS * Math.log(REGISTERS / empty) : raw;
}

test.each([100, 1_372, 10_000, 100_000])('%p persons are counted within 2 percent', (persons) => {
  const registers = new Uint8Array(REGISTERS);
  for (let i = 0; i < persons; i++) {
    const { register, rank } = sketch(`First${i % 40}\u001fLast${i % 977}\u001f${20 + (i % 40)}\u001f2015-10-21T${i}`);
    registers[register] = Math.max(registers[register], rank);
  }
  expect(Math.abs(estimate(registers) / persons - 1)).toBeLessThan(0.02);
});

test('registers and ranks stay in their ranges', () => {
  for (let i = 0; i < 20_000; i++) {
    const { register, rank } = sketch(`person ${i}`);
    expect(register >= 0 && register < REGISTERS && rank >= 1 && rank <= 51).toBe(true);
  }
});

test('the hash stays what it was: stored registers of earlier posts must meet those of later ones', () => {
  expect(hash64('')).toEqual([759695883, 2657505335]);
  expect(sketch('Ada\u001fByron\u001f36\u001f2015-10-21T21:26:45.000Z')).toEqual({ register: 1118, rank: 3 });
});
