import { chosen, FAULTS, parseChoice, RANDOM_FAULTS } from '../../../../../tools/local/chaos/faults';
import { parseOptions } from '../../../../../tools/local/run/options';
import { seeded } from '../../../../../tools/loadgen/random';

const names = (faults: readonly { readonly name: string }[]) => faults.map(({ name }) => name);

test('faults have names of their own, which no word of the option takes', () => {
  expect(new Set(names(FAULTS)).size).toBe(FAULTS.length);
  for (const { name } of FAULTS) expect(name).toMatch(/^(?!(?:list|all|random)$)[a-z]+(-[a-z]+)*$/);
});

test('faults are chosen by name, all, or a few by the seed', () => {
  const random = seeded(1);
  expect(chosen(parseChoice('broker-killed,disk-full')!, random)).toMatchObject([
    { name: 'broker-killed' },
    { name: 'disk-full' },
  ]);
  expect(chosen('all', random)).toBe(FAULTS);
  expect(names(chosen('random', seeded(7)))).toEqual(names(chosen('random', seeded(7))));
  expect(new Set(names(chosen('random', random))).size).toBe(RANDOM_FAULTS);
});

test('another name is an error that says which there are', () => {
  expect(() => parseOptions(['--chaos', 'broker-killed,flood'])).toThrow(
    /--chaos must be list, all, random, or some of .*broker-killed.*, got 'broker-killed,flood'/,
  );
});
