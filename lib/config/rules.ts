/** The kinds of values that a key of the configuration accepts. */

import { RegionInfo } from 'aws-cdk-lib/region-info';

export interface Rule<T> {
  readonly allowed: string;
  /** The typed value, or undefined if it is not allowed. */
  readonly parse: (value: unknown) => T | undefined;
}

export const oneOf = <T extends string>(...values: readonly T[]): Rule<T> => ({
  allowed: `one of ${values.join(', ')}`,
  parse: (value) => values.find((each) => each === value),
});

/** A number is its digits: JSON files often have an account without quotes. */
export const matching = (pattern: RegExp, allowed: string): Rule<string> => ({
  allowed,
  parse: (value) => {
    const text = typeof value === 'number' ? String(value) : value;
    return typeof text === 'string' && pattern.test(text) ? text : undefined;
  },
});

/** Functions connect to `<service>.<region>.amazonaws.com`. China, the sovereign cloud and the isolated partitions have other names. */
const DOMAIN = 'amazonaws.com';

/** A region of CDK's own list whose endpoints the functions can reach. */
export const region: Rule<string> = {
  allowed: `a region that CDK knows, with endpoints under ${DOMAIN}, like eu-central-1`,
  parse: (value) =>
    RegionInfo.regions.find(({ name, domainSuffix }) => name === value && domainSuffix === DOMAIN)?.name,
};

/** What a browser sends as `Origin`; a page on the developer's own machine needs no certificate. */
const ORIGIN = String.raw`(https://[a-z0-9.-]+(:\d+)?|http://(localhost|127\.0\.0\.1)(:\d+)?)`;
export const origins = matching(
  new RegExp(`^(\\*|${ORIGIN}(,${ORIGIN})*)$`),
  '* or origins separated by commas, like https://app.example.com,http://localhost:5173',
);

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
