import { ENV, hasEnv, requireEnv, requirePositiveInteger } from '../../../../lambda/runtime/env';

const NAME = ENV.intervalMinutes;
const before = process.env[NAME];

function set(value: string | undefined): void {
  if (value === undefined) delete process.env[NAME];
  else process.env[NAME] = value;
}

afterEach(() => set(before));

test('every variable has a name of its own, as Lambda accepts it', () => {
  const names = Object.values(ENV);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[A-Z][A-Z0-9_]*$/);
});

test('a variable that is set is read when it is asked for, not when the module is loaded', () => {
  set('60');
  expect(requireEnv(NAME)).toBe('60');
  expect(hasEnv(NAME)).toBe(true);
  expect(requirePositiveInteger(NAME)).toBe(60);
});

test.each([undefined, ''])('one that is %j is an error with its name', (value) => {
  set(value);
  expect(hasEnv(NAME)).toBe(false);
  expect(() => requireEnv(NAME)).toThrow('environment variable INTERVAL_MINUTES is not set');
  expect(() => requirePositiveInteger(NAME)).toThrow('environment variable INTERVAL_MINUTES is not set');
});

test.each(['0', '-1', '1.5', '060', '1e3', ' 60', '60 min', 'NaN'])('%j is not a positive integer', (value) => {
  set(value);
  expect(() => requirePositiveInteger(NAME)).toThrow(
    `environment variable INTERVAL_MINUTES must be a positive integer, got '${value}'`,
  );
});
