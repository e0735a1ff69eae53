/** A command of `npm run pipeline`: its options, and what it does. */
import { helpOf, type Options } from './options';

export interface Command {
  /** What is given besides options. @default - nothing */
  readonly operands?: string;
  readonly options: Options;
  /** More than the one line of the list says. @default - nothing */
  readonly about?: string;
  /** Sets `process.exitCode` if the answer is no. @throws Error for what stops it, with a message for the user */
  readonly run: (argv: readonly string[]) => void | Promise<void>;
}

export function usage(name: string, summary: string, { operands, options, about }: Command): string {
  const line = ['npm run pipeline --', name, operands, '[options]'].filter(Boolean).join(' ');
  return [line, '', summary, '', helpOf(options), ...(about ? ['', about] : [])].join('\n');
}
