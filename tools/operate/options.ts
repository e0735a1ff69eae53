/** What the command lines of operators have in common. Errors are one line that names the option, its value and what is allowed. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;

/** @throws Error of one line that names the options there are */
export function parsedOptions<const T extends Options>(argv: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    const reason = (error as Error).message.split(/[.\n]/)[0];
    const allowed = Object.keys(options).map((name) => `--${name}`);
    throw new Error(`${reason}: allowed are ${allowed.join(', ')}`);
  }
}

export function refuse(option: string, value: string | undefined, allowed: string): never {
  throw new Error(`--${option} must be ${allowed}, got ${value === undefined ? 'nothing' : `'${value.slice(0, 60)}'`}`);
}

export function whole(option: string, text: string, from: number, to: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= from && value <= to)) refuse(option, text, `an integer from ${from} to ${to}`);
  return value;
}

/**
 * The function that is called to change something, by the option that names it; undefined for a look.
 * @throws Error of one line, if it is both a look and a change, or a change without the function
 */
export function changingBy(
  option: string,
  name: string | undefined,
  { yes, 'dry-run': look }: { readonly yes: boolean; readonly 'dry-run': boolean },
): string | undefined {
  if (yes && look) throw new Error('--yes and --dry-run exclude each other');
  if (yes && !name) refuse(option, name, 'the name of a function, with --yes');
  return yes ? name : undefined;
}
