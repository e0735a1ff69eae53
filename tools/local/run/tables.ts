/** The counters of a run as tables that fit a terminal. */
import { formatRows } from '../../kit/table';
import { METRIC_LIST, STEPS } from '../../../lambda/runtime/metrics';

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
