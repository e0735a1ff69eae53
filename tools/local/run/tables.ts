/** What a run prints: answers and counters as tables that fit a terminal. */
import Table from 'cli-table3';
import { METRIC_LIST, STEPS } from '../../../lambda/runtime/metrics';

export type Row = Readonly<Record<string, unknown>>;

const PLAIN = {
  chars: {
    ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' },
    ...{
      'bottom-right': '',
      left: '  ',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
    },
  },
  style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
};

const text = (value: unknown) => (value === null || value === undefined ? '' : String(value));
const isNumber = (value: unknown) => typeof value === 'number';

/** A table of `rows`, at most `most` of them, numbers to the right; what was cut is said in a last line. */
export function formatRows(columns: readonly string[], rows: readonly Row[], most: number): string {
  const shown = rows.slice(0, most);
  const table = new Table({
    ...PLAIN,
    head: [...columns],
    colAligns: columns.map((column) => (rows.every((row) => isNumber(row[column])) ? 'right' : 'left')),
  });
  table.push(...shown.map((row) => columns.map((column) => text(row[column]))));
  const cut = rows.length - shown.length;
  const lines = [
    table.toString(),
    ...(cut > 0 ? [`  … ${cut} more`] : []),
    ...(rows.length === 0 ? ['  no rows'] : []),
  ];
  return lines.join('\n');
}

export type Counters = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What accounts for the records of a step, what was dropped, and what its work costs. */
const SHOWN = [
  'received',
  ...METRIC_LIST.filter(({ accounts }) => accounts).map(({ name }) => name),
  ...(['dropped', 'bytes', 'writeUnits', 'retries'] as const),
];

/** The counters of each step that counted anything, in the order in which a post meets them. */
export function formatCounters(counters: Counters): string {
  const steps = STEPS.filter((step) => counters[step] !== undefined);
  const used = SHOWN.filter((metric) => steps.some((step) => counters[step][metric] !== undefined));
  return formatRows(
    ['step', ...used],
    steps.map((step) => ({ step, ...counters[step] })),
    steps.length,
  );
}

/** One line of the newest counters, for the live display. */
export function formatProgress(counters: Counters): string {
  const of = (step: string, metric: string) => counters[step]?.[metric] ?? 0;
  return [
    `received ${of('ingest', 'received')}`,
    `archived ${of('archive', 'written')}`,
    `aggregated ${of('aggregate', 'received')}`,
    `quarantined ${of('archive', 'quarantined')}`,
    `compacted ${of('compact', 'written')}`,
    `published ${of('publish', 'written')}`,
  ].join('  ');
}
