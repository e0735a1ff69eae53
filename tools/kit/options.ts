/**
 * Command lines. One declaration of an option gives its type, its check, its error message and its line of `--help`. Errors are one
 * line that names the option, its value and what is allowed.
 *
 * Node's parseArgs splits the arguments; this file adds what it lacks. Libraries (commander, cac, citty) have messages and help of their
 * own, which would have to be overridden to keep the messages that the documentation and the tests promise.
 */
import { parseArgs } from 'node:util';
import { deploymentConfig, type PipelineConfig, type Stage, STAGES } from '../../lib/config';

export interface Option<T> {
  /** Placeholder of the value in `--help`. @default - a flag, which has no value */
  readonly value?: string;
  readonly short?: string;
  /** What it does; the default is added. */
  readonly help: string;
  /** @default - none, or not worth a mention */
  readonly shownDefault?: string;
  /**
   * @param texts the values as given, in order; none if the option is missing
   * @throws Error of one line
   */
  readonly read: (name: string, texts: readonly string[]) => T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

/** @throws Error of one line that says what is allowed */
export function invalid(name: string, allowed: string, value: string | undefined): never {
  throw new Error(`--${name} must be ${allowed}, got ${value === undefined ? 'nothing' : `'${value.slice(0, 60)}'`}`);
}

export const flag = (help: string): Option<boolean> => ({ help, read: (_, texts) => texts.length > 0 });

/** A value that `parse` accepts by returning something else than undefined. */
interface ValueOption<T> {
  readonly value: string;
  readonly help: string;
  readonly allowed: string;
  readonly parse: (text: string) => T | undefined;
}

function checked<T>({ parse, allowed }: ValueOption<T>, name: string, text: string | undefined): T {
  return (text === undefined ? undefined : parse(text)) ?? invalid(name, allowed, text);
}

/** Must be given. */
export const required = <T>(option: ValueOption<T>): Option<T> => ({
  ...option,
  read: (name, texts) => checked(option, name, texts.at(-1)),
});

export const optional = <T>(option: ValueOption<T>): Option<T | undefined> => ({
  ...option,
  read: (name, texts) => (texts.length === 0 ? undefined : checked(option, name, texts.at(-1))),
});

/** @param text the default, as one would type it */
export const withDefault = <T>(text: string, option: ValueOption<T>): Option<T> => ({
  ...option,
  shownDefault: text,
  read: (name, texts) => checked(option, name, texts.at(-1) ?? text),
});

export const repeated = <T>(option: ValueOption<T>): Option<readonly T[]> => ({
  ...option,
  help: `${option.help}; may be repeated`,
  read: (name, texts) => texts.map((text) => checked(option, name, text)),
});

export const text = (value: string, help: string, allowed: string): ValueOption<string> => ({
  ...{ value, help, allowed },
  parse: (given) => given || undefined,
});

export const integer = (value: string, help: string, from: number, to: number): ValueOption<number> => ({
  ...{ value, help, allowed: `an integer from ${from} to ${to}` },
  parse: (given) => (/^\d{1,16}$/.test(given) && +given >= from && +given <= to ? Number(given) : undefined),
});

export const oneOf = <const T extends string>(value: string, help: string, all: readonly T[]): ValueOption<T> => ({
  ...{ value, help, allowed: `one of ${all.join(', ')}` },
  parse: (given) => all.find((each) => each === given),
});

/** @throws Error of one line */
export function onlyFile(positionals: readonly string[]): string {
  if (positionals.length === 1) return positionals[0];
  throw new Error(`FILE must be one file, got ${positionals.length === 0 ? 'nothing' : `'${positionals.join(' ')}'`}`);
}

/** An http address. */
export const address = (help: string, allowed: string): ValueOption<string> => ({
  ...{ value: 'URL', help, allowed },
  parse: (given) => (URL.canParse(given) && /^https?:/.test(given) ? given : undefined),
});

/** The stages that are deployed: `local` never is. */
export const DEPLOYED: readonly Stage[] = STAGES.filter((stage) => stage !== 'local');

/** `--stage S` and `-c key=value`, as every command takes them that looks at a deployment. */
export const DEPLOYMENT = {
  stage: withDefault('dev', oneOf('S', `stage: ${DEPLOYED.join(', ')}`, DEPLOYED)),
  context: {
    ...{ value: 'key=value', short: 'c', help: 'sets a key of the configuration, as for cdk; may be repeated' },
    read: (_: string, texts: readonly string[]) => {
      for (const pair of texts) {
        const got = `got '${pair.slice(0, 60)}'`;
        if (!/^\w+=./.test(pair)) throw new Error(`-c must be key=value, ${got}`);
        if (pair.startsWith('stage=')) throw new Error(`-c must not set stage, ${got}: use --stage`);
      }
      return texts;
    },
  },
} satisfies Options;

/** @throws ConfigError of one line */
export function configOf({ stage, context }: Values<typeof DEPLOYMENT>): PipelineConfig {
  const overrides = context.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
  return deploymentConfig({ ...(Object.fromEntries(overrides) as Record<string, string>), stage });
}

const HELP: Option<boolean> = flag('prints this');

/**
 * @param positionals whether arguments without an option are allowed
 * @throws Error of one line that names the option, its value and what is allowed
 */
export function parse<const O extends Options>(
  argv: readonly string[],
  options: O,
  { positionals = false }: { readonly positionals?: boolean } = {},
): { readonly values: Values<O>; readonly positionals: readonly string[] } {
  const all = Object.entries<Option<unknown>>({ ...options, help: HELP });
  const types = all.map(([name, { value, short }]) => [
    name,
    value === undefined
      ? { type: 'boolean', multiple: true }
      : { type: 'string', multiple: true, ...(short && { short }) },
  ]);
  const given = split();
  const values = Object.entries(options).map(([name, { read }]) => [
    name,
    read(name, (given.values[name] ?? []).map(String)),
  ]);
  return { values: Object.fromEntries(values) as Values<O>, positionals: given.positionals };

  function split() {
    try {
      return parseArgs({
        ...{ args: [...argv], allowPositionals: positionals },
        options: Object.fromEntries(types) as Record<string, { type: 'string' | 'boolean'; multiple: true }>,
      });
    } catch (error) {
      const reason = (error as Error).message.split(/[.\n]/)[0];
      throw new Error(`${reason}: allowed are ${all.map(([name, option]) => nameOf(name, option)).join(', ')}`);
    }
  }
}

const nameOf = (name: string, { short, value }: Option<unknown>) => (short ? `-${short} ${value}` : `--${name}`);

/** The lines of `--help` about the options. */
export function helpOf(options: Options): string {
  const rows = Object.entries<Option<unknown>>({ ...options, help: HELP }).map(([name, option]) => {
    const { short, value, help, shownDefault } = option;
    const left = short || value === undefined ? nameOf(name, option) : `--${name} ${value}`;
    return [left, shownDefault === undefined ? help : `${help} (default ${shownDefault})`];
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`).join('\n');
}
