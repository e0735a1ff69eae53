/** Options that the commands for operators share. */
import { flag, integer, invalid, optional, required, text, withDefault } from '../kit/options';

export const LAKE = required(text('BUCKET', "the lake's bucket", 'the name of a bucket'));

export const TOPIC = withDefault('posts', text('T', 'the topic', 'the name of a topic'));

const MAX_PARTITION = 999;

export const partition = (help: string) => integer('N', help, 0, MAX_PARTITION);

/** `--yes` makes changes, `--dry-run` does not. */
export const changes = (look: string, change: string) => ({ 'dry-run': flag(`${look} (default)`), yes: flag(change) });

export const functionName = (help: string) => optional(text('FUNCTION', help, 'the name of a function'));

interface Changes {
  readonly yes: boolean;
  readonly 'dry-run': boolean;
}

/** @returns whether a change is requested. @throws Error of one line if a dry run is requested, too */
export function isChanging({ yes, 'dry-run': look }: Changes): boolean {
  if (yes && look) throw new Error('--yes and --dry-run exclude each other');
  return yes;
}

/**
 * @returns the name of the function that makes the change; undefined for a dry run
 * @throws Error of one line if both a dry run and a change are requested, or a change without the function
 */
export function changingBy(option: string, name: string | undefined, requested: Changes): string | undefined {
  if (!isChanging(requested)) return undefined;
  if (!name) invalid(option, 'the name of a function, with --yes', name);
  return name;
}
