/** What a rehearsal prints at its end. */
import { formatRows } from '../kit/table';
import { type Check } from './checks';
import { type Entry, rowsOf } from './record';

/** A row a type: how many, whether anything comes of them in the emulator, and how they were made. */
export function formatTypes(record: readonly Entry[]): string {
  const rows = rowsOf(record);
  return formatRows(
    ['type', 'count', 'outcome', 'how'],
    rows.map((row) => ({ ...row })),
    rows.length,
  );
}

/** Types that the emulator refused, as CloudFormation refuses one that it doesn't know. */
export function refusedTypes(checks: readonly Check[]): string[] {
  const lists = checks.map(({ problem }) => /Unrecognized resource types: \[([^\]]*)\]/.exec(problem)?.[1] ?? '');
  return lists
    .join(', ')
    .split(', ')
    .filter((type) => type !== '');
}

export function formatChecks(checks: readonly Check[]): string {
  return checks
    .map(({ name, problem }) => (problem === '' ? `  ok    ${name}` : `  FAIL  ${name}: ${problem}`))
    .join('\n');
}
