/** The report of a rehearsal. */
import { formatRows } from '../kit/table';
import { type Check } from './checks';
import { type Entry, rowsOf } from './record';

/** One row per type: the number of resources, whether they have an effect in the emulator, and their maker. */
export function formatTypes(record: readonly Entry[]): string {
  const rows = rowsOf(record);
  return formatRows(
    ['type', 'count', 'outcome', 'how'],
    rows.map((row) => ({ ...row })),
    rows.length,
  );
}

/** Types that the emulator rejected, as CloudFormation rejects an unknown one. */
export function unsupportedTypes(checks: readonly Check[]): string[] {
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
