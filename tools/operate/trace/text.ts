/** What `trace` prints, in the order in which a post passes the steps; each line says what is there, or what is missing and who has it. */
import { type Trace, type TracedRecord, type TracedRow } from './trace';

/** What the query API answers for a row of a view. */
export interface Answered {
  readonly view: string;
  readonly dimensions: readonly (string | number)[];
  readonly value: number | undefined;
  readonly asOf: string | null;
}

const FIELDS = ['category', 'country', 'post_year', 'age_group', 'join_year', 'follower_count'];
const described = (dimensions: readonly unknown[]) => dimensions.map(String).join(', ');

function recordText({ partition, offset, appended, sections, erased, key, interval }: TracedRecord): string[] {
  const what = erased ? 'erased since' : `with ${sections.join(', ')}`;
  return [
    `request    partition ${partition}, offset ${offset}: acknowledged ${new Date(appended).toISOString()}, ${what}`,
    `raw        ${key}`,
    interval === undefined
      ? 'interval   not sealed yet: the speed layer counts it until the batch layer does'
      : `interval   ${interval}, sealed`,
  ];
}

function rowText({ key, interval, columns, newSections, views, compacted, computed, published }: TracedRow): string[] {
  const values = FIELDS.flatMap((name) => (columns[name] === null ? [] : `${name} ${String(columns[name])}`));
  const state = [
    compacted ? 'compacted' : 'not committed yet',
    computed ? 'views computed' : 'views not computed yet',
    published ? 'published: the batch layer serves it' : 'not published yet: the speed layer serves it',
  ];
  return [
    `Parquet    ${key}`,
    `           new here: ${newSections.join(', ')}; ${values.join(', ')}`,
    `state      ${interval} is ${state.join(', ')}`,
    ...views.map(({ view, dimensions, adds, value }) => {
      const of = view.merge === 'max' ? `its ${adds}, the largest is` : `it adds ${adds} to`;
      return `view       ${view.name}: ${described(dimensions)}: ${of} ${value ?? '(none yet)'}`;
    }),
  ];
}

export function traceText(post: number, { records, quarantine, rows }: Trace, answers: readonly Answered[]): string {
  const nowhere =
    records.length === 0 && quarantine.length === 0
      ? [
          'not in the lake: it was never acknowledged, was acknowledged within the window of archive, or its raw object has expired',
        ]
      : [];
  const repeated =
    records.length > 0 && rows.length === 0 && records.every(({ interval }) => interval !== undefined)
      ? [
          'Parquet    no row: its interval is not compacted yet, or its sections were there before: a repeat counts once',
        ]
      : [];
  return [
    `post ${post}`,
    ...nowhere,
    ...records.flatMap(recordText),
    ...quarantine.map(({ key, reason }) => `quarantine ${key}: ${reason}: no view has it`),
    ...repeated,
    ...rows.flatMap(rowText),
    ...answers.map(({ view, dimensions, value, asOf }) => {
      return `answer     ${view}: ${described(dimensions)}: ${value ?? 'no such row'}, as of ${asOf ?? 'nothing yet'}`;
    }),
  ].join('\n');
}
