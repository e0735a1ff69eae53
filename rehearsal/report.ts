/** What a rehearsal prints at its end. */
import { formatRows } from '../local/run/tables';
import { type Check } from './checks';
import { type Entry, rowsOf } from './record';

const WAYS: Readonly<Record<string, string>> = {
  native: 'created by MiniStack',
  'stand-in': "created by this project's handler",
  custom: 'created by its function',
  stub: 'stub: properties checked against the schema',
};

/** A row a type: how many, how they were made, and whether anything comes of them in the emulator. */
export function formatTypes(record: readonly Entry[]): string {
  const rows = rowsOf(record);
  return formatRows(
    ['type', 'created', 'how', 'without effect'],
    rows.map(({ type, created, way, noEffect }) => ({
      type,
      created,
      how: WAYS[way],
      'without effect': noEffect,
    })),
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
