/** The kinds of values that a key of the configuration accepts. */

export interface Rule<T> {
  readonly allowed: string;
  /** The typed value, or undefined if it is not allowed. */
  readonly parse: (value: unknown) => T | undefined;
}

export const oneOf = <T extends string>(...values: readonly T[]): Rule<T> => ({
  allowed: `one of ${values.join(', ')}`,
  parse: (value) => values.find((each) => each === value),
});

export const matching = (pattern: RegExp, allowed: string): Rule<string> => ({
  allowed,
  parse: (value) => (typeof value === 'string' && pattern.test(value) ? value : undefined),
});

export const httpsAddress = matching(/^https:\/\/\S+$/, 'an https address');

export function integer(from: number, to: number): Rule<number> {
  return {
    allowed: `an integer from ${from} to ${to}`,
    parse: (value) => {
      const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
      return typeof number === 'number' && Number.isInteger(number) && number >= from && number <= to
        ? number
        : undefined;
    },
  };
}

export function integerOf(values: readonly number[]): Rule<number> {
  const { parse } = integer(Math.min(...values), Math.max(...values));
  return {
    allowed: `one of ${values.join(', ')}`,
    parse: (value) => {
      const number = parse(value);
      return values.find((each) => each === number);
    },
  };
}

export const trueOrFalse: Rule<boolean> = {
  allowed: 'true or false',
  parse: (value) =>
    typeof value === 'boolean' ? value : value === 'true' ? true : value === 'false' ? false : undefined,
};
