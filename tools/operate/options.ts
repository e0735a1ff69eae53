/** Options that the commands for operators share. */
import { flag, invalid, optional, required, text } from '../kit/options';

export const LAKE = required(text('BUCKET', "the lake's bucket", 'the name of a bucket'));

/** `--yes` makes changes, `--dry-run` does not. */
export const changes = (look: string, change: string) => ({ 'dry-run': flag(`${look} (default)`), yes: flag(change) });

export const functionName = (help: string) => optional(text('FUNCTION', help, 'the name of a function'));

/**
 * @returns the name of the function that makes the change; undefined for a dry run
 * @throws Error of one line if both a dry run and a change are requested, or a change without the function
 */
export function changingBy(
  option: string,
  name: string | undefined,
  { yes, 'dry-run': look }: { readonly yes: boolean; readonly 'dry-run': boolean },
): string | undefined {
  if (yes && look) throw new Error('--yes and --dry-run exclude each other');
  if (yes && !name) invalid(option, 'the name of a function, with --yes', name);
  return yes ? name : undefined;
}
